//! The endpoints, one file each: what it takes, what it answers, what it does.

mod batch;
mod card;
mod create;
mod delete;
mod deployment_template;
mod facets;
mod files;
mod get;
mod integrity;
mod list;
mod memory;
mod modelfile;
mod preview_template;
mod put;
mod refresh_card;
mod refresh_cards;
mod suggestion;
mod update;

use actix_web::HttpResponse;
use actix_web::http::header::{self, ETag, TryIntoHeaderValue as _};
use utoipa_actix_web::service_config::ServiceConfig;

use super::model::BaseModel;
use super::reference::Asked;
use crate::app::Service;
use crate::error::{ApiError, ApiResult};
use crate::extract::{Conditions, tag};

/// Adds the endpoints to the API.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list::list_base_models)
        .service(create::create_base_model)
        .service(batch::create_base_models)
        .service(refresh_cards::refresh_cards)
        .service(facets::get_facets)
        .service(get::get_base_model)
        .service(put::put_base_model)
        .service(update::update_base_model)
        .service(delete::delete_base_model)
        .service(card::get_card)
        .service(refresh_card::refresh_card)
        .service(files::list_files)
        .service(files::get_file)
        .service(integrity::get_integrity)
        .service(integrity::verify_integrity)
        .service(memory::get_memory)
        .service(deployment_template::get_deployment_template)
        .service(deployment_template::put_deployment_template)
        .service(deployment_template::delete_deployment_template)
        .service(suggestion::get_suggestion)
        .service(modelfile::get_modelfile)
        .service(preview_template::preview_deployment_template);
}

async fn find(service: &Service, asked: &Asked) -> ApiResult<BaseModel> {
    look_up(service, asked).await?.ok_or_else(|| ApiError::NotFound(asked.base_model.clone()))
}

async fn look_up(service: &Service, asked: &Asked) -> ApiResult<Option<BaseModel>> {
    let reference = asked.reference();
    Ok(service.database.read(async |db| BaseModel::find(&reference, db).await).await?)
}

/// The record with its tag.
fn answer(mut status: actix_web::HttpResponseBuilder, base_model: &BaseModel) -> HttpResponse {
    status.insert_header(ETag(tag(base_model.revision))).json(base_model)
}

/// Answers a read of a base model, or of a part of it, with the tag of its state.
///
/// Conditions are for what is there (RFC 9110, section 13.2.1): where there is no such part, nothing is unchanged. "You
/// have it already" goes out with the headers that the whole answer would have had.
async fn read(
    service: &Service,
    asked: &Asked,
    conditions: &Conditions,
    part: impl AsyncFnOnce(&BaseModel) -> ApiResult<HttpResponse>,
) -> ApiResult<HttpResponse> {
    let base_model = find(service, asked).await?;
    let mut answer = part(&base_model).await?;
    conditions.check(base_model.revision)?;
    if conditions.is_known(base_model.revision) {
        answer = HttpResponse::NotModified().insert_header((header::CACHE_CONTROL, "no-cache")).finish();
    }
    let tag = ETag(tag(base_model.revision)).try_into_value().map_err(|error| ApiError::Internal(error.into()))?;
    answer.headers_mut().insert(header::ETAG, tag);
    Ok(answer)
}
