use actix_web::web::Data;
use actix_web::{HttpResponse, get};

use super::read;
use crate::app::{ReadHeaders, ReadProblems, Service, Unavailable};
use crate::base_models::reference::Asked;
use crate::cards::Card;
use crate::error::ApiResult;
use crate::extract::{Conditions, ValidQuery};

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
    read(&service, &asked, &conditions, async |base_model| Ok(HttpResponse::Ok().json(&base_model.card))).await
}
