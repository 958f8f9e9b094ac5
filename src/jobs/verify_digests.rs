//! Reading the weights of a base model and comparing them with the digests that its folder declares.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::json;
use uuid::Uuid;

use super::model::Progress;
use super::worker::Run;
use crate::base_models::{BaseModel, Reference};
use crate::cards::{ModelPath, verify_digests};
use crate::error::{ApiError, ApiResult};

/// How often the progress is noted.
const NOTE: Duration = Duration::from_secs(1);
/// No weights take longer to read than this.
const TIME: Duration = Duration::from_secs(24 * 3600);

/// What the reading thread tells, and what it is told.
#[derive(Default)]
struct Shared {
    bytes_read: AtomicU64,
    bytes_total: AtomicU64,
    cancelled: AtomicBool,
}

impl Shared {
    fn progress(&self) -> Progress {
        let count = |value: &AtomicU64| i64::try_from(value.load(Ordering::Relaxed)).unwrap_or(i64::MAX);
        Progress { total: Some(count(&self.bytes_total)), done: count(&self.bytes_read), ..Progress::default() }
    }
}

/// Begins anew after an interruption; false if it was left.
pub async fn run(run: &Run<'_>, base_model: Uuid) -> ApiResult<bool> {
    let service = run.service;
    let found = service.database.read(async |db| BaseModel::find(&Reference::Id(base_model), db).await).await?;
    let found = found.ok_or_else(|| ApiError::NotFound(base_model.to_string()))?;
    let path = ModelPath::parse(&found.path).map_err(|error| ApiError::StorageUnavailable(error.into()))?;
    let shared = Arc::new(Shared::default());
    let reading = {
        let shared = shared.clone();
        service.folders.with(path, TIME, move |folder, limits| {
            let note = |progress: crate::cards::DigestProgress| {
                shared.bytes_read.store(progress.bytes_read, Ordering::Relaxed);
                shared.bytes_total.store(progress.bytes_total, Ordering::Relaxed);
            };
            verify_digests(folder, limits, note, &shared.cancelled)
        })
    };
    tokio::pin!(reading);
    let digests = loop {
        match tokio::time::timeout(NOTE, &mut reading).await {
            Ok(digests) => break digests.map_err(|error| ApiError::StorageUnavailable(error.into()))?,
            Err(_) if run.proceed(&shared.progress()).await? => {}
            Err(_) => {
                shared.cancelled.store(true, Ordering::Relaxed);
                return Ok(false);
            }
        }
    };
    run.proceed(&Progress { result: Some(json!({"files": digests})), ..shared.progress() }).await
}
