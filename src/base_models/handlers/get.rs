use actix_web::web::Data;
use actix_web::{HttpResponse, get};

use super::read;
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
    read(&service, &asked, &conditions, async |base_model| Ok(HttpResponse::Ok().json(base_model))).await
}
