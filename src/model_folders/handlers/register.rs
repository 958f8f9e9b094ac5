use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use utoipa::IntoParams;

use crate::answer::Place;
use crate::app::{BodyProblems, Service, Unavailable};
use crate::error::{ApiError, ApiResult, Problem};
use crate::extract::{Parameters, Query, ValidJson, ValidQuery};
use crate::idempotency::{Idempotency, IdempotencyHeader};
use crate::model_folders::register::{FolderSelection, RegisteredFolders, register_folders};
use crate::model_folders::selection::{Registered, entries};

/// How to register.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RegisterQuery {
    /// Answer what would be registered, and store nothing.
    #[param(required = false, default = false)]
    dry_run: bool,
}

impl Query for RegisterQuery {
    fn read(parameters: &mut Parameters) -> Self {
        Self { dry_run: parameters.flag("dry_run") }
    }
}

/// Register model folders
///
/// Registers the folders that are named, or all that are in one of the named states, each under the names that
/// `GET /model-folders` proposes for it unless others are given. The answer is 200 whatever became of the single folders:
/// each has a `status` of its own, and the `problem` it would have met alone. At most 1000 at a time, and as many as can be
/// read within 2 minutes; `remaining` says how many more are in the named states. A folder that is registered already is
/// answered as it is, unless it is given a name.
#[utoipa::path(
    tag = "model folders",
    params(RegisterQuery, IdempotencyHeader),
    request_body = FolderSelection,
    responses(
        (status = OK, body = RegisteredFolders, description = "What became of each folder"),
        (status = CONFLICT, body = Problem, content_type = "application/problem+json",
            description = "The first request under this `Idempotency-Key` is still running"),
        BodyProblems,
        Unavailable,
    )
)]
#[post("/model-folders/register")]
pub async fn register_model_folders(
    service: Data<Service>,
    request: HttpRequest,
    ValidQuery(query): ValidQuery<RegisterQuery>,
    idempotency: Idempotency,
    ValidJson(selection): ValidJson<FolderSelection>,
) -> ApiResult<HttpResponse> {
    let place = Place::of(&request);
    idempotency
        .run(&service, async move |service, once| {
            let surveyed = service.surveys.now(&service.folders).await?;
            let registered = service.database.read(Registered::load).await?;
            let told = actix_web::web::block(move || entries(&surveyed.survey.folders, &registered)).await;
            let told = told.map_err(|error| ApiError::Internal(error.into()))?;
            let answer = |registered: &RegisteredFolders| HttpResponse::Ok().json(registered);
            register_folders(service, once, &told, selection, query.dry_run, &place, answer).await
        })
        .await
}
