use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use uuid::Uuid;

use crate::app::{Service, Unavailable};
use crate::cards::FolderKind;
use crate::error::{ApiError, ApiResult};
use crate::extract::{Parameters, Query, ValidQuery};
use crate::model_folders::entry::{FolderState, ModelFolderEntry};
use crate::model_folders::selection::{Registered, entries};
use crate::model_folders::surveys::Surveyed;
use crate::page::{self, Page, PageQuery};

/// Which folders, and which page of them.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    #[param(ignore)]
    page: PageQuery,
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
            page: PageQuery::read(parameters),
            state: parameters.words("state", &FolderState::ALL.map(|state| (state.as_str(), state))),
            kind: parameters.words("kind", &FolderKind::ALL.map(|kind| (kind.as_str(), kind))),
        }
    }
}

/// Where a page ended.
#[derive(Debug, Serialize, Deserialize)]
struct Position {
    #[serde(rename = "s")]
    survey: Uuid,
    #[serde(rename = "p")]
    path: String,
}

impl ListQuery {
    /// What tells this list from one that was narrowed otherwise.
    fn list(&self) -> String {
        let states = self.state.iter().map(|state| format!("state={}&", state.as_str()));
        let kinds = self.kind.iter().map(|kind| format!("kind={}&", kind.as_str()));
        let filters: String = states.chain(kinds).collect();
        format!("model-folders?{filters}")
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
    params(PageQuery, ListQuery),
    responses(
        (status = OK, body = Page<ModelFolderEntry>, description = "A page of model folders",
            headers(("Link" = String, description = "Address of the next page, as `rel=\"next\"` (RFC 8288)"))),
        Unavailable,
    )
)]
#[get("/model-folders")]
pub async fn list_model_folders(
    request: HttpRequest,
    service: Data<Service>,
    ValidQuery(query): ValidQuery<ListQuery>,
) -> ApiResult<HttpResponse> {
    let (key, list) = (service.token_key().await?, query.list());
    let after: Option<Position> = query.page.after(key, &list)?;
    let earlier = after.as_ref().and_then(|position| service.surveys.earlier(position.survey));
    let surveyed = match earlier {
        Some(earlier) => earlier,
        None => service.surveys.now(&service.folders).await?,
    };
    let registered = service.database.read(Registered::load).await?;
    let (survey, query) = (surveyed.id, Arc::new(query));
    let asked = query.clone();
    let entries = actix_web::web::block(move || entries_of(&surveyed, &registered, &asked, after.as_ref()));
    let mut items = entries.await.map_err(|error| ApiError::Internal(error.into()))?;
    let position = |last: &ModelFolderEntry| Position { survey, path: last.path.clone() };
    let next_page_token = page::cut(&mut items, &query.page, key, &list, position);
    Ok(page::linked(&request, &query.page, next_page_token.as_deref()).json(Page { items, next_page_token }))
}

/// The entries of the page, and one more if the list goes on.
fn entries_of(
    surveyed: &Surveyed,
    registered: &Registered,
    query: &ListQuery,
    after: Option<&Position>,
) -> Vec<ModelFolderEntry> {
    let is_after = |entry: &ModelFolderEntry| after.is_none_or(|position| entry.path > position.path);
    let size = usize::try_from(query.page.page_size).unwrap_or(usize::MAX);
    let all = entries(&surveyed.survey.folders, registered).into_iter();
    all.filter(|entry| query.wants(entry) && is_after(entry)).take(size.saturating_add(1)).collect()
}
