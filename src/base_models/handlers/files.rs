use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::read;
use crate::app::{ReadHeaders, ReadProblems, Service, Unavailable};
use crate::base_models::file::StoredFile;
use crate::base_models::reference::Asked;
use crate::error::{ApiError, ApiResult};
use crate::extract::{Conditions, ValidQuery};

/// The files that a card was made of.
#[derive(Debug, Serialize, ToSchema)]
pub struct Files {
    pub items: Vec<StoredFile>,
}

/// List the files of a card
///
/// The JSON files that were read for the card and are kept as they were, those of up to 1 MiB each.
#[utoipa::path(
    tag = "cards",
    params(Asked, ReadHeaders),
    responses(
        (status = OK, body = Files, description = "The files, by path",
            headers(("ETag" = String, description = "The tag of the base model's state"))),
        (status = NOT_MODIFIED, description = "The base model has not changed"),
        ReadProblems,
        Unavailable,
    )
)]
#[get("/base-models/{base_model}/files")]
pub async fn list_files(
    service: Data<Service>,
    asked: Asked,
    _: ValidQuery<()>,
    conditions: Conditions,
) -> ApiResult<HttpResponse> {
    read(&service, &asked, &conditions, async |base_model| {
        let items = service.database.read(async |db| StoredFile::list(base_model.id, db).await).await?;
        Ok(HttpResponse::Ok().json(Files { items }))
    })
    .await
}

/// Get a file of a card
///
/// One of the listed files as it was read, byte for byte. Other files of the folder are not given out.
#[utoipa::path(
    tag = "cards",
    params(
        Asked,
        ("path" = String, Path, description = "Path inside the model folder", max_length = 4096, example = "config.json"),
        ReadHeaders,
    ),
    responses(
        (status = OK, description = "The file", content((Value = "application/json", example = json!({"model_type": "bert", "hidden_size": 384})), (String = "text/plain", example = json!("[PAD]"))),
            headers(("ETag" = String, description = "The tag of the base model's state"))),
        (status = NOT_MODIFIED, description = "The base model has not changed"),
        ReadProblems,
        Unavailable,
    )
)]
#[get("/base-models/{base_model}/files/{path:.*}")]
pub async fn get_file(
    service: Data<Service>,
    asked: Asked,
    request: HttpRequest,
    _: ValidQuery<()>,
    conditions: Conditions,
) -> ApiResult<HttpResponse> {
    let path = request.match_info().query("path");
    read(&service, &asked, &conditions, async |base_model| {
        let content = content(&service, base_model.id, path).await?;
        Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, media_type(path))).body(content))
    })
    .await
}

async fn content(service: &Service, base_model: Uuid, path: &str) -> ApiResult<Vec<u8>> {
    let unknown = || ApiError::NoSuchFile(path.to_owned());
    // The database takes no such character, and no file that is kept has it.
    if path.contains('\0') {
        return Err(unknown());
    }
    service.database.read(async |db| StoredFile::content(base_model, path, db).await).await?.ok_or_else(unknown)
}

/// Never HTML or a script, whatever the folder's author called it.
fn media_type(path: &str) -> &'static str {
    if path.ends_with(".json") { "application/json" } else { "text/plain; charset=utf-8" }
}
