//! Making the facts of records that have none yet: those that an earlier release wrote.
//!
//! It is done here and not by a migration, because only the service folds letters and cuts words in its own way.

use diesel::{ExpressionMethods as _, QueryDsl as _, QueryResult, SelectableHelper as _};
use diesel_async::RunQueryDsl as _;

use super::facts::Facts;
use super::model::{BaseModel, Row};
use crate::app::Service;
use crate::cards::Card;
use crate::database::Connection;
use crate::error::ApiResult;
use crate::schema::base_models;

/// Records that are read at a time.
const BATCH: i64 = 100;

/// Makes the facts of some records; false if all have theirs.
pub async fn backfill(service: &Service) -> ApiResult<bool> {
    let records = service.database.read(without_facts).await?;
    for record in &records {
        let card = record.card.parse::<Card>().unwrap_or_else(|error| {
            tracing::warn!("the card of the base model {} cannot be read: {error}", record.id);
            Card::default()
        });
        let (facts, row) = (Facts::of(&card), Row::from(record.as_input()));
        service.database.write(async |db| write(record, &row, &facts, db).await).await?;
    }
    Ok(!records.is_empty())
}

async fn without_facts(db: &mut Connection) -> QueryResult<Vec<BaseModel>> {
    let stale = base_models::table.filter(base_models::facts_version.eq(0)).order(base_models::id);
    stale.limit(BATCH).select(BaseModel::as_select()).load(db).await
}

/// A record that was changed meanwhile has its facts from that.
async fn write(record: &BaseModel, row: &Row, facts: &Facts, db: &mut Connection) -> QueryResult<usize> {
    let state = base_models::table.filter(base_models::id.eq(record.id));
    let state = state.filter(base_models::revision.eq(record.revision)).filter(base_models::facts_version.eq(0));
    diesel::update(state).set((row, facts)).execute(db).await
}
