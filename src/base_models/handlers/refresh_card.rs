use actix_web::http::header::ETag;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use serde::Serialize;
use utoipa::ToSchema;

use super::find;
use crate::app::{ChangeHeaders, ChangeProblems, Service, Unavailable, detached};
use crate::base_models::model::StoredCard;
use crate::base_models::reference::Asked;
use crate::base_models::refresh::{CardChange, Refreshed, refresh};
use crate::cards::Card;
use crate::error::{ApiError, ApiResult};
use crate::extract::{Conditions, ValidQuery, tag};

/// What reading a folder again gave.
#[derive(Debug, Serialize, ToSchema)]
pub struct CardRefresh {
    /// Whether the folder gave another card than the one that was stored.
    pub changed: bool,
    /// What is different, by JSON Pointer into the card.
    pub changes: Vec<CardChange>,
    #[schema(value_type = Card)]
    pub card: StoredCard,
}

/// Read the folder again
///
/// Answers the card as it is now and what changed. If the folder's files are what they were, nothing is stored and the tag
/// stays.
#[utoipa::path(
    tag = "cards",
    params(Asked, ChangeHeaders),
    responses(
        (status = OK, body = CardRefresh, description = "The card as it is now",
            headers(("ETag" = String, description = "The tag of the base model's state"))),
        ChangeProblems,
        Unavailable,
    )
)]
#[post("/base-models/{base_model}/card/refresh")]
pub async fn refresh_card(
    service: Data<Service>,
    asked: Asked,
    _: ValidQuery<()>,
    conditions: Conditions,
) -> ApiResult<HttpResponse> {
    let Refreshed { base_model, changes } = detached(async move { run(&service, &asked, &conditions).await }).await?;
    let answer = CardRefresh { changed: !changes.is_empty(), changes, card: base_model.card };
    Ok(HttpResponse::Ok().insert_header(ETag(tag(base_model.revision))).json(answer))
}

/// Reads the folder of the state that fulfils the conditions, or of the next one if that was changed in between.
async fn run(service: &Service, asked: &Asked, conditions: &Conditions) -> ApiResult<Refreshed> {
    for _ in 0..3 {
        let current = find(service, asked).await?;
        conditions.check_change(current.revision)?;
        if let Some(refreshed) = refresh(service, current).await? {
            return Ok(refreshed);
        }
    }
    Err(ApiError::DatabaseUnavailable(anyhow::anyhow!("the record kept changing while its folder was read")))
}
