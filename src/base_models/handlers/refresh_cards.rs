use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use utoipa::{IntoParams, ToSchema};

use crate::app::{IdempotencyProblems, Service, Unavailable};
use crate::base_models::input::Tag;
use crate::base_models::names::is_invisible;
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
    #[param(required = false, value_type = Vec<BaseModelName>, inline, max_items = 200)]
    base_model: Vec<String>,
    /// Family, as the card has it.
    #[param(required = false, value_type = Vec<Tag>, max_items = 32)]
    family: Vec<String>,
    /// How much of the card was found.
    #[param(required = false, max_items = 3)]
    card_status: Vec<CardStatus>,
    /// Tag of the base model.
    #[param(required = false, value_type = Vec<Tag>, max_items = 32)]
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
            base_model: words(parameters, "base_model", 200, |word| word.len() <= MAX_NAME && is_plain(word)),
            family: words(parameters, "family", 32, is_word),
            card_status,
            tag: words(parameters, "tag", 32, is_word),
        }
    }
}

/// Most characters of a technical name, and of an id.
const MAX_NAME: usize = 40;
/// Most characters of a tag or a family.
const MAX_WORD: usize = 64;

/// Id or technical name of a base model.
#[derive(ToSchema)]
#[schema(min_length = 1, max_length = 40, pattern = "^[A-Za-z0-9][A-Za-z0-9.-]*$", example = "llama3.2-1b")]
#[expect(dead_code, reason = "it describes the items in the OpenAPI document")]
pub struct BaseModelName(String);

/// The values of a parameter that may be given up to `max` times, if each can be one.
fn words(parameters: &mut Parameters, name: &'static str, max: usize, can_be: impl Fn(&str) -> bool) -> Vec<String> {
    let words = parameters.many(name, max);
    if words.iter().any(|word| !can_be(word)) {
        parameters.fault(name, "pattern", "can hold no such value: look at its limits in `/openapi.json`");
    }
    words
}

fn is_plain(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_alphanumeric())
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
}

fn is_word(word: &str) -> bool {
    word.chars().count() <= MAX_WORD && !word.trim().is_empty() && !word.trim().chars().any(is_invisible)
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
