//! The record of a key and its queries.

use actix_web::HttpRequest;
use diesel::prelude::HasQuery;
use diesel::result::Error as QueryError;
use diesel::sql_types::{Bytea, Text, Uuid as SqlUuid};
use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, QueryResult};
use diesel_async::RunQueryDsl as _;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::key::Key;
use crate::database::Connection;
use crate::extract::BodyDigest;
use crate::schema::idempotency_keys;

/// A request that runs, or wants to run, under a key.
pub struct Claim {
    key: String,
    operation: [u8; 32],
    body_digest: [u8; 32],
    id: Uuid,
}

/// How it stands with a key.
pub enum Standing {
    /// It is this request's now.
    Claimed,
    /// The same request was answered before.
    Answered(Kept),
    /// The same request is running.
    Running,
    /// It was used for another body.
    OtherBody,
    /// It was another request's a moment ago.
    LetGo,
}

/// An answer that is kept.
#[derive(Debug)]
pub struct Kept {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

#[derive(HasQuery)]
#[diesel(table_name = idempotency_keys, check_for_backend(diesel::pg::Pg))]
struct Row {
    body_digest: Vec<u8>,
    status: Option<i16>,
    headers: Option<Value>,
    body: Option<Vec<u8>>,
}

impl Claim {
    pub fn new(key: &Key, request: &HttpRequest, body: BodyDigest) -> Self {
        let mut operation = Sha256::new();
        operation.update(request.method().as_str());
        operation.update(" ");
        operation.update(request.uri().path_and_query().map_or("", |address| address.as_str()));
        Self {
            key: key.as_str().to_owned(),
            operation: operation.finalize().into(),
            body_digest: body.0,
            id: Uuid::now_v7(),
        }
    }

    /// Claims the key if it is free, and tells how it stands with it if it is not.
    pub async fn take(&self, db: &mut Connection) -> QueryResult<Standing> {
        remove_expired(db).await?;
        // One statement: of two requests that come at the same time, one claims the key. Five minutes are longer than any
        // request takes, and a batch takes longest.
        let claim = diesel::sql_query(
            "INSERT INTO idempotency_keys (key, operation, body_digest, claim, claimed_until) \
             VALUES ($1, $2, $3, $4, now() + interval '5 minutes') \
             ON CONFLICT (key, operation) DO UPDATE SET body_digest = excluded.body_digest, claim = excluded.claim, \
             claimed_until = excluded.claimed_until, created_at = now(), status = NULL, headers = NULL, body = NULL \
             WHERE idempotency_keys.created_at < now() - interval '24 hours' \
             OR (idempotency_keys.status IS NULL AND idempotency_keys.claimed_until < now())",
        );
        let claim = claim.bind::<Text, _>(&self.key).bind::<Bytea, _>(&self.operation[..]);
        let claimed = claim.bind::<Bytea, _>(&self.body_digest[..]).bind::<SqlUuid, _>(self.id).execute(db).await?;
        if claimed == 1 { Ok(Standing::Claimed) } else { self.standing(db).await }
    }

    async fn standing(&self, db: &mut Connection) -> QueryResult<Standing> {
        let found = Row::query().filter(idempotency_keys::key.eq(&self.key));
        let found = found.filter(idempotency_keys::operation.eq(&self.operation[..])).first(db).await.optional()?;
        let Some(Row { body_digest, status, headers, body }) = found else { return Ok(Standing::LetGo) };
        if body_digest != self.body_digest {
            return Ok(Standing::OtherBody);
        }
        let Some(status) = status.and_then(|status| u16::try_from(status).ok()) else { return Ok(Standing::Running) };
        let headers = serde_json::from_value(headers.unwrap_or_default())
            .map_err(|error| QueryError::DeserializationError(error.into()))?;
        Ok(Standing::Answered(Kept { status, headers, body: body.unwrap_or_default() }))
    }

    /// Keeps the answer. If another request has claimed the key meanwhile, it goes on and this one is rolled back.
    pub async fn keep(&self, kept: &Kept, db: &mut Connection) -> QueryResult<()> {
        let headers =
            serde_json::to_value(&kept.headers).map_err(|error| QueryError::SerializationError(error.into()))?;
        let status = i16::try_from(kept.status).map_err(|error| QueryError::SerializationError(error.into()))?;
        let mine = idempotency_keys::table.find((&self.key, &self.operation[..]));
        let mine = mine.filter(idempotency_keys::claim.eq(self.id));
        let answer = (
            idempotency_keys::status.eq(status),
            idempotency_keys::headers.eq(headers),
            idempotency_keys::body.eq(&kept.body),
        );
        match diesel::update(mine).set(answer).execute(db).await? {
            1 => Ok(()),
            _ => Err(QueryError::RollbackTransaction),
        }
    }

    pub async fn let_go(&self, db: &mut Connection) -> QueryResult<()> {
        let mine = idempotency_keys::table.find((&self.key, &self.operation[..]));
        let mine = mine.filter(idempotency_keys::claim.eq(self.id)).filter(idempotency_keys::status.is_null());
        diesel::delete(mine).execute(db).await.map(drop)
    }
}

/// Lets go of all keys whose requests have not ended.
pub async fn let_go_of_all(db: &mut Connection) -> QueryResult<()> {
    let unfinished = idempotency_keys::table.filter(idempotency_keys::status.is_null());
    diesel::delete(unfinished).execute(db).await.map(drop)
}

/// Removes some of the keys that have expired. Each claim adds one key and removes up to this many, so they do not pile up.
async fn remove_expired(db: &mut Connection) -> QueryResult<()> {
    let expired = diesel::sql_query(
        "DELETE FROM idempotency_keys WHERE (key, operation) IN (SELECT key, operation FROM idempotency_keys \
         WHERE created_at < now() - interval '24 hours' ORDER BY created_at LIMIT 20 FOR UPDATE SKIP LOCKED)",
    );
    expired.execute(db).await.map(drop)
}
