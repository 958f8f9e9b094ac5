//! Registering many base models with one request: their folders are read first, then all are stored in one transaction.

use std::time::Duration;

use actix_web::HttpResponse;
use diesel::QueryResult;
use diesel::result::Error as QueryError;
use futures_util::StreamExt as _;
use serde_json::Value;
use utoipa::ToSchema;
use validator::Validate;

use super::input::NewBaseModel;
use super::model::BaseModel;
use super::register::Registration;
use crate::app::Service;
use crate::database::{self, Connection};
use crate::error::{ApiError, ApiResult, Conflict, Fault};
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
    #[schema(value_type = Vec<NewBaseModel>, min_items = 1, max_items = 1000)]
    pub items: Vec<Value>,
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
    pub items: Vec<ApiResult<Registration>>,
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
    pub async fn read(service: &Service, items: Vec<Value>) -> ApiResult<Self> {
        let too_slow = |_| Err(ApiError::BatchTooLarge("the folders of this batch could not be read within 2 minutes"));
        tokio::time::timeout(READING, Self::read_all(service, items)).await.unwrap_or_else(too_slow)
    }

    async fn read_all(service: &Service, items: Vec<Value>) -> ApiResult<Self> {
        let (mut read, mut held) = (Vec::with_capacity(items.len()), 0);
        let mut readings = futures_util::stream::iter(items).map(|item| registration(service, item)).buffered(AT_ONCE);
        while let Some(registration) = readings.next().await {
            held += registration.as_ref().map_or(0, |registration| registration.folder.size());
            if held > MAX_HELD {
                return Err(ApiError::BatchTooLarge("the cards and files of this batch have more than 256 MiB"));
            }
            read.push(registration);
        }
        Ok(Self { items: read })
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
async fn insert(items: &[ApiResult<Registration>], db: &mut Connection) -> QueryResult<Vec<Outcome>> {
    let rows: Vec<_> = items.iter().flatten().map(|item| (&item.row, &item.folder)).collect();
    let mut inserted = BaseModel::insert_free(&rows, db).await?.into_iter();
    let mut outcomes = Vec::with_capacity(items.len());
    for item in items {
        outcomes.push(match item {
            Err(_) => Outcome::Refused,
            Ok(registration) => match inserted.next().flatten() {
                Some(created) => Outcome::Registered(Box::new(created)),
                None => insert_or_tell(registration, db).await?,
            },
        });
    }
    Ok(outcomes)
}

async fn registration(service: &Service, item: Value) -> ApiResult<Registration> {
    if !item.is_object() {
        return Err(ApiError::MalformedBody(vec![Fault::at(
            "",
            "type",
            "must be an object: a base model to register",
        )]));
    }
    Registration::read(service, Members::read::<NewBaseModel>(item)?).await
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
