//! Reading the folders of many base models again.

use futures_util::StreamExt as _;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::Progress;
use super::worker::Run;
use crate::app::Service;
use crate::base_models::{BaseModel, Reference, Scope, refresh};
use crate::error::{ApiError, ApiResult};

/// Folders read between two notes of the progress.
const BATCH: i64 = 32;
/// Folders read at a time.
const AT_A_TIME: usize = 4;
/// Failures that are told one by one.
const MAX_FAILURES: usize = 100;

/// What came out.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Outcome {
    changed: u64,
    unchanged: u64,
    failed: u64,
    failures: Vec<Failure>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Failure {
    base_model: Uuid,
    detail: String,
}

/// Goes on from where the job was left; false if it was left again.
pub async fn run(run: &Run<'_>, scope: &Scope) -> ApiResult<bool> {
    let service = run.service;
    let mut last: Uuid = run.job.position.as_deref().and_then(|id| id.parse().ok()).unwrap_or_default();
    let mut outcome: Outcome =
        run.job.result.clone().and_then(|result| serde_json::from_value(result).ok()).unwrap_or_default();
    let mut progress = Progress { done: run.job.done, ..Progress::default() };
    progress.total = Some(service.database.read(async |db| scope.count(db).await).await?);
    if !run.proceed(&progress).await? {
        return Ok(false);
    }
    loop {
        let batch = service.database.read(async |db| scope.after(last, BATCH, db).await).await?;
        let Some(end) = batch.last().copied() else { return Ok(true) };
        let mut results = futures_util::stream::iter(batch).map(|id| one(service, id)).buffer_unordered(AT_A_TIME);
        while let Some((id, result)) = results.next().await {
            outcome.note(id, result)?;
            progress.done += 1;
        }
        last = end;
        progress.position = Some(last.to_string());
        progress.result = serde_json::to_value(&outcome).ok();
        if !run.proceed(&progress).await? {
            return Ok(false);
        }
    }
}

/// Whether the card changed.
async fn one(service: &Service, id: Uuid) -> (Uuid, ApiResult<bool>) {
    let refreshed = async {
        let current = service.database.read(async |db| BaseModel::find(&Reference::Id(id), db).await).await?;
        match current {
            // Deleted meanwhile, or changed by somebody else, who has read the folder then.
            None => Ok(false),
            Some(current) => {
                Ok(refresh(service, current).await?.is_some_and(|refreshed| !refreshed.changes.is_empty()))
            }
        }
    };
    (id, refreshed.await)
}

impl Outcome {
    /// Notes what came of one folder. A database that is away is no fault of the folder: the job is left.
    fn note(&mut self, id: Uuid, result: ApiResult<bool>) -> ApiResult<()> {
        match result {
            Ok(true) => self.changed += 1,
            Ok(false) => self.unchanged += 1,
            Err(error @ ApiError::DatabaseUnavailable(_)) => return Err(error),
            Err(error) => {
                self.failed += 1;
                if self.failures.len() < MAX_FAILURES {
                    self.failures.push(Failure { base_model: id, detail: error.to_string() });
                }
            }
        }
        Ok(())
    }
}
