//! The last surveys of the models root, so that the pages of one list come from one walk.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::cards::Survey;
use crate::error::{ApiError, ApiResult};
use crate::reading::{FOLDER_TIME, FolderReader, ReadingError};

/// How long a survey is good for further pages.
const KEPT: Duration = Duration::from_secs(300);
/// Surveys that are kept: each can be some megabytes.
const MOST: usize = 2;

/// A survey that was made, and when it was begun.
#[derive(Debug)]
pub struct Surveyed {
    pub id: Uuid,
    begun: Instant,
    pub survey: Survey,
}

/// The last surveys, newest last.
#[derive(Debug, Default)]
pub struct Surveys {
    kept: Mutex<Vec<Arc<Surveyed>>>,
    walk: tokio::sync::Mutex<()>,
}

impl Surveys {
    /// What lies below the models root now. One walk at a time: whoever asked before a walk began gets what it found.
    pub async fn now(&self, folders: &FolderReader) -> ApiResult<Arc<Surveyed>> {
        let asked = Instant::now();
        let walk = tokio::time::timeout(FOLDER_TIME, self.walk.lock()).await;
        let _walk = walk.map_err(|_| unavailable(ReadingError::Busy))?;
        if let Some(fresh) = self.find(|surveyed| surveyed.begun >= asked) {
            return Ok(fresh);
        }
        let begun = Instant::now();
        let survey = folders.survey().await.map_err(unavailable)?;
        let surveyed = Arc::new(Surveyed { id: Uuid::now_v7(), begun, survey });
        self.keep(surveyed.clone());
        Ok(surveyed)
    }

    /// The survey that an earlier page came from, unless it is too old or was made by another instance.
    pub fn earlier(&self, id: Uuid) -> Option<Arc<Surveyed>> {
        self.find(|surveyed| surveyed.id == id)
    }

    fn find(&self, is_it: impl Fn(&Surveyed) -> bool) -> Option<Arc<Surveyed>> {
        let mut kept = self.kept.lock().ok()?;
        kept.retain(|surveyed| surveyed.begun.elapsed() < KEPT);
        kept.iter().rev().find(|surveyed| is_it(surveyed)).cloned()
    }

    fn keep(&self, surveyed: Arc<Surveyed>) {
        let Ok(mut kept) = self.kept.lock() else { return };
        kept.push(surveyed);
        let surplus = kept.len().saturating_sub(MOST);
        kept.drain(..surplus);
    }
}

fn unavailable(error: ReadingError) -> ApiError {
    ApiError::StorageUnavailable(error.into())
}
