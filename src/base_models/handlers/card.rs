use actix_web::http::header::ETag;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};

use super::{find, not_modified};
use crate::app::{ReadHeaders, ReadProblems, Service, Unavailable};
use crate::base_models::reference::Asked;
use crate::cards::Card;
use crate::error::ApiResult;
use crate::extract::{Conditions, ValidQuery, tag};

/// Get the card of a base model
///
/// What was read from the model's folder, each value with the file and key it came from.
#[utoipa::path(
    tag = "cards",
    params(Asked, ReadHeaders),
    responses(
        (status = OK, body = Card, description = "The card", headers(("ETag" = String, description = "The tag of the base model's state"))),
        (status = NOT_MODIFIED, description = "The base model has not changed"),
        ReadProblems,
        Unavailable,
    )
)]
#[get("/base-models/{base_model}/card")]
pub async fn get_card(
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
    Ok(HttpResponse::Ok().insert_header(ETag(tag(base_model.revision))).json(&base_model.card))
}
