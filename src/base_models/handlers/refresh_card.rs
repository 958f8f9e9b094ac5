use actix_web::http::header::ETag;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use serde::Serialize;
use utoipa::ToSchema;

use super::find;
use crate::app::{ChangeHeaders, ChangeProblems, IdempotencyProblems, Service, Unavailable};
use crate::base_models::model::{BaseModel, StoredCard};
use crate::base_models::reference::Asked;
use crate::base_models::refresh::{CardChange, Reading};
use crate::cards::Card;
use crate::database::Connection;
use crate::error::{ApiError, ApiResult};
use crate::extract::{Conditions, ValidQuery, tag};
use crate::idempotency::{Idempotency, IdempotencyHeader, Once};

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
    params(Asked, ChangeHeaders, IdempotencyHeader),
    responses(
        (status = OK, body = CardRefresh, description = "The card as it is now",
            headers(("ETag" = String, description = "The tag of the base model's state"))),
        ChangeProblems,
        IdempotencyProblems,
        Unavailable,
    )
)]
#[post("/base-models/{base_model}/card/refresh")]
pub async fn refresh_card(
    service: Data<Service>,
    asked: Asked,
    _: ValidQuery<()>,
    conditions: Conditions,
    idempotency: Idempotency,
) -> ApiResult<HttpResponse> {
    idempotency.run(&service, async move |service, once| run(service, once, &asked, &conditions).await).await
}

/// Reads the folder of the state that fulfils the conditions, or of the next one if that was changed in between.
async fn run(service: &Service, once: &Once, asked: &Asked, conditions: &Conditions) -> ApiResult<HttpResponse> {
    for _ in 0..3 {
        let current = find(service, asked).await?;
        conditions.check_change(current.revision)?;
        let reading = Reading::of(service, current).await?;
        if reading.is_same() {
            return Ok(refreshed(reading.current, Vec::new()));
        }
        let store = async |db: &mut Connection| {
            let updated = reading.store(db).await?;
            Ok(updated.map(|base_model| refreshed(base_model, reading.changes.clone())))
        };
        if let Some(answer) = once.write(service, store).await? {
            return Ok(answer);
        }
    }
    Err(ApiError::DatabaseUnavailable(anyhow::anyhow!("the record kept changing while its folder was read")))
}

fn refreshed(base_model: BaseModel, changes: Vec<CardChange>) -> HttpResponse {
    let tag = ETag(tag(base_model.revision));
    HttpResponse::Ok().insert_header(tag).json(CardRefresh {
        changed: !changes.is_empty(),
        changes,
        card: base_model.card,
    })
}
