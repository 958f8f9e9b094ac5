//! Doing a POST once, however often it is sent: the `Idempotency-Key` header.
//!
//! The first request under a key claims it for a while. What it writes and what it answers are stored in one transaction,
//! so that the answer is kept exactly when the change is made; whoever sends the same again is given that answer. Only
//! successes are kept: a failure has changed nothing, and the next try is judged anew. If the instance dies before the
//! transaction, the claim runs out and the key is free again.

mod key;
mod model;

use std::cell::Cell;
use std::future::{Ready, ready};
use std::time::Duration;

use actix_web::body::MessageBody as _;
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::{Bytes, Data};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, HttpResponse};
use diesel::QueryResult;
use utoipa::IntoParams;

pub use key::KEY;
use key::Key;
use model::{Claim, Kept, Standing};

use crate::app::{Service, detached};
use crate::database::{self, Connection, Database, DatabaseError};
use crate::error::{ApiError, ApiResult};
use crate::extract::BodyDigest;

/// Marks an answer that was given before.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// How often a key that is let go of meanwhile is claimed again.
const TRIES: usize = 3;

/// Header of an operation that changes something each time it is done.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it describes the header in the OpenAPI document")]
pub struct IdempotencyHeader {
    /// A text of your own, such as a UUID, that names this request. Sent again with the same key within 24 hours, it is not
    /// done again: you are given the first answer, marked by `Idempotency-Replayed: true`. With the same key and another
    /// body it is refused with 422, and with 409 while the first one is still running. Failures are not kept.
    #[param(
        rename = "Idempotency-Key",
        required = false,
        min_length = 1,
        max_length = 255,
        pattern = "^[!-~]([ -~]*[!-~])?$",
        example = "8e03978e-40d5-43dd-bc93-6894a57f9324"
    )]
    idempotency_key: String,
}

/// The key that a request was sent with, if any.
pub struct Idempotency {
    key: Option<Key>,
    request: HttpRequest,
}

impl FromRequest for Idempotency {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Key::of(request).map(|key| Self { key, request: request.clone() }))
    }
}

impl Idempotency {
    /// Does the work to its end, also when the client goes away, or answers as it was answered before.
    pub async fn run(
        self,
        service: &Data<Service>,
        work: impl AsyncFnOnce(&Service, &Once) -> ApiResult<HttpResponse> + 'static,
    ) -> ApiResult<HttpResponse> {
        let (service, claim) = (service.clone(), self.claim());
        detached(async move {
            let Some(claim) = claim else { return work(&service, &Once::default()).await };
            if let Some(kept) = take(&service, &claim).await? {
                return kept.replay();
            }
            let once = Once { claim: Some(claim), is_kept: Cell::new(false) };
            let outcome = work(&service, &once).await;
            once.settle(&service, outcome).await
        })
        .await
    }

    fn claim(&self) -> Option<Claim> {
        let key = self.key.as_ref()?;
        let body = self.request.extensions().get::<BodyDigest>().copied().unwrap_or_default();
        Some(Claim::new(key, &self.request, body))
    }
}

/// Lets go of what a former process had claimed. Only for a database that no other process uses.
pub async fn let_go_of_all(database: &Database) -> Result<(), DatabaseError> {
    database.write(model::let_go_of_all).await
}

/// Claims the key; the answer that is kept under it if there is one.
async fn take(service: &Service, claim: &Claim) -> ApiResult<Option<Kept>> {
    for _ in 0..TRIES {
        match service.database.write(async |db| claim.take(db).await).await? {
            Standing::Claimed => return Ok(None),
            Standing::Answered(kept) => return Ok(Some(kept)),
            Standing::Running => return Err(ApiError::RequestInProgress),
            Standing::OtherBody => return Err(ApiError::IdempotencyKeyReused),
            Standing::LetGo => {}
        }
    }
    Err(ApiError::RequestInProgress)
}

/// What makes sure that a write and its answer are stored together. Without a key it only runs the write.
#[derive(Default)]
pub struct Once {
    claim: Option<Claim>,
    is_kept: Cell<bool>,
}

impl Once {
    /// Runs a write and keeps the answer it gives, in one transaction. A write that gives none has changed nothing.
    pub async fn write(
        &self,
        service: &Service,
        work: impl AsyncFn(&mut Connection) -> QueryResult<Option<HttpResponse>>,
    ) -> Result<Option<HttpResponse>, DatabaseError> {
        self.write_within(service, database::ANSWER, work).await
    }

    /// The same for a write that may take longer than others.
    pub async fn write_within(
        &self,
        service: &Service,
        time: Duration,
        work: impl AsyncFn(&mut Connection) -> QueryResult<Option<HttpResponse>>,
    ) -> Result<Option<HttpResponse>, DatabaseError> {
        let Some(claim) = &self.claim else { return service.database.write_within(time, work).await };
        let both = async |db: &mut Connection| {
            database::transaction(db, async |db| match work(db).await? {
                Some(answer) => keep(claim, answer, db).await.map(Some),
                None => Ok(None),
            })
            .await
        };
        let answer = service.database.write_within(time, both).await?;
        self.is_kept.set(answer.is_some());
        Ok(answer)
    }

    /// Keeps an answer for which nothing had to be written, and lets go of the key after a failure.
    async fn settle(&self, service: &Service, outcome: ApiResult<HttpResponse>) -> ApiResult<HttpResponse> {
        let Some(claim) = &self.claim else { return outcome };
        match outcome {
            Ok(answer) if self.is_kept.get() => Ok(answer),
            Ok(answer) => {
                let (kept, answer) = Kept::of(answer)?;
                service.database.write(async |db| claim.keep(&kept, db).await).await?;
                Ok(answer)
            }
            Err(error) => {
                // If even this fails, the claim runs out by itself.
                if let Err(cause) = service.database.write(async |db| claim.let_go(db).await).await {
                    tracing::warn!("an idempotency key stays claimed for a while: {cause}");
                }
                Err(error)
            }
        }
    }
}

async fn keep(claim: &Claim, answer: HttpResponse, db: &mut Connection) -> QueryResult<HttpResponse> {
    let unreadable = |error: ApiError| diesel::result::Error::SerializationError(Box::new(error));
    let (kept, answer) = Kept::of(answer).map_err(unreadable)?;
    claim.keep(&kept, db).await?;
    Ok(answer)
}

impl Kept {
    /// An answer as it is kept, and the same to be sent.
    fn of(answer: HttpResponse) -> ApiResult<(Self, HttpResponse)> {
        let (answer, body) = answer.into_parts();
        let streamed = |_| ApiError::Internal(anyhow::anyhow!("an answer that is kept has to be whole"));
        let body: Bytes = body.try_into_bytes().map_err(streamed)?;
        let headers = answer
            .headers()
            .iter()
            .filter_map(|(name, value)| value.to_str().ok().map(|value| (name.as_str().to_owned(), value.to_owned())));
        let kept = Self { status: answer.status().as_u16(), headers: headers.collect(), body: body.to_vec() };
        Ok((kept, answer.set_body(body).map_into_boxed_body()))
    }

    fn replay(self) -> ApiResult<HttpResponse> {
        let internal = |error: anyhow::Error| ApiError::Internal(error.context("a kept answer cannot be given again"));
        let status = StatusCode::from_u16(self.status).map_err(|error| internal(error.into()))?;
        let mut answer = HttpResponse::build(status);
        for (name, value) in &self.headers {
            answer.insert_header((name.as_str(), value.as_str()));
        }
        answer.insert_header((REPLAYED, HeaderValue::from_static("true")));
        Ok(answer.body(self.body))
    }
}
