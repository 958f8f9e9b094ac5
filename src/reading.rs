//! Reading model folders on threads of their own, so that a slow or hanging disk stalls nothing else.
//!
//! A thread that hangs in the kernel cannot be ended. Its caller is answered after a while, the
//! thread is counted as stuck, and once several are stuck no more are risked until one comes back.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;

use crate::cards::{self, Extraction, FolderError, Limits, ModelFolder, ModelPath, ModelsRoot, Survey, SurveyLimits};

const THREADS: usize = 8;
/// How long a request waits for a free thread.
const WAIT: Duration = Duration::from_secs(5);
/// How long a look at the root may take.
const LOOK: Duration = Duration::from_millis(500);
/// How long a folder may take: longer than the limits give it, which a hanging call does not keep.
pub const FOLDER_TIME: Duration = Duration::from_secs(35);
/// So many stuck threads mean that the disk hangs.
const STUCK: usize = 3;

/// Reads folders below the models root. Clones share the threads.
#[derive(Clone)]
pub struct FolderReader {
    inner: Arc<Inner>,
}

struct Inner {
    root: PathBuf,
    limits: Limits,
    free: Arc<Semaphore>,
    stuck: Arc<AtomicUsize>,
    /// Taken out when the reader goes, because stuck threads must not hold up the end of the process.
    runtime: Option<Runtime>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Why a folder was not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadingError {
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error("the models root cannot be opened")]
    Root(#[source] std::io::Error),
    #[error("all threads that read folders are busy")]
    Busy,
    #[error("the folder did not answer in time")]
    Timeout,
    #[error("the reading failed")]
    Failed(#[source] anyhow::Error),
}

/// A folder that was found, and what it gave.
#[derive(Debug)]
pub struct Reading {
    /// The path in the form it is kept in.
    pub path: ModelPath,
    pub extraction: Extraction,
}

impl FolderReader {
    pub fn new(root: PathBuf, limits: Limits) -> std::io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(THREADS)
            .thread_name("folders")
            .build()?;
        let inner = Inner {
            root,
            limits,
            free: Arc::new(Semaphore::new(THREADS)),
            stuck: Arc::new(AtomicUsize::new(0)),
            runtime: Some(runtime),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Reads the card of a folder.
    pub async fn card(&self, path: ModelPath) -> Result<Reading, ReadingError> {
        let limits = self.inner.limits.clone();
        self.run(FOLDER_TIME, move |root| {
            let (path, folder) = root.folder(&path)?;
            let extraction = cards::extract(&folder, &limits).map_err(FolderError::Unreadable)?;
            Ok(Reading { path, extraction })
        })
        .await
    }

    /// Does something else with a folder.
    pub async fn with<T: Send + 'static>(
        &self,
        path: ModelPath,
        time: Duration,
        work: impl FnOnce(&ModelFolder, &Limits) -> std::io::Result<T> + Send + 'static,
    ) -> Result<T, ReadingError> {
        let limits = self.inner.limits.clone();
        self.run(time, move |root| {
            let (_, folder) = root.folder(&path)?;
            Ok(work(&folder, &limits).map_err(FolderError::Unreadable)?)
        })
        .await
    }

    /// Walks through the models root and tells what lies there.
    pub async fn survey(&self) -> Result<Survey, ReadingError> {
        self.run(FOLDER_TIME, |root| {
            let surveyed = cards::survey(root, &SurveyLimits::default(), &mut |_| {});
            Ok(surveyed.map_err(FolderError::Unreadable)?)
        })
        .await
    }

    /// Whether the root can be read now.
    pub async fn check(&self) -> Result<(), ReadingError> {
        self.run(LOOK, |root| root.check().map_err(|error| FolderError::Unreadable(error).into())).await
    }

    async fn run<T: Send + 'static>(
        &self,
        time: Duration,
        work: impl FnOnce(&ModelsRoot) -> Result<T, ReadingError> + Send + 'static,
    ) -> Result<T, ReadingError> {
        if self.inner.stuck.load(Ordering::Relaxed) >= STUCK {
            return Err(ReadingError::Busy);
        }
        let waiting = tokio::time::timeout(WAIT, self.inner.free.clone().acquire_owned());
        let Ok(Ok(permit)) = waiting.await else { return Err(ReadingError::Busy) };
        let root = self.inner.root.clone();
        let Some(runtime) = &self.inner.runtime else { return Err(ReadingError::Busy) };
        let mut task = runtime.spawn_blocking(move || {
            let _permit = permit;
            // Opened anew each time: a root that was unmounted and mounted again is another one.
            let root = ModelsRoot::open(&root).map_err(ReadingError::Root)?;
            work(&root)
        });
        match tokio::time::timeout(time, &mut task).await {
            Ok(joined) => joined.map_err(|panic| ReadingError::Failed(panic.into()))?,
            Err(_) => {
                self.count_stuck(task);
                Err(ReadingError::Timeout)
            }
        }
    }

    /// Counts a thread as stuck for as long as it is.
    fn count_stuck<T: Send + 'static>(&self, task: tokio::task::JoinHandle<T>) {
        let stuck = self.inner.stuck.clone();
        stuck.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            let _ = task.await;
            stuck.fetch_sub(1, Ordering::Relaxed);
        });
    }
}
