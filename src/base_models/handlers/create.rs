use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use utoipa::IntoParams;

use super::answer;
use crate::app::{BodyProblems, Service, Unavailable, detached};
use crate::base_models::folder_card::FolderCard;
use crate::base_models::input::NewBaseModel;
use crate::base_models::model::{BaseModel, Row, UNIQUE_NAMES, href};
use crate::database::Connection;
use crate::error::{ApiError, ApiResult, OnConstraint as _, Problem};
use crate::extract::{Parameters, Query, ValidJson, ValidQuery};

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
    params(CreateQuery),
    request_body = NewBaseModel,
    responses(
        (status = OK, body = BaseModel, description = "With `dry_run`: the base model as it would be registered"),
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
    ValidQuery(query): ValidQuery<CreateQuery>,
    ValidJson(new): ValidJson<NewBaseModel>,
) -> ApiResult<HttpResponse> {
    let folder = FolderCard::read(&service, &new.path).await?;
    let row = Row { path: folder.path.clone(), ..Row::from(new) };
    if query.dry_run {
        return Ok(answer(HttpResponse::Ok(), &insert(&service, &row, &folder, true).await?));
    }
    let created = detached(async move { insert(&service, &row, &folder, false).await }).await?;
    let mut status = HttpResponse::Created();
    status.insert_header((header::LOCATION, href(&created.id)));
    Ok(answer(status, &created))
}

/// Inserts, and says who holds the names if they are taken. A holder that is gone by then is tried again.
async fn insert(service: &Service, row: &Row, folder: &FolderCard, dry_run: bool) -> ApiResult<BaseModel> {
    for _ in 0..3 {
        let write = async |db: &mut Connection| match dry_run {
            true => BaseModel::try_insert(row, folder, db).await,
            false => BaseModel::insert(row, folder, db).await,
        };
        let inserted = service.database.write(write).await;
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
