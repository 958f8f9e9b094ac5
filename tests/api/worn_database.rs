//! The embedded database after more failures than one start of it bears.

use std::sync::Arc;

use base_models::config::DatabasePlace;
use base_models::database::{self, Database, Source};
use diesel::result::Error as QueryError;
use diesel::sql_query;
use diesel_async::RunQueryDsl as _;

#[tokio::test]
async fn statements_that_fail_again_and_again_do_not_wear_it_out() {
    let home = tempfile::tempdir().unwrap();
    let place = DatabasePlace { data_dir: home.path().to_owned(), database_url: None };
    let source = Arc::new(Source::open(&place, false).await.unwrap());
    let database = Database::on(source.clone(), 1).unwrap();
    database.write(async |db| sql_query("CREATE TABLE kept (number INT PRIMARY KEY)").execute(db).await).await.unwrap();
    let insert = async |db: &mut database::Connection| sql_query("INSERT INTO kept VALUES (7)").execute(db).await;
    database.write(insert).await.unwrap();
    for _ in 0..2500 {
        let failed = database.write(insert).await.unwrap_err();
        assert!(matches!(failed, database::DatabaseError::Query(QueryError::DatabaseError(..))), "{failed:?}");
    }
    let kept = database.read(async |db| sql_query("SELECT number FROM kept").execute(db).await).await;
    assert_eq!(kept.unwrap(), 1, "what was stored is there");
    database.close();
    source.close().await.unwrap();
}
