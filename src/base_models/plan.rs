//! How the database would answer a list, for the tests that hold its indexes.

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::Error as QueryError;
use diesel::sql_types::Text;
use diesel::{QueryResult, sql_query};
use diesel_async::{AsyncConnection as _, RunQueryDsl as _};

use super::listing::Listing;
use crate::database::Connection;
use crate::error::ApiError;
use crate::extract::{Parameters, Query as Parameter};

impl Parameter for Listing {
    fn read(parameters: &mut Parameters) -> Self {
        Self::read(parameters)
    }
}

/// The plans of the statements that answer the first page of a list, each as text. `off` are the ways that the planner is
/// to leave out, so that few rows are read like many.
pub async fn plans(query: &str, off: &[&str], db: &mut Connection) -> QueryResult<Vec<String>> {
    let unreadable = |error: ApiError| QueryError::QueryBuilderError(error.to_string().into());
    let listing = Parameters::parse::<Listing>(query).map_err(unreadable)?;
    db.transaction(async |db| {
        for way in off {
            sql_query(format!("SET LOCAL enable_{way} = off")).execute(db).await?;
        }
        let mut plans = Vec::new();
        for statement in listing.statements() {
            let lines: Vec<String> = Explained(statement).load(db).await?;
            plans.push(lines.join("\n"));
        }
        Ok(plans)
    })
    .await
}

struct Explained<Q>(Q);

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Explained<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        out.push_sql("EXPLAIN ");
        self.0.walk_ast(out.reborrow())
    }
}

impl<Q> Query for Explained<Q> {
    type SqlType = Text;
}

impl<Q> QueryId for Explained<Q> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}
