//! Registering many base models with one request: their folders are read first, then all are stored in one transaction.

use std::collections::HashMap;
use std::time::Duration;

use actix_web::HttpResponse;
use diesel::QueryResult;
use diesel::result::Error as QueryError;
use futures_util::StreamExt as _;
use serde_json::{Map, Value};
use tokio::time::Instant;
use utoipa::ToSchema;
use utoipa::openapi::schema::{AdditionalProperties, AnyOfBuilder};
use utoipa::openapi::{Array, ArrayBuilder, ObjectBuilder, Ref, RefOr, Schema};
use uuid::Uuid;
use validator::Validate;

use super::input::NewBaseModel;
use super::model::BaseModel;
use super::register::Registration;
use crate::answer::{Place, log};
use crate::app::Service;
use crate::database::{self, Connection};
use crate::error::{ApiError, ApiResult, Conflict, Fault, Problem};
use crate::extract::{Body, Members};
use crate::idempotency::Once;

/// Most bytes of the body of a batch.
const MAX_BODY: usize = 8 << 20;
/// Folders of one batch that are read at the same time: half of the threads, so that others find one free.
const AT_ONCE: usize = 4;
/// How long all folders of a batch may take together.
const READING: Duration = Duration::from_secs(120);
/// How long all rows of a batch may take together.
const WRITING: Duration = Duration::from_secs(30);
/// Most bytes of cards and kept files that a batch may hold in memory.
const MAX_HELD: usize = 256 << 20;
/// Rows that are inserted with one statement.
const STATEMENT: usize = 50;
/// How often a name that was taken and is free again is tried.
const TRIES: usize = 3;

/// Base models to register.
#[derive(Debug, Validate, ToSchema)]
#[schema(example = json!({"items": [
    {"technical_name": "minilm", "model_name": "all-MiniLM-L6-v2", "path": "models/all-MiniLM-L6-v2"},
]}))]
#[serde(deny_unknown_fields)]
pub struct NewBatch {
    #[validate(length(min = 1, max = 1000, message = "must be 1 to 1000 base models"))]
    #[schema(schema_with = items)]
    pub items: Vec<Map<String, Value>>,
}

/// What the items are to be, and what else is taken: an object that is no base model is not refused with the batch, but by
/// itself, and its result says what is wrong.
fn items() -> Array {
    let another = ObjectBuilder::new()
        .additional_properties(Some(AdditionalProperties::FreeForm(true)))
        .description(Some("Another object: it is refused by itself, and its result says what is wrong."))
        .build();
    let item = AnyOfBuilder::new().item(Ref::from_schema_name(NewBaseModel::name())).item(another).build();
    ArrayBuilder::new().items(RefOr::T(Schema::from(item))).min_items(Some(1)).max_items(Some(1000)).build()
}

impl Body for NewBatch {
    const LIMIT: usize = MAX_BODY;

    fn read(members: &mut Members) -> Self {
        Self { items: members.required("items") }
    }
}

/// What is to become of a batch.
#[derive(Debug, Clone, Copy)]
pub struct Mode {
    /// All or nothing.
    pub atomic: bool,
    /// Nothing, but say what it would be.
    pub dry_run: bool,
}

/// A batch whose folders were read.
pub struct Batch {
    pub items: Vec<Item>,
}

/// A base model of a batch, or why it is none.
pub struct Item {
    /// Its place in the request, from 0.
    pub number: u32,
    pub registration: ApiResult<Registration>,
}

/// What a client is told of an item.
pub struct Told<'o> {
    /// That a request for it alone would have had: 201 if it is registered, 200 if it could be but nothing was stored,
    /// otherwise that of its problem.
    pub status: u16,
    pub base_model: Option<&'o BaseModel>,
    pub problem: Option<Problem>,
}

/// What became of an item, or would have.
pub enum Outcome {
    Registered(Box<BaseModel>),
    Taken(Vec<Conflict>),
    /// It did not get as far as the database.
    Refused,
}

/// What became of all items.
pub struct Outcomes {
    pub items: Vec<Outcome>,
    /// Whether what was registered stays so.
    pub is_stored: bool,
}

impl Batch {
    /// Judges the items and reads their folders, some at the same time. What is wrong with an item is told with it.
    pub async fn read(service: &Service, items: Vec<Map<String, Value>>) -> ApiResult<Self> {
        let items = items.into_iter().map(Value::Object);
        match Self::read_some(service, (0..).zip(items).collect()).await {
            (batch, None) => Ok(batch),
            (_, Some(limit)) => Err(ApiError::BatchTooLarge(limit)),
        }
    }

    /// The same, but only the first ones if they are too much for one request, and which limit that is.
    pub async fn read_some(service: &Service, items: Vec<(u32, Value)>) -> (Self, Option<&'static str>) {
        let until = Instant::now() + READING;
        let (mut read, mut held) = (Vec::with_capacity(items.len()), 0);
        let mut readings = futures_util::stream::iter(items).map(|item| registration(service, item)).buffered(AT_ONCE);
        loop {
            match tokio::time::timeout_at(until, readings.next()).await {
                Ok(Some(item)) => {
                    held += item.registration.as_ref().map_or(0, |registration| registration.folder.size());
                    read.push(item);
                    if held > MAX_HELD {
                        return (
                            Self { items: read },
                            Some("the cards and files of this batch have more than 256 MiB"),
                        );
                    }
                }
                Ok(None) => return (Self { items: read }, None),
                Err(_) => {
                    let limit = "the folders of this batch could not be read within 2 minutes";
                    return (Self { items: read }, Some(limit));
                }
            }
        }
    }

    /// Stores it as the mode says, together with the answer made of what became of it.
    pub async fn store(
        &self,
        service: &Service,
        once: &Once,
        mode: Mode,
        answer: impl Fn(&Outcomes) -> HttpResponse,
    ) -> ApiResult<HttpResponse> {
        let write = async |db: &mut Connection| self.insert(mode, db).await.map(|outcomes| Some(answer(&outcomes)));
        let answer = once.write_within(service, WRITING, write).await?;
        answer.ok_or_else(|| ApiError::Internal(anyhow::anyhow!("a batch has no answer")))
    }

    /// What a client is told of each item.
    pub fn told<'o>(&self, outcomes: &'o Outcomes, place: &Place) -> Vec<Told<'o>> {
        let both = || self.items.iter().zip(&outcomes.items);
        let registered = both().filter_map(|(item, outcome)| match outcome {
            Outcome::Registered(base_model) => Some((base_model.id, item.number)),
            Outcome::Taken(_) | Outcome::Refused => None,
        });
        let registered: HashMap<Uuid, u32> = registered.collect();
        let told = both().map(|(item, outcome)| match outcome {
            Outcome::Registered(base_model) => {
                Told { status: if outcomes.is_stored { 201 } else { 200 }, base_model: Some(base_model), problem: None }
            }
            Outcome::Taken(conflicts) => Told::refused(taken(conflicts, &registered, place)),
            Outcome::Refused => Told::refused(problem(&item.registration, place)),
        });
        told.collect()
    }

    /// Inserts what can be, and takes it back if the mode says so.
    async fn insert(&self, mode: Mode, db: &mut Connection) -> QueryResult<Outcomes> {
        let mut items = Vec::with_capacity(self.items.len());
        let stored = database::transaction(db, async |db| {
            for part in self.items.chunks(STATEMENT) {
                items.append(&mut insert(part, db).await?);
            }
            let is_whole = items.iter().all(|item| matches!(item, Outcome::Registered(_)));
            if mode.dry_run || mode.atomic && !is_whole { Err(QueryError::RollbackTransaction) } else { Ok(()) }
        })
        .await;
        match stored {
            Ok(()) => Ok(Outcomes { items, is_stored: true }),
            Err(QueryError::RollbackTransaction) => Ok(Outcomes { items, is_stored: false }),
            Err(error) => Err(error),
        }
    }
}

/// Inserts those whose names are free with one statement, and says of each of the others who holds its names.
async fn insert(items: &[Item], db: &mut Connection) -> QueryResult<Vec<Outcome>> {
    let rows: Vec<_> = items.iter().flat_map(|item| &item.registration).map(|item| (&item.row, &item.folder)).collect();
    let mut inserted = BaseModel::insert_free(&rows, db).await?.into_iter();
    let mut outcomes = Vec::with_capacity(items.len());
    for item in items {
        outcomes.push(match &item.registration {
            Err(_) => Outcome::Refused,
            Ok(registration) => match inserted.next().flatten() {
                Some(created) => Outcome::Registered(Box::new(created)),
                None => insert_or_tell(registration, db).await?,
            },
        });
    }
    Ok(outcomes)
}

async fn registration(service: &Service, (number, item): (u32, Value)) -> Item {
    let registration = match Members::read::<NewBaseModel>(item) {
        Ok(new) => Registration::read(service, new).await,
        Err(error) => Err(error),
    };
    Item { number, registration }
}

/// Says who holds the names of one that was not free. If nobody does any more, it is inserted after all.
async fn insert_or_tell(registration: &Registration, db: &mut Connection) -> QueryResult<Outcome> {
    for _ in 0..TRIES {
        let conflicts = BaseModel::conflicts(&registration.row, None, db).await?;
        if !conflicts.is_empty() {
            return Ok(Outcome::Taken(conflicts));
        }
        let inserted = BaseModel::insert_free(&[(&registration.row, &registration.folder)], db).await?;
        if let Some(created) = inserted.into_iter().next().flatten() {
            return Ok(Outcome::Registered(Box::new(created)));
        }
    }
    // Taken and free again three times over.
    Err(QueryError::NotFound)
}

impl Told<'_> {
    fn refused(problem: Problem) -> Self {
        Self { status: problem.status, base_model: None, problem: Some(problem) }
    }
}

fn problem<T>(refused: &ApiResult<T>, place: &Place) -> Problem {
    let nothing = ApiError::Internal(anyhow::anyhow!("an item was refused without a reason"));
    let error = refused.as_ref().err().unwrap_or(&nothing);
    log(error);
    error.problem(&place.path, &place.request_id)
}

/// Names that are taken, maybe by an earlier item of the same batch.
fn taken(conflicts: &[Conflict], registered: &HashMap<Uuid, u32>, place: &Place) -> Problem {
    let mut problem = ApiError::AlreadyExists(conflicts.to_vec()).problem(&place.path, &place.request_id);
    problem.errors = conflicts.iter().map(|held| fault(held, registered.get(&held.id))).collect();
    problem
}

fn fault(held: &Conflict, item: Option<&u32>) -> Fault {
    match item {
        None => held.fault(),
        Some(item) => {
            let detail = format!("is taken by item {item} of this batch; choose another");
            Fault::at(format!("/{}", held.field), "already_exists", detail)
        }
    }
}
