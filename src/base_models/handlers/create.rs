use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use utoipa::IntoParams;

use super::answer;
use crate::app::{BodyProblems, Service, Unavailable};
use crate::base_models::draft::BaseModelDraft;
use crate::base_models::input::NewBaseModel;
use crate::base_models::model::{BaseModel, href};
use crate::base_models::register::Registration;
use crate::error::{ApiResult, Problem};
use crate::extract::{Parameters, Query, ValidJson, ValidQuery};
use crate::idempotency::{Idempotency, IdempotencyHeader};

/// How to register.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CreateQuery {
    /// Answer what would be stored, and store nothing.
    #[param(required = false, default = false)]
    dry_run: bool,
}

impl Query for CreateQuery {
    fn read(parameters: &mut Parameters) -> Self {
        Self { dry_run: parameters.flag("dry_run") }
    }
}

/// Register a base model
///
/// Reads the folder at `path` and makes its card. Whoever registers is responsible that the files are there: the card's
/// `status` and `warnings` tell what was found and what is missing. Both names have to be free, whatever their letter
/// case.
#[utoipa::path(
    tag = "base models",
    params(CreateQuery, IdempotencyHeader),
    request_body = NewBaseModel,
    responses(
        (status = OK, body = BaseModelDraft, description = "With `dry_run`: the base model as it would be registered"),
        (status = CREATED, body = BaseModel, description = "The base model as it was registered", headers(
            ("Location" = String, description = "Where it is found"),
            ("ETag" = String, description = "The tag of this state"),
        )),
        (status = CONFLICT, body = Problem, content_type = "application/problem+json",
            description = "A name is taken, and `conflicts` names who holds it; or the first request under this \
                `Idempotency-Key` is still running"),
        BodyProblems,
        Unavailable,
    )
)]
#[post("/base-models")]
pub async fn create_base_model(
    service: Data<Service>,
    ValidQuery(query): ValidQuery<CreateQuery>,
    idempotency: Idempotency,
    ValidJson(new): ValidJson<NewBaseModel>,
) -> ApiResult<HttpResponse> {
    let CreateQuery { dry_run } = query;
    idempotency
        .run(&service, async move |service, once| {
            let registration = Registration::read(service, new).await?;
            match dry_run {
                true => Ok(HttpResponse::Ok().json(BaseModelDraft::from(registration.try_store(service).await?))),
                false => registration.store_once(service, once, created).await,
            }
        })
        .await
}

/// The record with its tag and where it is found.
pub fn created(base_model: &BaseModel) -> HttpResponse {
    let mut status = HttpResponse::Created();
    status.insert_header((header::LOCATION, href(&base_model.id)));
    answer(status, base_model)
}
