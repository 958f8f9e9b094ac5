//! The database inside the process: PostgreSQL compiled to WebAssembly, kept in a folder.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use oliphaunt_wasix::{AsyncOliphauntServer, DatabaseStorage, Error, StorageErrorCode};
use tokio::sync::Mutex;

/// It serves one connection at a time.
pub const CONNECTIONS: usize = 1;
/// A statement that fails leaves its part of the stack behind. After about 1200 that were refused by a constraint every
/// statement is refused for lack of stack, and only a new start helps; it is made long before.
const MOST_FAILURES: usize = 500;

/// A running database. It stops when it is closed or the process ends, however it ends.
pub struct Embedded {
    /// Absent if it lies in memory, where it cannot be started anew.
    folder: Option<PathBuf>,
    server: Mutex<Option<AsyncOliphauntServer>>,
    failures: AtomicUsize,
}

/// Why it did not start, as one sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    #[error("the data folder {0} is in use by another process: stop it, or choose another with --data-dir")]
    InUse(String),
    #[error("the data folder {0} cannot be used ({1}): mend it, or choose another with --data-dir")]
    Unusable(String, String),
}

impl Embedded {
    /// Starts the database kept in that folder, which is made if it is absent.
    pub async fn start(folder: &Path) -> Result<Self, EmbeddedError> {
        Ok(Self::of(Some(folder.to_owned()), start_in(folder).await?))
    }

    /// Starts a database that is gone with the process.
    pub async fn in_memory() -> Result<Self, Error> {
        Ok(Self::of(None, start_on(DatabaseStorage::Memory).await?))
    }

    fn of(folder: Option<PathBuf>, server: AsyncOliphauntServer) -> Self {
        Self { folder, server: Mutex::new(Some(server)), failures: AtomicUsize::new(0) }
    }

    /// Where it is reached now. A worn one is started anew first, so nobody may be using it.
    pub async fn url(&self) -> Result<String, EmbeddedError> {
        let mut server = self.server.lock().await;
        if let (Some(folder), true) = (&self.folder, self.is_worn()) {
            if let Some(Err(error)) = close(server.take()).await {
                tracing::warn!("the embedded database did not close well: {error}");
            }
            *server = Some(start_in(folder).await?);
            self.failures.store(0, Ordering::Relaxed);
            tracing::info!("the embedded database was started anew, because many statements had failed");
        }
        Ok(server.as_ref().map(|server| server.connection_string().to_owned()).unwrap_or_default())
    }

    /// Counts a statement that failed.
    pub fn count_failure(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    /// Nothing more can be asked of it: the stack is used up.
    pub fn wear_out(&self) {
        self.failures.fetch_add(MOST_FAILURES, Ordering::Relaxed);
    }

    /// Whether so many statements failed that it is to be started anew.
    pub fn is_worn(&self) -> bool {
        self.folder.is_some() && self.failures.load(Ordering::Relaxed) >= MOST_FAILURES
    }

    /// Writes everything out and stops.
    pub async fn close(&self) -> Result<(), Error> {
        close(self.server.lock().await.take()).await.unwrap_or(Ok(()))
    }
}

async fn start_in(folder: &Path) -> Result<AsyncOliphauntServer, EmbeddedError> {
    let shown = folder.display().to_string();
    start_on(DatabaseStorage::Directory(folder.join("postgres"))).await.map_err(|error| {
        let busy = error.storage_error().is_some_and(|storage| storage.code() == StorageErrorCode::Busy);
        if busy { EmbeddedError::InUse(shown) } else { EmbeddedError::Unusable(shown, reason(&error)) }
    })
}

async fn start_on(storage: DatabaseStorage) -> Result<AsyncOliphauntServer, Error> {
    AsyncOliphauntServer::builder().storage(storage).start().await
}

async fn close(server: Option<AsyncOliphauntServer>) -> Option<Result<(), Error>> {
    Some(server?.close().await)
}

/// What was being done, and the innermost cause: only the two together say what is wrong with a folder.
fn reason(error: &Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let (doing, cause) = (error.to_string(), innermost.to_string());
    if doing == cause { doing } else { format!("{doing}: {cause}") }
}
