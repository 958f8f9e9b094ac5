//! The database: a pool with time limits on every step, and the migrations.
//!
//! Every wait has an end on this side too, because a frozen server or a lost network keeps none of
//! the promises that were set on the session. A connection whose statement ran out of time is thrown
//! away, never handed to the next request.

mod connect;
#[cfg(feature = "embedded")]
pub mod embedded;
mod migrate;
mod source;

use std::sync::Arc;
use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{TimeoutType, Timeouts};
use diesel::result::{DatabaseErrorKind, Error as QueryError};
use diesel_async::pooled_connection::deadpool::{Object, Pool, PoolError};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use diesel_async::{AsyncConnection, AsyncPgConnection, TransactionManager as _};
use uuid::Uuid;

pub use connect::{ConnectError, check};
pub use migrate::{MIGRATIONS, latest, migrate};
pub use source::Source;

pub type Connection = AsyncPgConnection;

type Transactions = <Connection as AsyncConnection>::TransactionManager;

/// How long a request waits for a free connection.
const WAIT: Duration = Duration::from_secs(2);
/// How long a new connection may take.
pub(crate) const CONNECT: Duration = Duration::from_secs(3);
/// How long the only connection may take, which goes on being made when nobody waits for it any more.
const FIRST: Duration = Duration::from_secs(15);
/// How long the check of a used connection may take.
const RECYCLE: Duration = Duration::from_secs(1);
/// How long a statement may take on the server; ours is a little longer, so that the server's word comes first.
pub(crate) const STATEMENT: Duration = Duration::from_secs(5);
pub(crate) const ANSWER: Duration = Duration::from_millis(5500);

/// How often a write is tried that the database rolls back because it stood in the way of another.
const WRITES: usize = 3;

/// The pool. Clones share it.
#[derive(Clone)]
pub struct Database {
    pool: Pool<Connection>,
    source: Arc<Source>,
}

/// Why there is no answer from the database.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    #[error("no connection was free in time")]
    Busy,
    #[error("the database did not answer in time")]
    Timeout,
    #[error("the database cannot be reached")]
    Unreachable(#[source] anyhow::Error),
    #[error("the database refused the statement")]
    Query(#[from] QueryError),
}

impl DatabaseError {
    /// Whether the connection, not the statement, was at fault.
    fn is_broken_connection(&self) -> bool {
        match self {
            Self::Query(QueryError::DatabaseError(kind, _)) => {
                matches!(kind, DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand)
            }
            Self::Query(QueryError::BrokenTransactionManager) => true,
            _ => false,
        }
    }

    /// Whether the database refused it, whatever it is, until it is started anew; nothing was changed.
    fn is_out_of_stack(&self) -> bool {
        matches!(self, Self::Query(error) if source::is_out_of_stack(error))
    }

    /// Whether the database chose this transaction to end a deadlock or a conflict of two; it is rolled back whole.
    fn stood_in_the_way(&self) -> bool {
        match self {
            Self::Query(QueryError::DatabaseError(DatabaseErrorKind::SerializationFailure, _)) => true,
            // The driver tells this one by its words only.
            Self::Query(QueryError::DatabaseError(DatabaseErrorKind::Unknown, information)) => {
                information.message().contains("deadlock detected")
            }
            _ => false,
        }
    }
}

/// Up to a twentieth of a second, another one each time, so that two do not meet again.
fn pause() -> Duration {
    Duration::from_millis(u64::try_from(Uuid::now_v7().as_u128() % 50).unwrap_or_default())
}

/// Runs work in a transaction: all of it is done or nothing.
///
/// Unlike the driver's own it takes work that cannot move between threads, such as making an answer.
pub async fn transaction<T>(
    db: &mut Connection,
    work: impl AsyncFnOnce(&mut Connection) -> Result<T, QueryError>,
) -> Result<T, QueryError> {
    Transactions::begin_transaction(db).await?;
    match work(db).await {
        Ok(done) => Transactions::commit_transaction(db).await.map(|()| done),
        Err(error) => match Transactions::rollback_transaction(db).await {
            Err(broken @ QueryError::BrokenTransactionManager) => Err(broken),
            // The first error says more than what the rollback may say.
            _ => Err(error),
        },
    }
}

impl Database {
    /// The database at an address.
    pub fn new(url: &str, connections: usize) -> anyhow::Result<Self> {
        Self::on(Arc::new(Source::Server { url: url.to_owned(), reachable: true }), connections)
    }

    /// A database of which nobody else makes connections, if it is the embedded one.
    pub fn on(source: Arc<Source>, connections: usize) -> anyhow::Result<Self> {
        let mut config = ManagerConfig::default();
        // Asking `SELECT 1` before each use costs a third of the throughput; reads try again instead.
        config.recycling_method = RecyclingMethod::Fast;
        let found = source.clone();
        config.custom_setup = Box::new(move |_| {
            let source = found.clone();
            Box::pin(async move { connect::establish(source.url().await?).await })
        });
        let manager = AsyncDieselConnectionManager::new_with_config("", config);
        let pool = Pool::builder(manager)
            .max_size(connections)
            .wait_timeout(Some(WAIT))
            .create_timeout(Some(CONNECT + RECYCLE))
            .recycle_timeout(Some(RECYCLE))
            .runtime(Runtime::Tokio1)
            .build()?;
        Ok(Self { pool, source })
    }

    /// Closes all connections and opens no more.
    pub fn close(&self) {
        self.pool.close();
    }

    /// Runs a read. If the connection turns out to be dead or worn out, it runs once more on a new one.
    pub async fn read<T>(
        &self,
        query: impl AsyncFn(&mut Connection) -> Result<T, QueryError>,
    ) -> Result<T, DatabaseError> {
        match self.attempt(ANSWER, &query).await {
            Err(error) if error.is_broken_connection() || error.is_out_of_stack() => self.attempt(ANSWER, &query).await,
            other => other,
        }
    }

    /// Runs a write, once: whether a statement whose answer was lost took effect cannot be known. Only one that the
    /// database rolled back because it stood in the way of another is tried again.
    pub async fn write<T>(
        &self,
        query: impl AsyncFn(&mut Connection) -> Result<T, QueryError>,
    ) -> Result<T, DatabaseError> {
        self.write_within(ANSWER, query).await
    }

    /// The same for a write of many statements.
    pub async fn write_within<T>(
        &self,
        time: Duration,
        query: impl AsyncFn(&mut Connection) -> Result<T, QueryError>,
    ) -> Result<T, DatabaseError> {
        for _ in 1..WRITES {
            match self.attempt(time, &query).await {
                Err(error) if error.stood_in_the_way() || error.is_out_of_stack() => tokio::time::sleep(pause()).await,
                other => return other,
            }
        }
        self.attempt(time, &query).await
    }

    async fn attempt<T>(
        &self,
        time: Duration,
        query: &impl AsyncFn(&mut Connection) -> Result<T, QueryError>,
    ) -> Result<T, DatabaseError> {
        let mut connection = self.connection().await?;
        let answer = match tokio::time::timeout(time, query(&mut connection)).await {
            Ok(result) => result.map_err(DatabaseError::Query),
            Err(_) => Err(DatabaseError::Timeout),
        };
        let spoilt = match &answer {
            Err(DatabaseError::Timeout) => true,
            Err(DatabaseError::Query(error)) if self.source.is_worn_by(error) => true,
            Err(error) => error.is_broken_connection(),
            Ok(_) => false,
        };
        if spoilt {
            drop(Object::take(connection));
        }
        answer
    }

    async fn connection(&self) -> Result<Object<Connection>, DatabaseError> {
        if self.pool.status().size > 0 {
            return self.connection_within(WAIT, CONNECT + RECYCLE).await;
        }
        // Where there is none at all, making one must not end with the patience of the request that asked for it: on
        // a busy machine the embedded database would never be reached again.
        let database = self.clone();
        let making = tokio::spawn(async move { database.connection_within(FIRST, FIRST).await });
        match tokio::time::timeout(WAIT + CONNECT, making).await {
            Ok(made) => made.map_err(|panic| DatabaseError::Unreachable(panic.into()))?,
            Err(_) => Err(DatabaseError::Timeout),
        }
    }

    /// A connection that may take so long to make.
    async fn connection_within(&self, wait: Duration, create: Duration) -> Result<Object<Connection>, DatabaseError> {
        // Others wait as long for the one that is being made: the embedded database takes its time to start anew.
        let timeouts = Timeouts { create: Some(create), wait: Some(wait), ..self.pool.timeouts() };
        self.pool.timeout_get(&timeouts).await.map_err(|error| match error {
            PoolError::Timeout(TimeoutType::Wait) => DatabaseError::Busy,
            PoolError::Timeout(_) => DatabaseError::Timeout,
            other => DatabaseError::Unreachable(other.into()),
        })
    }
}
