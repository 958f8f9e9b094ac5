//! Where the data is kept: in the embedded database of a folder, or on a server.

use std::path::Path;

use anyhow::bail;
use diesel::ConnectionResult;
use diesel::result::{DatabaseErrorKind, Error as QueryError};

#[cfg(feature = "embedded")]
use super::embedded::{self, Embedded};
use crate::config::DatabasePlace;

/// Whether a statement was refused for lack of stack. The driver tells it by its words only.
pub fn is_out_of_stack(error: &QueryError) -> bool {
    match error {
        QueryError::DatabaseError(DatabaseErrorKind::Unknown, information) => {
            information.message().contains("stack depth limit exceeded")
        }
        _ => false,
    }
}

/// Where the data is kept.
pub enum Source {
    #[cfg(feature = "embedded")]
    Embedded(Embedded),
    Server {
        url: String,
        reachable: bool,
    },
}

impl Source {
    /// The database of the address, or the embedded one of the folder. Whoever is patient takes one that cannot be
    /// reached yet.
    pub async fn open(place: &DatabasePlace, patient: bool) -> anyhow::Result<Self> {
        match &place.database_url {
            Some(url) => Self::server(url.reveal(), patient).await,
            None => Self::embedded(&place.data_dir).await,
        }
    }

    async fn server(url: &str, patient: bool) -> anyhow::Result<Self> {
        match super::check(url).await {
            Ok(()) => Ok(Self::Server { url: url.to_owned(), reachable: true }),
            Err(error) if patient && error.may_pass() => {
                tracing::warn!("{error}; trying again until it can");
                Ok(Self::Server { url: url.to_owned(), reachable: false })
            }
            Err(error) => bail!(error),
        }
    }

    #[cfg(feature = "embedded")]
    async fn embedded(data_dir: &Path) -> anyhow::Result<Self> {
        Ok(Self::Embedded(Embedded::start(data_dir).await?))
    }

    #[cfg(not(feature = "embedded"))]
    async fn embedded(_: &Path) -> anyhow::Result<Self> {
        bail!("this build has no embedded database: name a PostgreSQL with --database-url")
    }

    /// Where it is reached now. Only for whoever makes all connections to it.
    pub async fn url(&self) -> ConnectionResult<String> {
        match self {
            #[cfg(feature = "embedded")]
            Self::Embedded(embedded) => {
                embedded.url().await.map_err(|error| diesel::ConnectionError::BadConnection(error.to_string()))
            }
            Self::Server { url, .. } => Ok(url.clone()),
        }
    }

    /// Takes note of a statement that failed. Whether the connection has to go, so that the next one finds a database that
    /// was started anew.
    pub fn is_worn_by(&self, error: &QueryError) -> bool {
        match self {
            #[cfg(feature = "embedded")]
            Self::Embedded(embedded) => {
                match error {
                    error if is_out_of_stack(error) => embedded.wear_out(),
                    QueryError::DatabaseError(..) => embedded.count_failure(),
                    _ => {}
                }
                embedded.is_worn()
            }
            // The process that serves a connection ends with it, and the next one has a stack of its own.
            Self::Server { .. } => is_out_of_stack(error),
        }
    }

    /// How many connections it is given of those that a server may have.
    pub fn connections(&self, most: u16) -> usize {
        match self {
            #[cfg(feature = "embedded")]
            Self::Embedded(_) => embedded::CONNECTIONS,
            Self::Server { .. } => usize::from(most),
        }
    }

    /// Whether no other process can be using it.
    pub fn is_ours_alone(&self) -> bool {
        match self {
            #[cfg(feature = "embedded")]
            Self::Embedded(_) => true,
            Self::Server { .. } => false,
        }
    }

    pub fn is_reachable(&self) -> bool {
        match self {
            #[cfg(feature = "embedded")]
            Self::Embedded(_) => true,
            Self::Server { reachable, .. } => *reachable,
        }
    }

    pub async fn close(&self) -> anyhow::Result<()> {
        match self {
            #[cfg(feature = "embedded")]
            Self::Embedded(embedded) => embedded.close().await.map_err(|error| anyhow::anyhow!("{error}")),
            Self::Server { .. } => Ok(()),
        }
    }
}
