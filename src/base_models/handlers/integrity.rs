use actix_web::web::{Data, Json};
use actix_web::{HttpResponse, get, post};

use super::find;
use crate::app::{IdempotencyProblems, ReadProblems, Service, Unavailable};
use crate::base_models::reference::Asked;
use crate::cards::{Card, Integrity, ModelPath, integrity};
use crate::error::{ApiError, ApiResult};
use crate::extract::ValidQuery;
use crate::idempotency::{Idempotency, IdempotencyHeader};
use crate::jobs::{Job, Subject, accepted};
use crate::reading::{FOLDER_TIME, ReadingError};

/// Check the folder
///
/// Reads the folder now and answers, check by check, whether the model is complete and can be loaded, and what to do where
/// it is not; and whether Ollama can convert it, by the rules of the version that is named. The content of the weights is not
/// read; see `POST` at `integrity/verify`.
#[utoipa::path(
    tag = "integrity",
    params(Asked),
    responses((status = OK, body = Integrity, description = "The checks"), ReadProblems, Unavailable)
)]
#[get("/base-models/{base_model}/integrity")]
pub async fn get_integrity(service: Data<Service>, asked: Asked, _: ValidQuery<()>) -> ApiResult<Json<Integrity>> {
    let base_model = find(&service, &asked).await?;
    let card: Card = base_model.card.parse().map_err(|error| ApiError::Internal(error.into()))?;
    // The stored path is judged again: nothing that opens a folder trusts what the database holds.
    let Ok(path) = ModelPath::parse(&base_model.path) else {
        return Ok(Json(Integrity::of_gone_folder(&base_model.path)));
    };
    match service.folders.with(path, FOLDER_TIME, move |folder, limits| integrity(folder, &card, limits)).await {
        Ok(checked) => Ok(Json(checked)),
        Err(ReadingError::Folder(_)) => Ok(Json(Integrity::of_gone_folder(&base_model.path))),
        Err(other) => Err(ApiError::StorageUnavailable(other.into())),
    }
}

/// Verify the weights
///
/// Reads the weights and compares their SHA-256 with what the folder itself declares: Git LFS pointers kept aside, lists of
/// digests, the names of blobs in the Hugging Face cache. This takes as long as reading the files does, so it is a job:
/// watch it at the address in `Location`.
#[utoipa::path(
    tag = "integrity",
    params(Asked, IdempotencyHeader),
    responses(
        (status = ACCEPTED, body = Job, description = "The job", headers(
            ("Location" = String, description = "Where to watch it"),
            ("Retry-After" = i32, description = "Seconds until it is worth asking"),
        )),
        ReadProblems,
        IdempotencyProblems,
        Unavailable,
    )
)]
#[post("/base-models/{base_model}/integrity/verify")]
pub async fn verify_integrity(
    service: Data<Service>,
    asked: Asked,
    _: ValidQuery<()>,
    idempotency: Idempotency,
) -> ApiResult<HttpResponse> {
    idempotency
        .run(&service, async move |service, once| {
            let subject = Subject::VerifyDigests { base_model: find(service, &asked).await?.id };
            accepted(service, once, &subject).await
        })
        .await
}
