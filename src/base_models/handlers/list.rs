use actix_web::web::Data;
use actix_web::{HttpResponse, get};

use crate::app::{Service, Unavailable};
use crate::base_models::model::BaseModel;
use crate::error::ApiResult;
use crate::extract::ValidQuery;
use crate::page::{self, Page, PageQuery};

/// The list that page tokens of this operation are bound to.
const LIST: &str = "base-models";

/// List base models
///
/// Newest first, with their cards. Give `next_page_token` as `page_token` to get the next page: rows that come or go in
/// between neither repeat nor hide another.
#[utoipa::path(
    tag = "base models",
    params(PageQuery),
    responses(
        (status = OK, body = Page<BaseModel>, description = "A page of base models",
            headers(("Link" = String, description = "Address of the next page, as `rel=\"next\"` (RFC 8288)"))),
        Unavailable,
    )
)]
#[get("/base-models")]
pub async fn list_base_models(
    service: Data<Service>,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> ApiResult<HttpResponse> {
    let after = query.after(service.token_key().await?, LIST)?;
    let size = query.page_size;
    let items = service.database.read(async |db| BaseModel::page(after.as_ref(), size, db).await).await?;
    page::answer("/api/v1/base-models", service.token_key().await?, size, items, |last| last.position(LIST))
}
