use actix_web::http::header::{CONTENT_TYPE, ETag};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;

use super::{find, not_modified};
use crate::app::{ReadHeaders, ReadProblems, Service, Unavailable};
use crate::base_models::file::StoredFile;
use crate::base_models::reference::Asked;
use crate::error::{ApiError, ApiResult};
use crate::extract::{Conditions, ValidQuery, tag};

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
    let base_model = find(&service, &asked).await?;
    conditions.check(base_model.revision)?;
    if conditions.is_known(base_model.revision) {
        return Ok(not_modified(&base_model));
    }
    let items = service.database.read(async |db| StoredFile::list(base_model.id, db).await).await?;
    Ok(HttpResponse::Ok().insert_header(ETag(tag(base_model.revision))).json(Files { items }))
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
        (status = OK, description = "The file", content((Value = "application/json"), (String = "text/plain")),
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
    let base_model = find(&service, &asked).await?;
    conditions.check(base_model.revision)?;
    if conditions.is_known(base_model.revision) {
        return Ok(not_modified(&base_model));
    }
    let path = request.match_info().query("path");
    // The database takes no such character, and no file that is kept has it.
    let known = !path.contains('\0');
    let content = match known {
        true => service.database.read(async |db| StoredFile::content(base_model.id, path, db).await).await?,
        false => None,
    };
    let content = content.ok_or_else(|| ApiError::NoSuchFile(path.to_owned()))?;
    Ok(HttpResponse::Ok()
        .insert_header(ETag(tag(base_model.revision)))
        .insert_header((CONTENT_TYPE, media_type(path)))
        .body(content))
}

/// Never HTML or a script, whatever the folder's author called it.
fn media_type(path: &str) -> &'static str {
    if path.ends_with(".json") { "application/json" } else { "text/plain; charset=utf-8" }
}
