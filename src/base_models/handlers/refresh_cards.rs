use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use utoipa::IntoParams;

use crate::app::{IdempotencyProblems, Service, Unavailable};
use crate::base_models::input::Tag;
use crate::cards::CardStatus;
use crate::error::ApiResult;
use crate::extract::{Parameters, Query, ValidQuery};
use crate::idempotency::{Idempotency, IdempotencyHeader};
use crate::jobs::{Job, RefreshScope, Subject, accepted};

/// Which base models to read again; different parameters narrow further, a repeated one widens.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RefreshQuery {
    /// Id or technical name.
    #[param(required = false, value_type = Vec<Tag>, max_items = 1000)]
    base_model: Vec<String>,
    /// Family, as the card has it.
    #[param(required = false, value_type = Vec<Tag>, max_items = 100)]
    family: Vec<String>,
    /// How much of the card was found.
    #[param(required = false, max_items = 3)]
    card_status: Vec<CardStatus>,
    /// Tag of the base model.
    #[param(required = false, value_type = Vec<Tag>, max_items = 100)]
    tag: Vec<String>,
}

impl Query for RefreshQuery {
    fn read(parameters: &mut Parameters) -> Self {
        let mut card_status = Vec::new();
        for given in parameters.many("card_status", 3) {
            match CardStatus::named(&given) {
                Some(status) => card_status.push(status),
                None => parameters.fault("card_status", "enum", "must be complete, partial or empty"),
            }
        }
        Self {
            base_model: parameters.many("base_model", 1000),
            family: parameters.many("family", 100),
            card_status,
            tag: parameters.many("tag", 100),
        }
    }
}

/// Read many folders again
///
/// All of them, or those that the parameters name, as a job: watch it at the address in `Location`.
#[utoipa::path(
    tag = "cards",
    params(RefreshQuery, IdempotencyHeader),
    responses(
        (status = ACCEPTED, body = Job, description = "The job", headers(
            ("Location" = String, description = "Where to watch it"),
            ("Retry-After" = i32, description = "Seconds until it is worth asking"),
        )),
        IdempotencyProblems,
        Unavailable,
    )
)]
#[post("/base-models/refresh")]
pub async fn refresh_cards(
    service: Data<Service>,
    ValidQuery(query): ValidQuery<RefreshQuery>,
    idempotency: Idempotency,
) -> ApiResult<HttpResponse> {
    let RefreshQuery { base_model, family, card_status, tag } = query;
    let scope = RefreshScope { base_models: base_model, families: family, card_statuses: card_status, tags: tag };
    let subject = Subject::RefreshCards(scope);
    idempotency.run(&service, async move |service, once| accepted(service, once, &subject).await).await
}
