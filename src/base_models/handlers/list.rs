use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use crate::app::{Service, Unavailable};
use crate::base_models::facets;
use crate::base_models::filter::Filter;
use crate::base_models::listing::{Listed, Listing};
use crate::base_models::model::BaseModel;
use crate::base_models::order::{Place, SortQuery};
use crate::base_models::selection::{BaseModelSelection, FieldsQuery, Selection};
use crate::error::{ApiError, ApiResult};
use crate::extract::{Parameters, Query, ValidQuery};
use crate::page::{self, PageQuery};

/// What is listed, and how much of it.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    #[param(ignore)]
    listing: Listing,
    #[param(ignore)]
    page: PageQuery,
    /// Words that names, description, tags, family, architectures, license or the card's description have to hold, each
    /// of them the beginning of a word. Matches in names come first.
    #[param(rename = "q", required = false, value_type = String, min_length = 1, max_length = 200, example = "qwen instruct")]
    _q: (),
    #[param(ignore)]
    fields: Option<Selection>,
    /// Count all records that the filters let through.
    #[param(required = false, default = false)]
    include_total: bool,
}

impl Query for ListQuery {
    fn read(parameters: &mut Parameters) -> Self {
        Self {
            listing: Listing::read(parameters),
            page: PageQuery::read(parameters),
            _q: (),
            fields: Selection::read(parameters),
            include_total: parameters.flag("include_total"),
        }
    }
}

/// One page of base models.
#[derive(Debug, Serialize, ToSchema)]
pub struct BaseModelPage {
    /// Whole records; with `fields`, what was selected of them.
    #[schema(max_items = 1000)]
    pub items: Vec<ListedBaseModel>,
    /// Give it as `page_token`, with the same filters and order, to get the next page; `null` on the last one.
    #[schema(max_length = 8192, example = "eyJzIjowfQ")]
    pub next_page_token: Option<String>,
    /// How many records the filters let through, if `include_total` asked for it.
    #[schema(minimum = 0, example = 42)]
    pub total: Option<i64>,
}

/// A record of a list: whole, or what `fields` selected of it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ListedBaseModel {
    Whole(Box<BaseModel>),
    #[schema(value_type = BaseModelSelection)]
    Selected(Box<RawValue>),
}

/// List base models
///
/// With their cards, the newest first unless `sort` or `q` says otherwise. Different parameters narrow the list further, a
/// repeated one widens it. Give `next_page_token` as `page_token` to get the next page: rows that come or go in between
/// neither repeat nor hide another.
#[utoipa::path(
    tag = "base models",
    params(ListQuery, Filter, SortQuery, FieldsQuery, PageQuery),
    responses(
        (status = OK, body = BaseModelPage, description = "A page of base models",
            headers(("Link" = String, description = "Address of the next page, as `rel=\"next\"` (RFC 8288)"))),
        Unavailable,
    )
)]
#[get("/base-models")]
pub async fn list_base_models(
    service: Data<Service>,
    request: HttpRequest,
    ValidQuery(query): ValidQuery<ListQuery>,
) -> ApiResult<HttpResponse> {
    let ListQuery { listing, page, _q, fields, include_total } = query;
    let (key, list) = (service.token_key().await?, listing.canonical());
    let after = page.after::<Place>(key, &list)?.filter(|place| listing.has(place));
    let with_cards = fields.as_ref().is_none_or(Selection::has_card);
    let one_more = page.page_size + 1;
    let read = service.database.read(async |db| listing.page(after.as_ref(), one_more, with_cards, db).await);
    let mut listed = read.await?;
    let next_page_token = page::cut(&mut listed, &page, key, &list, |last: &Listed| last.place.clone());
    let total = match include_total {
        true => Some(service.database.read(async |db| facets::total(&listing.conditions(), db).await).await?),
        false => None,
    };
    let items = listed.into_iter().map(|Listed { base_model, .. }| match &fields {
        None => Ok(ListedBaseModel::Whole(Box::new(base_model))),
        Some(fields) => fields.of(&base_model).map(ListedBaseModel::Selected),
    });
    let items = items.collect::<serde_json::Result<_>>().map_err(|error| ApiError::Internal(error.into()))?;
    let mut answer = page::linked(&request, &page, next_page_token.as_deref());
    Ok(answer.json(BaseModelPage { items, next_page_token, total }))
}
