use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use utoipa::{IntoParams, ToSchema};

use crate::app::{IdempotencyProblems, Service, Unavailable};
use crate::base_models::filter::Filter;
use crate::base_models::scope::Scope;
use crate::error::ApiResult;
use crate::extract::{Parameters, Query, ValidQuery};
use crate::idempotency::{Idempotency, IdempotencyHeader};
use crate::jobs::{Job, Subject, accepted};

/// Which base models to read again: those that are named, and all filters of the list.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RefreshQuery {
    /// Id or technical name; repeat it for several.
    #[param(required = false, value_type = Vec<BaseModelName>, inline, max_items = 200)]
    base_model: Vec<String>,
    #[param(ignore)]
    filter: Filter,
}

impl Query for RefreshQuery {
    fn read(parameters: &mut Parameters) -> Self {
        Self { base_model: names(parameters), filter: Filter::read(parameters) }
    }
}

/// Most characters of a technical name, and of an id.
const MAX_NAME: usize = 40;

/// Id or technical name of a base model.
#[derive(ToSchema)]
#[schema(min_length = 1, max_length = 40, pattern = "^[A-Za-z0-9][A-Za-z0-9.-]*$", example = "llama3.2-1b")]
#[expect(dead_code, reason = "it describes the items in the OpenAPI document")]
pub struct BaseModelName(String);

/// The base models that are named, if each can be a name.
fn names(parameters: &mut Parameters) -> Vec<String> {
    let names = parameters.many("base_model", 200);
    if names.iter().any(|name| name.len() > MAX_NAME || !is_plain(name)) {
        parameters.fault("base_model", "pattern", "can hold no such value: look at its limits in `/openapi.json`");
    }
    names
}

fn is_plain(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_alphanumeric())
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
}

/// Read many folders again
///
/// All of them, or those that the parameters name, as a job: watch it at the address in `Location`. Different parameters
/// narrow further, a repeated one widens.
#[utoipa::path(
    tag = "cards",
    params(RefreshQuery, Filter, IdempotencyHeader),
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
    let subject = Subject::RefreshCards(Scope::new(query.base_model, &query.filter));
    idempotency.run(&service, async move |service, once| accepted(service, once, &subject).await).await
}
