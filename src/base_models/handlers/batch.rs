use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::answer::Place;
use crate::app::{BodyProblems, Service, Unavailable};
use crate::base_models::batch::{Batch, Mode, NewBatch, Outcomes, Told};
use crate::base_models::model::BaseModel;
use crate::error::{ApiResult, Problem};
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
    let items = (0..).zip(batch.told(outcomes, place)).map(|(index, Told { status, base_model, mut problem })| {
        // What a problem points at lies in that item.
        for pointer in problem.iter_mut().flat_map(|problem| &mut problem.errors).filter_map(|it| it.pointer.as_mut()) {
            *pointer = format!("#/items/{index}{}", pointer.trim_start_matches('#'));
        }
        BatchItem { index, status, base_model: base_model.cloned(), problem }
    });
    let items: Vec<BatchItem> = items.collect();
    let refused = count(items.iter().filter(|item| item.problem.is_some()));
    let registered = count(items.iter().filter(|item| item.status == 201));
    BatchResult { registered, refused, items }
}

fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    items.fold(0, |count, _| count + 1)
}
