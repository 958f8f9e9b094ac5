use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};

use super::answer;
use crate::app::{BodyProblems, Service, Unavailable, detached};
use crate::base_models::input::NewBaseModel;
use crate::base_models::model::{BaseModel, Row, StoredCard, UNIQUE_NAMES, href};
use crate::cards::ModelPath;
use crate::error::{ApiError, ApiResult, Fault, OnConstraint as _, Problem};
use crate::extract::{ValidJson, ValidQuery};
use crate::reading::{Reading, ReadingError};

/// Register a base model
///
/// Reads the folder at `path` and makes its card. Whoever registers is responsible that the files are there: the card's
/// `status` and `warnings` tell what was found and what is missing. Both names have to be free, whatever their letter
/// case.
#[utoipa::path(
    tag = "base models",
    request_body = NewBaseModel,
    responses(
        (status = CREATED, body = BaseModel, description = "The base model as it was registered", headers(
            ("Location" = String, description = "Where it is found"),
            ("ETag" = String, description = "The tag of this state"),
        )),
        (status = CONFLICT, body = Problem, content_type = "application/problem+json",
            description = "A name is taken; `conflicts` names who holds it"),
        BodyProblems,
        Unavailable,
    )
)]
#[post("/base-models")]
pub async fn create_base_model(
    service: Data<Service>,
    _: ValidQuery<()>,
    ValidJson(new): ValidJson<NewBaseModel>,
) -> ApiResult<HttpResponse> {
    let (path, card) = read_card(&service, &new.path).await?;
    let mut row = Row::from(new);
    row.path = path;
    let created = detached(async move { insert(&service, &row, &card).await }).await?;
    let mut status = HttpResponse::Created();
    status.insert_header((header::LOCATION, href(&created.id)));
    Ok(answer(status, &created))
}

/// Inserts, and says who holds the names if they are taken. A holder that is gone by then is tried again.
async fn insert(service: &Service, row: &Row, card: &StoredCard) -> ApiResult<BaseModel> {
    for _ in 0..3 {
        let inserted = service.database.write(async |db| BaseModel::insert(row, card, db).await).await;
        if let Some(created) = inserted.on_constraint(&UNIQUE_NAMES)? {
            return Ok(created);
        }
        taken(service, row, None).await?;
    }
    Err(ApiError::Internal(anyhow::anyhow!("a name was taken and free again three times over")))
}

/// An error if another record holds a name of this row.
pub async fn taken(service: &Service, row: &Row, except: Option<uuid::Uuid>) -> ApiResult<()> {
    let conflicts = service.database.read(async |db| BaseModel::conflicts(row, except, db).await).await?;
    if conflicts.is_empty() { Ok(()) } else { Err(ApiError::AlreadyExists(conflicts)) }
}

/// The card of the folder at that path, and the path in the form it is kept in.
pub async fn read_card(service: &Service, path: &str) -> ApiResult<(String, StoredCard)> {
    let fault = |detail: String| ApiError::ValidationFailed(vec![Fault::at("/path", "path", detail)]);
    let path = ModelPath::parse(path).map_err(|error| fault(error.to_string()))?;
    let Reading { path, extraction } = service.folders.card(path).await.map_err(|error| match error {
        ReadingError::Folder(error) => fault(format!("{error}: put the model's files there, or mend the path")),
        other => ApiError::StorageUnavailable(other.into()),
    })?;
    let card = StoredCard::new(&extraction.card).map_err(|error| ApiError::Internal(error.into()))?;
    Ok((path.to_string(), card))
}
