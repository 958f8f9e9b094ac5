use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use uuid::Uuid;

use crate::app::{Service, Unavailable};
use crate::cards::FolderKind;
use crate::error::{ApiError, ApiResult, Fault};
use crate::extract::{Parameters, Query, ValidQuery};
use crate::model_folders::entry::{FolderState, ModelFolderEntry};
use crate::model_folders::selection::{Registered, entries};
use crate::model_folders::surveys::Surveyed;
use crate::page::{self, Page};

const ADDRESS: &str = "/api/v1/model-folders";
/// Longest token that is looked at: it holds a path.
const MAX_TOKEN: usize = 4096;

/// Which folders, and which page of them.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Items on a page: 50 if it is absent or 0; more than 1000 counts as 1000.
    #[param(required = false, minimum = 0, maximum = 2147483647, default = 50, example = 50)]
    page_size: i64,
    /// `next_page_token` of the page before.
    #[param(max_length = 4096)]
    page_token: Option<String>,
    /// Only folders in this state; repeat it for any of several.
    #[param(required = false, max_items = 4, example = json!(["available", "incomplete"]))]
    state: Vec<FolderState>,
    /// Only folders that were recognised as this; repeat it for any of several.
    #[param(required = false, max_items = 9, example = json!(["gguf"]))]
    kind: Vec<FolderKind>,
}

impl Query for ListQuery {
    fn read(parameters: &mut Parameters) -> Self {
        Self {
            page_size: page::size(parameters),
            page_token: parameters.one("page_token"),
            state: parameters.words("state", &FolderState::ALL.map(|state| (state.as_str(), state))),
            kind: parameters.words("kind", &FolderKind::ALL.map(|kind| (kind.as_str(), kind))),
        }
    }
}

/// Where a page ended.
#[derive(Debug, Serialize, Deserialize)]
struct Position {
    /// The list the token was made for, with what it was narrowed by.
    #[serde(rename = "l")]
    list: String,
    #[serde(rename = "s")]
    survey: Uuid,
    #[serde(rename = "p")]
    path: String,
}

impl ListQuery {
    /// The filters as they are written in an address.
    fn filters(&self) -> String {
        let states = self.state.iter().map(|state| format!("state={}&", state.as_str()));
        let kinds = self.kind.iter().map(|kind| format!("kind={}&", kind.as_str()));
        states.chain(kinds).collect()
    }

    fn list(&self) -> String {
        format!("model-folders?{}", self.filters())
    }

    async fn after(&self, service: &Service) -> ApiResult<Option<Position>> {
        let Some(token) = &self.page_token else { return Ok(None) };
        let key = service.token_key().await?;
        let position =
            Some(token).filter(|token| token.len() <= MAX_TOKEN).and_then(|token| key.open::<Position>(token));
        position.filter(|position| position.list == self.list()).map(Some).ok_or_else(|| {
            let detail = "must be the `next_page_token` of a page of this list; begin again without it";
            ApiError::InvalidParameter(vec![Fault::parameter("page_token", "token", detail)])
        })
    }

    fn wants(&self, entry: &ModelFolderEntry) -> bool {
        (self.state.is_empty() || self.state.contains(&entry.state))
            && (self.kind.is_empty() || entry.kind.is_some_and(|kind| self.kind.contains(&kind)))
    }
}

/// List model folders
///
/// What lies below the models root, by path: every folder, or single `.gguf` file, that holds a model or should, at any
/// depth. Each tells whether it is registered and as what, what it was recognised as **or why not**, and under which names
/// it could be registered now. A folder inside a model's folder is part of it. The list is made by a walk through the
/// models root when its first page is asked for; the further pages are of the same walk.
#[utoipa::path(
    tag = "model folders",
    params(ListQuery),
    responses(
        (status = OK, body = Page<ModelFolderEntry>, description = "A page of model folders",
            headers(("Link" = String, description = "Address of the next page, as `rel=\"next\"` (RFC 8288)"))),
        Unavailable,
    )
)]
#[get("/model-folders")]
pub async fn list_model_folders(
    service: Data<Service>,
    ValidQuery(query): ValidQuery<ListQuery>,
) -> ApiResult<HttpResponse> {
    let after = query.after(&service).await?;
    let earlier = after.as_ref().and_then(|position| service.surveys.earlier(position.survey));
    let surveyed = match earlier {
        Some(earlier) => earlier,
        None => service.surveys.now(&service.folders).await?,
    };
    let registered = service.database.read(Registered::load).await?;
    let (id, list, filters, size) = (surveyed.id, query.list(), query.filters(), query.page_size);
    let page = actix_web::web::block(move || page_of(&surveyed, &registered, &query, after.as_ref()));
    let (items, goes_on) = page.await.map_err(|error| ApiError::Internal(error.into()))?;
    let last = items.last().filter(|_| goes_on);
    let position = last.map(|last| Position { list, survey: id, path: last.path.clone() });
    let key = service.token_key().await?;
    let next_page_token = position.and_then(|position| key.seal(&position));
    let mut answer = HttpResponse::Ok();
    if let Some(token) = &next_page_token {
        let link = format!("<{ADDRESS}?{filters}page_size={size}&page_token={token}>; rel=\"next\"");
        answer.insert_header((header::LINK, link));
    }
    Ok(answer.json(Page { items, next_page_token }))
}

/// The entries of the page, and whether more follow.
fn page_of(
    surveyed: &Arc<Surveyed>,
    registered: &Registered,
    query: &ListQuery,
    after: Option<&Position>,
) -> (Vec<ModelFolderEntry>, bool) {
    let is_after = |entry: &ModelFolderEntry| after.is_none_or(|position| entry.path > position.path);
    let size = usize::try_from(query.page_size).unwrap_or(usize::MAX);
    let all = entries(&surveyed.survey.folders, registered).into_iter();
    let mut items: Vec<_> =
        all.filter(|entry| query.wants(entry) && is_after(entry)).take(size.saturating_add(1)).collect();
    let goes_on = items.len() > size;
    items.truncate(size);
    (items, goes_on)
}
