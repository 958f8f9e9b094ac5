//! Which base models a job works on: those that are named, and those that a filter lets through. It lies in the database
//! with the job, the filter in its written form.

use diesel::{ExpressionMethods as _, QueryDsl as _, QueryResult};
use diesel_async::RunQueryDsl as _;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::filter::{self, Condition, Filter};
use super::reference::Reference;
use crate::database::Connection;
use crate::schema::base_models;

/// All base models, where nothing is said.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Scope {
    /// Ids and technical names.
    base_models: Vec<String>,
    filter: Option<String>,
}

type Query<'a> = base_models::BoxedQuery<'a, diesel::pg::Pg>;

impl Scope {
    pub fn new(base_models: Vec<String>, filter: &Filter) -> Self {
        Self { base_models, filter: filter.whole().map(|expression| expression.to_string()) }
    }

    fn query(&self) -> QueryResult<Query<'static>> {
        let mut query = base_models::table.into_boxed();
        for condition in self.conditions()? {
            query = query.filter(condition);
        }
        Ok(query)
    }

    fn conditions(&self) -> QueryResult<Vec<Condition>> {
        let unreadable = |_| diesel::result::Error::DeserializationError("the filter of the job cannot be read".into());
        let expression = self.filter.as_deref().map(filter::parse).transpose().map_err(unreadable)?;
        let mut conditions = Filter::of(expression).conditions();
        if !self.base_models.is_empty() {
            conditions.push(self.named());
        }
        Ok(conditions)
    }

    fn named(&self) -> Condition {
        let (mut ids, mut technical_names) = (Vec::new(), Vec::new());
        for name in &self.base_models {
            match Reference::from(name.as_str()) {
                Reference::Id(id) => ids.push(id),
                Reference::TechnicalName(key) => technical_names.push(key),
                Reference::Nothing => {}
            }
        }
        Condition::Named { ids, technical_names }
    }

    pub async fn count(&self, db: &mut Connection) -> QueryResult<i64> {
        self.query()?.count().get_result(db).await
    }

    /// The ids that follow one, in their order.
    pub async fn after(&self, last: Uuid, limit: i64, db: &mut Connection) -> QueryResult<Vec<Uuid>> {
        let rest = self.query()?.filter(base_models::id.gt(last)).order(base_models::id);
        rest.select(base_models::id).limit(limit).load(db).await
    }
}
