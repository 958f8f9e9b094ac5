//! Registering many folders at once, under the names that are proposed for them or under given ones.

use std::collections::HashMap;

use actix_web::HttpResponse;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use validator::{Validate, ValidationErrors};

use super::entry::{FolderState, ModelFolderEntry, RegisteredAs};
use crate::answer::{Place, log};
use crate::app::Service;
use crate::base_models::batch::{Batch, Mode, Outcomes, Told};
use crate::base_models::input::{ModelName, check_path};
use crate::base_models::names::{self, check_model_name, check_technical_name};
use crate::base_models::{BaseModel, href};
use crate::cards::{FolderKind, ModelPath};
use crate::error::{ApiError, ApiResult, Fault, Problem};
use crate::extract::{Body, Members};
use crate::idempotency::Once;

/// Most folders of one request.
const MOST: usize = 1000;

/// Which folders to register: those that are named, or all in one of these states.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"states": ["available", "incomplete"]}))]
#[serde(untagged)]
pub enum FolderSelection {
    Named(NamedFolders),
    InStates(FoldersInStates),
}

/// Folders that are named.
#[derive(Debug, Default, Validate, ToSchema)]
#[schema(example = json!({"folders": [{"path": "models/Llama-3.2-1B-Instruct", "technical_name": "llama3.2-1b"}]}))]
#[serde(deny_unknown_fields)]
pub struct NamedFolders {
    /// Folders by their paths, each with names of its own where the proposed ones are not wanted.
    #[validate(length(min = 1, max = 1000, message = "must be 1 to 1000 folders"), nested)]
    #[schema(min_items = 1, max_items = 1000)]
    pub folders: Vec<SelectedFolder>,
}

/// All folders that are in one of these states.
#[derive(Debug, Validate, ToSchema)]
#[schema(example = json!({"states": ["available"], "kinds": ["transformers", "gguf"]}))]
#[serde(deny_unknown_fields)]
pub struct FoldersInStates {
    #[validate(length(min = 1, max = 2, message = "must be 1 or 2 states"))]
    #[schema(min_items = 1, max_items = 2)]
    pub states: Vec<RegistrableState>,
    /// Only folders that were recognised as one of these.
    #[validate(length(min = 1, max = 9, message = "must be 1 to 9 kinds"))]
    #[schema(min_items = 1, max_items = 9)]
    pub kinds: Option<Vec<FolderKind>>,
}

/// A state in which a folder can be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum RegistrableState {
    /// A whole model that is not registered.
    Available,
    /// Recognised, but not all of the model is there.
    Incomplete,
}

impl From<RegistrableState> for FolderState {
    fn from(state: RegistrableState) -> Self {
        match state {
            RegistrableState::Available => Self::Available,
            RegistrableState::Incomplete => Self::Incomplete,
        }
    }
}

/// A folder to register.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SelectedFolder {
    /// Relative to the models root.
    #[validate(
        length(min = 1, max = 1024, message = "must be 1 to 1024 characters long"),
        custom(function = "check_path")
    )]
    #[schema(min_length = 1, max_length = 1024, example = "models/Llama-3.2-1B-Instruct")]
    pub path: String,
    /// Instead of the proposed one.
    #[validate(
        length(min = 1, max = 40, message = "must be 1 to 40 characters long"),
        custom(function = "check_technical_name")
    )]
    #[schema(min_length = 1, max_length = 40, pattern = "^[A-Za-z0-9][A-Za-z0-9.-]*$", example = "llama3.2-1b")]
    #[serde(default)]
    pub technical_name: Option<String>,
    /// Instead of the proposed one.
    #[validate(
        length(min = 1, max = 200, message = "must be 1 to 200 characters long"),
        custom(function = "check_model_name")
    )]
    #[schema(value_type = Option<ModelName>)]
    #[serde(default)]
    pub model_name: Option<String>,
}

impl Body for FolderSelection {
    fn read(members: &mut Members) -> Self {
        match members.one_of(&["folders", "states"]) {
            Some("states") => {
                Self::InStates(FoldersInStates { states: members.required("states"), kinds: members.optional("kinds") })
            }
            Some(_) => {
                members.misplaced("kinds", "goes with `states`, not with `folders`");
                let mut folders: Vec<SelectedFolder> = members.required("folders");
                for name in folders.iter_mut().filter_map(|folder| folder.model_name.as_mut()) {
                    *name = names::tidy(name);
                }
                Self::Named(NamedFolders { folders })
            }
            None => {
                let _: Option<Vec<FolderKind>> = members.optional("kinds");
                Self::Named(NamedFolders::default())
            }
        }
    }
}

impl Validate for FolderSelection {
    fn validate(&self) -> Result<(), ValidationErrors> {
        match self {
            Self::Named(named) => named.validate(),
            Self::InStates(in_states) => in_states.validate(),
        }
    }
}

/// What became of the folders.
#[derive(Debug, Clone, Serialize, ToSchema)]
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
#[derive(Debug, Clone, Serialize, ToSchema)]
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

/// A folder, and what is to be done with it.
struct Task {
    path: String,
    step: Step,
}

enum Step {
    Register(Value),
    Known(RegisteredAs),
    Refuse(ApiError),
}

/// Registers the selected ones of these folders and keeps the answer made of what became of them, in one transaction.
pub async fn register_folders(
    service: &Service,
    once: &Once,
    told: &[ModelFolderEntry],
    selection: FolderSelection,
    dry_run: bool,
    place: &Place,
    answer: impl Fn(&RegisteredFolders) -> HttpResponse,
) -> ApiResult<HttpResponse> {
    let is_named = matches!(selection, FolderSelection::Named(_));
    let (mut tasks, mut remaining) = tasks(told, selection);
    let new = (0..).zip(&tasks).filter_map(|(number, task)| match &task.step {
        Step::Register(new) => Some((number, new.clone())),
        Step::Known(_) | Step::Refuse(_) => None,
    });
    let (batch, limit) = Batch::read_some(service, new.collect()).await;
    if let Some(limit) = limit {
        if is_named || batch.items.is_empty() {
            return Err(ApiError::BatchTooLarge(limit));
        }
        // What was read is registered, and the rest with the next request.
        let whole = tasks.len();
        tasks.truncate(batch.items.last().map_or(0, |item| item.number as usize + 1));
        remaining += whole - tasks.len();
    }
    let answer =
        |outcomes: &Outcomes| answer(&RegisteredFolders::of(&tasks, batch.told(outcomes, place), remaining, place));
    batch.store(service, once, Mode { atomic: false, dry_run }, answer).await
}

impl RegisteredFolders {
    fn of(tasks: &[Task], told: Vec<Told<'_>>, remaining: usize, place: &Place) -> Self {
        let mut told = told.into_iter();
        let items = tasks.iter().filter_map(|task| {
            let (status, base_model, problem) = match &task.step {
                Step::Known(base_model) => (200, Some(base_model.clone()), None),
                Step::Refuse(why) => {
                    log(why);
                    let problem = why.problem(&place.path, &place.request_id);
                    (problem.status, None, Some(problem))
                }
                Step::Register(_) => {
                    let Told { status, base_model, problem } = told.next()?;
                    (status, base_model.map(RegisteredAs::from), problem)
                }
            };
            Some(RegisteredFolder { path: task.path.clone(), status, base_model, problem })
        });
        Self::counted(items.collect(), number(remaining))
    }

    /// What became of these folders, with their counts.
    pub fn counted(items: Vec<RegisteredFolder>, remaining: u32) -> Self {
        let registered = items.iter().filter(|item| item.status == 201).count();
        let refused = items.iter().filter(|item| item.problem.is_some()).count();
        Self { registered: number(registered), refused: number(refused), remaining, items }
    }
}

impl From<&BaseModel> for RegisteredAs {
    fn from(BaseModel { id, technical_name, model_name, .. }: &BaseModel) -> Self {
        let (technical_name, model_name) = (technical_name.clone(), model_name.clone());
        Self { id: *id, technical_name, model_name, href: href(id) }
    }
}

/// A count of at most some ten thousand.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn tasks(told: &[ModelFolderEntry], selection: FolderSelection) -> (Vec<Task>, usize) {
    let FoldersInStates { states, kinds } = match selection {
        FolderSelection::InStates(in_states) => in_states,
        FolderSelection::Named(NamedFolders { folders }) => {
            let links = told.iter().flat_map(|entry| entry.links.iter().map(move |link| (link.as_str(), entry)));
            let by_path = links.chain(told.iter().map(|entry| (entry.path.as_str(), entry))).collect();
            return (folders.into_iter().map(|folder| named(folder, &by_path)).collect(), 0);
        }
    };
    let is_meant = |entry: &&ModelFolderEntry| {
        let of_kind = |kinds: &Vec<FolderKind>| entry.kind.is_some_and(|kind| kinds.contains(&kind));
        states.iter().any(|state| FolderState::from(*state) == entry.state) && kinds.as_ref().is_none_or(of_kind)
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
        return Task { path, step: Step::Known(base_model.clone()) };
    }
    let proposal = entry.and_then(|entry| entry.proposal.clone());
    let technical_name = technical_name.or_else(|| proposal.as_ref().map(|names| names.technical_name.clone()));
    let model_name = model_name.or_else(|| proposal.map(|names| names.model_name));
    match (technical_name, model_name) {
        (Some(technical_name), Some(model_name)) => {
            let new = json!({"technical_name": technical_name, "model_name": model_name, "path": path});
            Task { path, step: Step::Register(new) }
        }
        _ => {
            let reason = entry.and_then(|entry| entry.reason.as_ref()).map(|reason| reason.detail.as_str());
            let reason = reason.unwrap_or("no model folder that has proposed names lies there");
            let detail = format!("{reason}; to register it nevertheless give it both names");
            let why = ApiError::ValidationFailed(vec![Fault::at("/path", "path", detail)]);
            Task { path, step: Step::Refuse(why) }
        }
    }
}
