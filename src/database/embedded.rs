//! The database inside the process: PostgreSQL compiled to WebAssembly, kept in a folder.

use std::path::Path;

use oliphaunt_wasix::{AsyncOliphauntServer, DatabaseStorage, Error, StorageErrorCode};

/// It serves one connection at a time.
pub const CONNECTIONS: usize = 1;

/// A running database. It stops when it is closed or the process ends, however it ends.
pub struct Embedded {
    server: AsyncOliphauntServer,
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
        let shown = folder.display().to_string();
        Self::start_on(DatabaseStorage::Directory(folder.join("postgres"))).await.map_err(|error| {
            let busy = error.storage_error().is_some_and(|storage| storage.code() == StorageErrorCode::Busy);
            if busy { EmbeddedError::InUse(shown) } else { EmbeddedError::Unusable(shown, reason(&error)) }
        })
    }

    /// Starts a database that is gone with the process.
    pub async fn in_memory() -> Result<Self, Error> {
        Self::start_on(DatabaseStorage::Memory).await
    }

    async fn start_on(storage: DatabaseStorage) -> Result<Self, Error> {
        let server = AsyncOliphauntServer::builder().storage(storage).start().await?;
        Ok(Self { server })
    }

    pub fn url(&self) -> &str {
        self.server.connection_string()
    }

    /// Writes everything out and stops.
    pub async fn close(self) -> Result<(), Error> {
        self.server.close().await
    }
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
