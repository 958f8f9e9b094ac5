//! Bringing the schema up to date, however many instances start at once.

use std::time::Duration;

use diesel::migration::{Migration, MigrationSource as _};
use diesel::pg::Pg;
use diesel_async::{AsyncMigrationHarness, SimpleAsyncConnection as _};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};

use super::{Database, STATEMENT, connect};

pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!();

/// Any number will do, as long as nothing else on the server takes the same.
const LOCK: i64 = 0x6261_7365_6d6f_6465;

/// How long the first connection may take. With it the embedded database opens its files, and where the disk is busy
/// that takes longer than a request could wait.
const START: Duration = Duration::from_secs(60);

/// Runs the migrations that have not run.
///
/// An advisory lock lets one instance do it; the others wait, then find nothing left to do. It runs on
/// a connection of the pool, which stays open for the first request: a new one to the embedded database
/// takes longer than all migrations together.
pub async fn migrate(database: &Database) -> anyhow::Result<()> {
    let mut connection = database.connection_within(START, START).await?;
    connection.batch_execute(&format!("{}; SELECT pg_advisory_lock({LOCK})", connect::session_limits(None))).await?;
    // The harness blocks, which a thread that answers requests must not.
    let mut connection = tokio::task::spawn_blocking(move || {
        let mut harness = AsyncMigrationHarness::new(connection);
        harness.run_pending_migrations(MIGRATIONS).map_err(|error| anyhow::anyhow!("{error}"))?;
        anyhow::Ok(harness.into_inner())
    })
    .await??;
    let unlock = format!("SELECT pg_advisory_unlock({LOCK}); {}", connect::session_limits(Some(STATEMENT)));
    connection.batch_execute(&unlock).await?;
    Ok(())
}

/// The version of the newest migration of this binary.
pub fn latest() -> Option<String> {
    let migrations: Vec<Box<dyn Migration<Pg>>> = MIGRATIONS.migrations().unwrap_or_default();
    migrations.iter().map(|migration| migration.name().version().to_string()).max()
}
