use actix_web::web::Data;
use actix_web::{HttpResponse, get};

use super::{answer, find, not_modified};
use crate::app::{ReadHeaders, ReadProblems, Service, Unavailable};
use crate::base_models::model::BaseModel;
use crate::base_models::reference::Asked;
use crate::error::ApiResult;
use crate::extract::{Conditions, ValidQuery};

/// Get a base model
///
/// By id or by technical name. With `If-None-Match` the answer is 304 while nothing has changed.
#[utoipa::path(
    tag = "base models",
    params(Asked, ReadHeaders),
    responses(
        (status = OK, body = BaseModel, description = "The base model", headers(("ETag" = String, description = "The tag of this state"))),
        (status = NOT_MODIFIED, description = "It has not changed"),
        ReadProblems,
        Unavailable,
    )
)]
#[get("/base-models/{base_model}")]
pub async fn get_base_model(
    service: Data<Service>,
    asked: Asked,
    _: ValidQuery<()>,
    conditions: Conditions,
) -> ApiResult<HttpResponse> {
    let base_model = find(&service, &asked).await?;
    conditions.check(base_model.revision)?;
    if conditions.is_known(base_model.revision) {
        return Ok(not_modified(&base_model));
    }
    Ok(answer(HttpResponse::Ok(), &base_model))
}
