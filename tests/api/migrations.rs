//! The schema: every step forth and back, and many instances that start at once.

use base_models::database::{self, Database, MIGRATIONS};
use diesel::{QueryableByName, sql_types};
use diesel_async::{AsyncConnection as _, AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl as _};
use diesel_migrations::MigrationHarness as _;
use futures_util::future::join_all;

use crate::support::TestDatabase;

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = sql_types::BigInt)]
    count: i64,
}

/// What the schema consists of, apart from the list of migrations that ran.
const OBJECTS: &str = "SELECT count(*) AS count FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relname NOT LIKE '\\_\\_diesel%'";
const APPLIED: &str = "SELECT count(*) AS count FROM __diesel_schema_migrations";

async fn count(url: &str, query: &str) -> i64 {
    let mut connection = AsyncPgConnection::establish(url).await.unwrap();
    diesel::sql_query(query).get_result::<Count>(&mut connection).await.unwrap().count
}

/// Runs a step of the harness, which blocks.
async fn step(
    url: &str,
    work: impl FnOnce(&mut AsyncMigrationHarness<AsyncPgConnection>) -> usize + Send + 'static,
) -> usize {
    let connection = AsyncPgConnection::establish(url).await.unwrap();
    tokio::task::spawn_blocking(move || work(&mut AsyncMigrationHarness::new(connection))).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_step_can_be_taken_taken_back_and_taken_again() {
    let database = TestDatabase::create().await;
    let url = database.url().to_owned();
    let up = step(&url, |harness| harness.run_pending_migrations(MIGRATIONS).unwrap().len()).await;
    let objects = count(&url, OBJECTS).await;
    assert!(up > 0 && objects > 0);
    assert_eq!(count(&url, APPLIED).await, i64::try_from(up).unwrap());
    let down = step(&url, |harness| harness.revert_all_migrations(MIGRATIONS).unwrap().len()).await;
    assert_eq!((down, count(&url, OBJECTS).await), (up, 0), "what a step makes, its way back takes away");
    let again = step(&url, |harness| harness.run_pending_migrations(MIGRATIONS).unwrap().len()).await;
    assert_eq!((again, count(&url, OBJECTS).await), (up, objects));
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schema_that_is_up_to_date_stays_as_it_is() {
    let database = TestDatabase::create().await;
    let pool = Database::new(database.url(), 1).unwrap();
    database::migrate(&pool).await.unwrap();
    database::migrate(&pool).await.unwrap();
    pool.close();
    database.remove().await;
}

/// Needs a server: the embedded database takes one connection at a time.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_instances_that_start_at_once_take_each_step_once() {
    if !TestDatabase::is_server() {
        return;
    }
    let database = TestDatabase::create().await;
    let url = database.url().to_owned();
    let instances: Vec<Database> = (0..5).map(|_| Database::new(&url, 2).unwrap()).collect();
    for outcome in join_all(instances.iter().map(database::migrate)).await {
        outcome.unwrap();
    }
    let steps = diesel_migrations::MigrationHarness::<diesel::pg::Pg>::applied_migrations;
    let applied = step(&url, move |harness| steps(harness).unwrap().len()).await;
    assert_eq!(count(&url, APPLIED).await, i64::try_from(applied).unwrap());
    drop(instances);
    database.remove().await;
}
