//! Registering many folders at once, under the names that are proposed for them or under given ones.

use std::collections::HashMap;

use futures_util::StreamExt as _;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use super::entry::{FolderState, ModelFolderEntry, RegisteredAs};
use crate::answer::{Place, log};
use crate::app::Service;
use crate::base_models::{NewBaseModel, href, register};
use crate::cards::{FolderKind, ModelPath};
use crate::error::{ApiError, ApiResult, Fault, Problem};
use crate::extract::{Body, Members};

/// Most folders of one request.
const MOST: usize = 1000;
/// Folders that are read at the same time: half of the threads, so that others find one free.
const AT_ONCE: usize = 4;

/// Which folders to register: those that are named, or all in one of these states.
#[derive(Debug, Validate, ToSchema)]
#[schema(example = json!({"states": ["available", "incomplete"]}))]
#[serde(deny_unknown_fields)]
pub struct FolderSelection {
    /// Folders by their paths, each with names of its own where the proposed ones are not wanted.
    #[validate(length(min = 1, max = 1000, message = "must be 1 to 1000 folders"))]
    #[schema(min_items = 1, max_items = 1000)]
    pub folders: Option<Vec<SelectedFolder>>,
    /// All folders in one of these states; only `available` and `incomplete` can be registered.
    #[validate(length(min = 1, max = 2, message = "must be 1 or 2 states"), custom(function = "check_states"))]
    #[schema(min_items = 1, max_items = 2)]
    pub states: Option<Vec<FolderState>>,
    /// With `states`: only folders that were recognised as one of these.
    #[validate(length(min = 1, max = 9, message = "must be 1 to 9 kinds"))]
    #[schema(min_items = 1, max_items = 9)]
    pub kinds: Option<Vec<FolderKind>>,
}

/// A folder to register.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SelectedFolder {
    /// Relative to the models root.
    #[schema(min_length = 1, max_length = 1024, example = "models/Llama-3.2-1B-Instruct")]
    pub path: String,
    /// Instead of the proposed one.
    #[schema(min_length = 1, max_length = 40, pattern = "^[A-Za-z0-9][A-Za-z0-9.-]*$", example = "llama3.2-1b")]
    #[serde(default)]
    pub technical_name: Option<String>,
    /// Instead of the proposed one.
    #[schema(min_length = 1, max_length = 200, example = "Llama-3.2-1B-Instruct")]
    #[serde(default)]
    pub model_name: Option<String>,
}

impl Body for FolderSelection {
    fn read(members: &mut Members) -> Self {
        Self {
            folders: members.optional("folders"),
            states: members.optional("states"),
            kinds: members.optional("kinds"),
        }
    }
}

impl FolderSelection {
    /// Whether it says which folders are meant, and says it once.
    pub fn check(&self) -> ApiResult<()> {
        let broken = |at: &str, detail: &str| Err(ApiError::ValidationFailed(vec![Fault::at(at, "required", detail)]));
        match (&self.folders, &self.states) {
            (Some(_), None) if self.kinds.is_some() => broken("/kinds", "goes with `states`, not with `folders`"),
            (Some(_), None) | (None, Some(_)) => Ok(()),
            _ => broken("", "give either `folders` or `states`"),
        }
    }
}

fn check_states(states: &[FolderState]) -> Result<(), ValidationError> {
    if states.iter().all(|state| matches!(state, FolderState::Available | FolderState::Incomplete)) {
        return Ok(());
    }
    Err(ValidationError::new("value").with_message("must be `available` or `incomplete`".into()))
}

/// What became of the folders.
#[derive(Debug, Serialize, ToSchema)]
pub struct RegisteredFolders {
    /// How many were registered. With `dry_run` none.
    #[schema(minimum = 0, maximum = 1000, example = 1)]
    pub registered: u32,
    /// How many were refused.
    #[schema(minimum = 0, maximum = 1000, example = 0)]
    pub refused: u32,
    /// How many more folders are in the named states: send the request again.
    #[schema(minimum = 0, maximum = 50000, example = 0)]
    pub remaining: u32,
    /// What became of each, in the order they were sent in, or by path.
    #[schema(max_items = 1000)]
    pub items: Vec<RegisteredFolder>,
}

/// What became of a folder.
#[derive(Debug, Serialize, ToSchema)]
pub struct RegisteredFolder {
    #[schema(max_length = 1031, example = "models/Llama-3.2-1B-Instruct")]
    pub path: String,
    /// 201 if it is registered now; 200 if it was before, or, with `dry_run`, if it could be; otherwise the status of its
    /// problem.
    #[schema(minimum = 200, maximum = 599, example = 201)]
    pub status: u16,
    /// The base model that it is registered as, or would be.
    pub base_model: Option<RegisteredAs>,
    /// Why it was refused.
    pub problem: Option<Problem>,
}

/// What is to be done with one folder.
enum Task {
    Register { path: String, new: Value },
    Known { path: String, base_model: RegisteredAs },
    Refuse { path: String, why: ApiError },
}

/// Registers the selected ones of these folders, a few at a time.
pub async fn register_folders(
    service: &Service,
    told: Vec<ModelFolderEntry>,
    selection: FolderSelection,
    dry_run: bool,
    place: &Place,
) -> RegisteredFolders {
    let (tasks, remaining) = tasks(&told, selection);
    let work = tasks.into_iter().map(|task| one(service, task, dry_run, place));
    let items: Vec<RegisteredFolder> = futures_util::stream::iter(work).buffered(AT_ONCE).collect().await;
    let registered = items.iter().filter(|item| item.status == 201).count();
    let refused = items.iter().filter(|item| item.problem.is_some()).count();
    RegisteredFolders { registered: number(registered), refused: number(refused), remaining: number(remaining), items }
}

/// A count of at most some ten thousand.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn tasks(told: &[ModelFolderEntry], selection: FolderSelection) -> (Vec<Task>, usize) {
    if let Some(folders) = selection.folders {
        let links = told.iter().flat_map(|entry| entry.links.iter().map(move |link| (link.as_str(), entry)));
        let by_path = links.chain(told.iter().map(|entry| (entry.path.as_str(), entry))).collect();
        return (folders.into_iter().map(|folder| named(folder, &by_path)).collect(), 0);
    }
    let (states, kinds) = (selection.states.unwrap_or_default(), selection.kinds);
    let is_meant = |entry: &&ModelFolderEntry| {
        let of_kind = |kinds: &Vec<FolderKind>| entry.kind.is_some_and(|kind| kinds.contains(&kind));
        states.contains(&entry.state) && kinds.as_ref().is_none_or(of_kind)
    };
    let meant: Vec<&ModelFolderEntry> = told.iter().filter(is_meant).collect();
    let nameless = |path: &str| SelectedFolder { path: path.to_owned(), technical_name: None, model_name: None };
    let tasks = meant.iter().take(MOST).map(|entry| of_entry(nameless(&entry.path), Some(entry)));
    (tasks.collect(), meant.len().saturating_sub(MOST))
}

/// A folder that was named, in whichever spelling.
fn named(folder: SelectedFolder, told: &HashMap<&str, &ModelFolderEntry>) -> Task {
    let parsed = ModelPath::parse(&folder.path);
    let spellings = parsed.iter().flat_map(|path| [path.to_string(), path.nested().to_string()]);
    let entry = spellings.into_iter().find_map(|path| told.get(path.as_str()).copied());
    of_entry(folder, entry)
}

fn of_entry(folder: SelectedFolder, entry: Option<&ModelFolderEntry>) -> Task {
    let SelectedFolder { path, technical_name, model_name } = folder;
    let is_nameless = technical_name.is_none() && model_name.is_none();
    if let Some(base_model) = entry.and_then(|entry| entry.registered_as.first()).filter(|_| is_nameless) {
        return Task::Known { path, base_model: base_model.clone() };
    }
    let proposal = entry.and_then(|entry| entry.proposal.clone());
    let technical_name = technical_name.or_else(|| proposal.as_ref().map(|names| names.technical_name.clone()));
    let model_name = model_name.or_else(|| proposal.map(|names| names.model_name));
    match (technical_name, model_name) {
        (Some(technical_name), Some(model_name)) => {
            let new = json!({"technical_name": technical_name, "model_name": model_name, "path": path});
            Task::Register { path, new }
        }
        _ => {
            let reason = entry.and_then(|entry| entry.reason.as_ref()).map(|reason| reason.detail.as_str());
            let reason = reason.unwrap_or("no model folder that has proposed names lies there");
            let detail = format!("{reason}; to register it nevertheless give it both names");
            Task::Refuse { path, why: ApiError::ValidationFailed(vec![Fault::at("/path", "path", detail)]) }
        }
    }
}

async fn one(service: &Service, task: Task, dry_run: bool, place: &Place) -> RegisteredFolder {
    let (path, result, status) = match task {
        Task::Known { path, base_model } => (path, Ok(base_model), 200),
        Task::Refuse { path, why } => (path, Err(why), 0),
        Task::Register { path, new } => (path, create(service, new, dry_run).await, if dry_run { 200 } else { 201 }),
    };
    match result {
        Ok(base_model) => RegisteredFolder { path, status, base_model: Some(base_model), problem: None },
        Err(error) => {
            log(&error);
            let problem = error.problem(&place.path, &place.request_id);
            RegisteredFolder { path, status: problem.status, base_model: None, problem: Some(problem) }
        }
    }
}

async fn create(service: &Service, new: Value, dry_run: bool) -> ApiResult<RegisteredAs> {
    let created = register(service, Members::read::<NewBaseModel>(new)?, dry_run).await?;
    let (id, technical_name, model_name) = (created.id, created.technical_name, created.model_name);
    Ok(RegisteredAs { id, technical_name, model_name, href: href(&id) })
}
