//! The record of a job and its queries.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::HasQuery;
use diesel::sql_types::Uuid as SqlUuid;
use diesel::{
    BoolExpressionMethods as _, ExpressionMethods as _, NullableExpressionMethods as _, OptionalExtension as _,
    QueryDsl as _, QueryResult, SelectableHelper as _,
};
use diesel_async::RunQueryDsl as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base_models::Scope;
use crate::database::Connection;
use crate::page::Position;
use crate::schema::jobs;

/// Work that takes longer than a request.
#[derive(Debug, Clone, Serialize, HasQuery, ToSchema)]
#[diesel(table_name = jobs, check_for_backend(Pg))]
pub struct Job {
    #[schema(example = "0192f0c1-2b6e-7c3a-9f00-2f6d1e6f0a11")]
    pub id: Uuid,
    /// `refresh_cards` or `verify_digests`.
    #[schema(pattern = "^(refresh_cards|verify_digests)$", example = "refresh_cards")]
    pub kind: String,
    /// What it works on.
    #[schema(value_type = Object)]
    pub subject: Value,
    /// `queued`, `running`, `succeeded`, `failed` or `cancelled`.
    #[schema(pattern = "^(queued|running|succeeded|failed|cancelled)$", example = "running")]
    pub state: String,
    /// How much there is to do: base models, or bytes; `null` until that is known.
    #[schema(minimum = 0, example = 120)]
    pub total: Option<i64>,
    /// How much of it is done.
    #[schema(minimum = 0, example = 48)]
    pub done: i64,
    /// What came out so far.
    #[schema(value_type = Object, nullable)]
    pub result: Option<Value>,
    /// Why it failed.
    #[schema(example = "the base model is gone")]
    pub error: Option<String>,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
}

/// What a job is to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", content = "subject", rename_all = "snake_case")]
pub enum Subject {
    /// Read the folders of these base models again.
    RefreshCards(Scope),
    /// Read the weights of this base model and compare them with the digests it declares.
    VerifyDigests { base_model: Uuid },
}

/// A job that this instance has claimed.
#[derive(Debug, HasQuery)]
#[diesel(table_name = jobs, check_for_backend(Pg))]
pub struct Claimed {
    pub id: Uuid,
    kind: String,
    subject: Value,
    pub position: Option<String>,
    pub done: i64,
    pub result: Option<Value>,
}

impl Claimed {
    pub fn subject(&self) -> serde_json::Result<Subject> {
        serde_json::from_value(serde_json::json!({"kind": self.kind, "subject": self.subject}))
    }
}

/// How far a job is.
#[derive(Debug, Default, diesel::AsChangeset)]
#[diesel(table_name = jobs)]
pub struct Progress {
    pub total: Option<i64>,
    pub done: i64,
    pub position: Option<String>,
    pub result: Option<Value>,
}

impl Job {
    pub async fn insert(subject: &Subject, db: &mut Connection) -> QueryResult<Self> {
        let described =
            serde_json::to_value(subject).map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
        let part = |name: &str| described.get(name).cloned().unwrap_or_default();
        let kind = part("kind").as_str().unwrap_or_default().to_owned();
        diesel::insert_into(jobs::table)
            .values((jobs::id.eq(Uuid::now_v7()), jobs::kind.eq(kind), jobs::subject.eq(part("subject"))))
            .returning(Self::as_returning())
            .get_result(db)
            .await
    }

    pub async fn find(id: Uuid, db: &mut Connection) -> QueryResult<Option<Self>> {
        Self::query().filter(jobs::id.eq(id)).first(db).await.optional()
    }

    pub async fn latest(db: &mut Connection) -> QueryResult<Option<Self>> {
        Self::page(None, 0, db).await.map(|jobs| jobs.into_iter().next())
    }

    /// The newest jobs, or those that follow a position, and one more to tell whether the list goes on.
    pub async fn page(after: Option<&Position>, size: i64, db: &mut Connection) -> QueryResult<Vec<Self>> {
        let query = Self::query().order((jobs::created_at.desc(), jobs::id.desc())).limit(size + 1).into_boxed();
        let query = match after {
            None => query,
            Some(last) => query
                .filter(jobs::created_at.le(last.created_at))
                .filter(jobs::created_at.lt(last.created_at).or(jobs::id.lt(last.id))),
        };
        query.load(db).await
    }

    /// Cancels a job that has not ended; one that has stays as it is.
    pub async fn cancel(id: Uuid, db: &mut Connection) -> QueryResult<Option<Self>> {
        let unfinished = jobs::table.filter(jobs::id.eq(id)).filter(jobs::state.eq_any(["queued", "running"]));
        diesel::update(unfinished)
            .set((jobs::state.eq("cancelled"), jobs::finished_at.eq(diesel::dsl::now)))
            .execute(db)
            .await?;
        Self::find(id, db).await
    }

    pub fn position(&self) -> Position {
        Position { created_at: self.created_at, id: self.id }
    }
}

impl Claimed {
    /// Claims the oldest job that nobody works on.
    pub async fn next(instance: Uuid, db: &mut Connection) -> QueryResult<Option<Self>> {
        // One statement: two instances that look at the same time do not get the same job.
        let claim = diesel::sql_query(
            "UPDATE jobs SET state = 'running', claimed_by = $1, claimed_until = now() + make_interval(secs => 15), \
             started_at = coalesce(started_at, now()) \
             WHERE id = (SELECT id FROM jobs WHERE state IN ('queued', 'running') \
             AND (claimed_until IS NULL OR claimed_until < now()) ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED)",
        );
        if claim.bind::<SqlUuid, _>(instance).execute(db).await? == 0 {
            return Ok(None);
        }
        let mine = Self::query().filter(jobs::claimed_by.eq(instance)).filter(jobs::state.eq("running"));
        mine.order(jobs::created_at).first(db).await.optional()
    }

    /// Notes how far it is and renews the claim; false if it was cancelled or is another instance's now.
    pub async fn proceed(&self, instance: Uuid, progress: &Progress, db: &mut Connection) -> QueryResult<bool> {
        let mine = jobs::table.filter(jobs::id.eq(self.id)).filter(jobs::claimed_by.eq(instance));
        let renewed = diesel::update(mine.filter(jobs::state.eq("running")))
            .set((progress, jobs::claimed_until.eq(claim_end().nullable())))
            .execute(db)
            .await?;
        Ok(renewed == 1)
    }

    pub async fn finish(&self, instance: Uuid, error: Option<&str>, db: &mut Connection) -> QueryResult<()> {
        let state = if error.is_some() { "failed" } else { "succeeded" };
        let mine = jobs::table.filter(jobs::id.eq(self.id)).filter(jobs::claimed_by.eq(instance));
        diesel::update(mine.filter(jobs::state.eq("running")))
            .set((jobs::state.eq(state), jobs::error.eq(error), jobs::finished_at.eq(diesel::dsl::now)))
            .execute(db)
            .await
            .map(drop)
    }
}

/// The end of a claim that begins now, by the clock of the database.
fn claim_end() -> diesel::expression::SqlLiteral<diesel::sql_types::Timestamptz> {
    diesel::dsl::sql("now() + make_interval(secs => 15)")
}
