//! Works on jobs, one at a time, for as long as the service runs.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Data;
use tokio::sync::Notify;
use uuid::Uuid;

use super::model::{Claimed, Progress, Subject};
use super::{refresh_cards, verify_digests};
use crate::app::Service;
use crate::base_models::backfill;
use crate::error::{ApiError, ApiResult};

/// How often to look for jobs that another instance took in, or left.
const LOOK: Duration = Duration::from_secs(5);

/// Tells the worker of this instance that there is something to do.
#[derive(Debug, Clone, Default)]
pub struct WakeUp(Arc<Notify>);

impl WakeUp {
    pub fn now(&self) {
        self.0.notify_one();
    }
}

/// A job under way: what is to be done, and how to tell how far it is.
pub struct Run<'a> {
    pub service: &'a Service,
    pub job: &'a Claimed,
    instance: Uuid,
}

impl Run<'_> {
    /// Notes how far the job is. False when it is to be left: it was cancelled, or the service stops.
    pub async fn proceed(&self, progress: &Progress) -> ApiResult<bool> {
        let database = &self.service.database;
        let renewed = database.write(async |db| self.job.proceed(self.instance, progress, db).await).await?;
        Ok(renewed && !self.service.is_stopping())
    }
}

/// Works until the service stops.
pub async fn work(service: Data<Service>) {
    let instance = Uuid::now_v7();
    while !service.is_stopping() {
        let done = match one(&service, instance).await {
            Ok(false) => backfill(&service).await,
            done => done,
        };
        match done {
            Ok(true) => {}
            Ok(false) => drop(tokio::time::timeout(LOOK, service.wake_up.0.notified()).await),
            Err(error) => {
                tracing::warn!("what was to be done could not be worked on: {error}");
                tokio::time::sleep(LOOK).await;
            }
        }
    }
}

/// Does the next job; false if there is none.
async fn one(service: &Service, instance: Uuid) -> ApiResult<bool> {
    let claimed = service.database.write(async |db| Claimed::next(instance, db).await).await?;
    let Some(job) = claimed else { return Ok(false) };
    let run = Run { service, job: &job, instance };
    let done = match job.subject() {
        Ok(Subject::RefreshCards(scope)) => refresh_cards::run(&run, &scope).await,
        Ok(Subject::VerifyDigests { base_model }) => verify_digests::run(&run, base_model).await,
        Err(error) => Err(ApiError::Internal(error.into())),
    };
    let error = match done {
        // Left unfinished, not ended: it goes on when its claim has run out.
        Ok(false) | Err(ApiError::DatabaseUnavailable(_)) => return Ok(true),
        Ok(true) => None,
        Err(error) => {
            tracing::warn!("the job {} failed: {error}", job.id);
            Some(error.to_string())
        }
    };
    service.database.write(async |db| job.finish(instance, error.as_deref(), db).await).await?;
    Ok(true)
}
