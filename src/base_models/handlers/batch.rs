use std::collections::HashMap;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::answer::{Place, log};
use crate::app::{BodyProblems, Service, Unavailable};
use crate::base_models::batch::{Batch, Mode, NewBatch, Outcome, Outcomes};
use crate::base_models::model::BaseModel;
use crate::error::{ApiError, ApiResult, Conflict, Fault, Problem};
use crate::extract::{Parameters, Query, ValidJson, ValidQuery};
use crate::idempotency::{Idempotency, IdempotencyHeader};

/// How to register many.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct BatchQuery {
    /// All or nothing: if one cannot be registered, none is.
    #[param(required = false, default = false)]
    atomic: bool,
    /// Answer what would be stored, and store nothing.
    #[param(required = false, default = false)]
    dry_run: bool,
}

impl Query for BatchQuery {
    fn read(parameters: &mut Parameters) -> Self {
        Self { atomic: parameters.flag("atomic"), dry_run: parameters.flag("dry_run") }
    }
}

/// What became of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchResult {
    /// How many are registered now. With `dry_run`, and with `atomic` where one was refused, none.
    #[schema(minimum = 0, maximum = 1000, example = 1)]
    pub registered: u32,
    /// How many were refused.
    #[schema(minimum = 0, maximum = 1000, example = 0)]
    pub refused: u32,
    /// What became of each, in the order they were sent in.
    #[schema(min_items = 1, max_items = 1000)]
    pub items: Vec<BatchItem>,
}

/// What became of one base model of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchItem {
    /// Its place in `items` as they were sent, from 0.
    #[schema(minimum = 0, maximum = 999, example = 0)]
    pub index: u32,
    /// The status that a request for it alone would have had: 201 if it is registered, 200 if it could be but nothing was
    /// stored, otherwise that of its problem.
    #[schema(minimum = 200, maximum = 599, example = 201)]
    pub status: u16,
    /// The base model as it was registered, or would have been.
    pub base_model: Option<BaseModel>,
    /// Why it was refused.
    pub problem: Option<Problem>,
}

/// Register many base models
///
/// Up to 1000 with one request. All folders are read first, then everything is stored in one transaction. The answer is 200
/// whatever became of the items: each has a `status` of its own, and the `problem` it would have met alone. An item that is
/// refused does not keep the others from being registered, unless `atomic` is set: then nothing is stored if one is
/// refused, and each item says what it would have been. A name that two items share goes to the first of them. A batch
/// whose folders take longer than 2 minutes is refused as a whole.
#[utoipa::path(
    tag = "base models",
    params(BatchQuery, IdempotencyHeader),
    request_body = NewBatch,
    responses(
        (status = OK, body = BatchResult, description = "What became of each item"),
        (status = CONFLICT, body = Problem, content_type = "application/problem+json",
            description = "The first request under this `Idempotency-Key` is still running"),
        BodyProblems,
        Unavailable,
    )
)]
#[post("/base-models/batch")]
pub async fn create_base_models(
    service: Data<Service>,
    request: HttpRequest,
    ValidQuery(query): ValidQuery<BatchQuery>,
    idempotency: Idempotency,
    ValidJson(new): ValidJson<NewBatch>,
) -> ApiResult<HttpResponse> {
    let (place, mode) = (Place::of(&request), Mode { atomic: query.atomic, dry_run: query.dry_run });
    idempotency
        .run(&service, async move |service, once| {
            let batch = Batch::read(service, new.items).await?;
            let answer = |outcomes: &Outcomes| HttpResponse::Ok().json(result(&batch, outcomes, &place));
            batch.store(service, once, mode, answer).await
        })
        .await
}

fn result(batch: &Batch, outcomes: &Outcomes, place: &Place) -> BatchResult {
    let registered = (0..).zip(&outcomes.items).filter_map(|(index, outcome)| match outcome {
        Outcome::Registered(base_model) => Some((base_model.id, index)),
        Outcome::Taken(_) | Outcome::Refused => None,
    });
    let registered: HashMap<Uuid, u32> = registered.collect();
    let items = (0..).zip(batch.items.iter().zip(&outcomes.items)).map(|(index, (given, outcome))| match outcome {
        Outcome::Registered(base_model) => BatchItem {
            index,
            status: if outcomes.is_stored { 201 } else { 200 },
            base_model: Some((**base_model).clone()),
            problem: None,
        },
        Outcome::Taken(conflicts) => refused(index, taken(conflicts, &registered, place)),
        Outcome::Refused => refused(index, told(given, place)),
    });
    let items: Vec<BatchItem> = items.collect();
    let refused = count(items.iter().filter(|item| item.problem.is_some()));
    let stored = count(items.iter().filter(|item| item.status == 201));
    BatchResult { registered: stored, refused, items }
}

fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    items.fold(0, |count, _| count + 1)
}

/// A problem of one item; what it points at lies in that item.
fn refused(index: u32, mut problem: Problem) -> BatchItem {
    for pointer in problem.errors.iter_mut().filter_map(|error| error.pointer.as_mut()) {
        *pointer = format!("#/items/{index}{}", pointer.trim_start_matches('#'));
    }
    BatchItem { index, status: problem.status, base_model: None, problem: Some(problem) }
}

fn told<T>(given: &ApiResult<T>, place: &Place) -> Problem {
    let nothing = ApiError::Internal(anyhow::anyhow!("an item was refused without a reason"));
    let error = given.as_ref().err().unwrap_or(&nothing);
    log(error);
    error.problem(&place.path, &place.request_id)
}

/// Names that are taken, maybe by an earlier item of the same batch.
fn taken(conflicts: &[Conflict], registered: &HashMap<Uuid, u32>, place: &Place) -> Problem {
    let mut problem = ApiError::AlreadyExists(conflicts.to_vec()).problem(&place.path, &place.request_id);
    problem.errors = conflicts.iter().map(|held| fault(held, registered.get(&held.id))).collect();
    problem
}

fn fault(held: &Conflict, item: Option<&u32>) -> Fault {
    match item {
        None => held.fault(),
        Some(item) => {
            let detail = format!("is taken by item {item} of this batch; choose another");
            Fault::at(format!("/{}", held.field), "already_exists", detail)
        }
    }
}
