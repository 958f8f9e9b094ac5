use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use utoipa::IntoParams;

use crate::app::{Service, Unavailable};
use crate::base_models::model::BaseModel;
use crate::error::{ApiError, ApiResult, Fault};
use crate::extract::{Parameters, Query, ValidQuery};
use crate::page::{DEFAULT_SIZE, MAX_SIZE, MAX_TOKEN, Page};

/// The list that page tokens of this operation are bound to.
const LIST: &str = "base-models";

/// What a list can be asked.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Base models on a page: 50 if it is absent or 0; more than 1000 counts as 1000.
    #[param(required = false, minimum = 0, default = 50, example = 50)]
    page_size: i64,
    /// `next_page_token` of the page before.
    #[param(max_length = 512)]
    page_token: Option<String>,
}

impl Query for ListQuery {
    fn read(parameters: &mut Parameters) -> Self {
        let page_size = match parameters.one("page_size").map(|text| text.parse::<u64>()) {
            None | Some(Ok(0)) => DEFAULT_SIZE,
            Some(Ok(size)) => i64::try_from(size).unwrap_or(MAX_SIZE).min(MAX_SIZE),
            Some(Err(_)) => {
                parameters.fault("page_size", "type", "must be a whole number from 0 to 1000");
                DEFAULT_SIZE
            }
        };
        let page_token = parameters.one("page_token");
        if page_token.as_ref().is_some_and(|token| token.len() > MAX_TOKEN) {
            parameters.fault("page_token", "length", "must be a token that this service made");
        }
        Self { page_size, page_token }
    }
}

/// List base models
///
/// Newest first, with their cards. Give `next_page_token` as `page_token` to get the next page: rows that come or go in
/// between neither repeat nor hide another.
#[utoipa::path(
    tag = "base models",
    params(ListQuery),
    responses(
        (status = OK, body = Page<BaseModel>, description = "A page of base models", headers(
            ("Link" = String, description = "Address of the next page, as `rel=\"next\"` (RFC 8288)"),
        )),
        Unavailable,
    )
)]
#[get("/base-models")]
pub async fn list_base_models(
    service: Data<Service>,
    ValidQuery(query): ValidQuery<ListQuery>,
) -> ApiResult<HttpResponse> {
    let after = match &query.page_token {
        None => None,
        Some(token) => Some(service.token_key().await?.read(token, LIST).ok_or_else(bad_token)?),
    };
    let size = query.page_size;
    let mut items = service.database.read(async |db| BaseModel::page(after.as_ref(), size, db).await).await?;
    let goes_on = items.len() as i64 > size;
    items.truncate(usize::try_from(size).unwrap_or(usize::MAX));
    let next_page_token = match items.last().filter(|_| goes_on) {
        Some(last) => service.token_key().await?.sign(&last.position(LIST)),
        None => None,
    };
    let mut answer = HttpResponse::Ok();
    if let Some(token) = &next_page_token {
        let link = format!("</api/v1/base-models?page_size={size}&page_token={token}>; rel=\"next\"");
        answer.insert_header((
            header::LINK,
            HeaderValue::try_from(link).map_err(|error| ApiError::Internal(error.into()))?,
        ));
    }
    Ok(answer.json(Page { items, next_page_token }))
}

fn bad_token() -> ApiError {
    let detail = "must be the `next_page_token` of a page of this list; begin again without it";
    ApiError::InvalidParameter(vec![Fault::parameter("page_token", "token", detail)])
}
