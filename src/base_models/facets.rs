//! Facets: for each field, how often which value is there among the records that a list would have.
//!
//! Each leaves out what its own parameters say, as shops do: whoever has chosen a family still sees the others. What the
//! expression in `filter` says holds for all.

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::{QueryDsl as _, QueryResult};
use diesel_async::RunQueryDsl as _;
use serde::Serialize;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::{IntoParams, ToSchema};

use super::filter::{Condition, Field, Filter, Kind, list_of_words};
use super::words::Wanted;
use crate::database::Connection;
use crate::extract::Parameters;
use crate::schema::base_models;

/// Most values of one facet.
const MAX_VALUES: usize = 100;

/// What the register holds, by its fields.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Facets {
    /// Records that all filters let through.
    #[schema(minimum = 0, example = 42)]
    pub total: i64,
    #[schema(max_items = 20)]
    pub values: Vec<ValueFacet>,
    #[schema(max_items = 20)]
    pub ranges: Vec<RangeFacet>,
}

/// The values of a field.
#[derive(Debug, Serialize, ToSchema)]
pub struct ValueFacet {
    /// Name of the parameter that narrows by it.
    #[schema(example = "family")]
    pub field: &'static str,
    /// The most frequent ones first, 100 at most.
    #[schema(max_items = 100)]
    pub values: Vec<FacetValue>,
    /// Whether there are more values than are told.
    pub more: bool,
    /// Records without a value.
    #[schema(minimum = 0, example = 3)]
    pub unknown: i64,
}

/// A value and how often it is there.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FacetValue {
    #[schema(max_length = 200, example = "qwen2")]
    pub value: String,
    /// Records that have it.
    #[schema(minimum = 1, example = 7)]
    pub count: i64,
}

/// The bounds of a number.
#[derive(Debug, Serialize, ToSchema)]
pub struct RangeFacet {
    /// Name of the field; `min_` and `max_` before it are the parameters that narrow by it.
    #[schema(example = "parameters")]
    pub field: &'static str,
    /// The smallest one; `null` if none is known.
    #[schema(minimum = 0, example = 22_713_728)]
    pub min: Option<i64>,
    /// The largest one; `null` if none is known.
    #[schema(minimum = 0, example = 30_532_122_624_i64)]
    pub max: Option<i64>,
    /// Records without a value.
    #[schema(minimum = 0, example = 3)]
    pub unknown: i64,
}

/// The fields that there are facets of: all but names, which are different in each record, and times.
pub fn fields() -> impl Iterator<Item = &'static Field> {
    Field::all().filter(|field| match field.kind {
        Kind::Text => field.is_optional,
        Kind::Time { .. } => false,
        Kind::Texts { .. } | Kind::Choice(_) | Kind::Choices(_) | Kind::Count { .. } => true,
    })
}

/// `facets`, as the OpenAPI document describes it.
pub struct FacetNames;

impl IntoParams for FacetNames {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let names: Vec<String> = fields().map(|field| field.name.to_owned()).collect();
        let about = "Facets to answer; all of them where nothing is said.";
        list_of_words("facets", about, &names, names.len(), &["family", "license", "parameters"])
    }
}

/// Reads which facets are asked for: all where nothing is said.
pub fn read(parameters: &mut Parameters) -> Vec<&'static Field> {
    let Some(text) = parameters.one("facets") else { return fields().collect() };
    let mut asked: Vec<&'static Field> = Vec::new();
    for name in text.split(',') {
        match fields().find(|field| field.name == name) {
            Some(field) if asked.contains(&field) => {}
            Some(field) => asked.push(field),
            None => {
                let names: Vec<&str> = fields().map(|field| field.name).collect();
                let shown: String = name.chars().take(50).collect();
                parameters.fault("facets", "value", format!("{shown:?} is no facet; they are {}", names.join(", ")));
            }
        }
    }
    asked
}

/// What has to hold of the records that a facet counts.
pub fn conditions(filter: &Filter, wanted: Option<&Wanted>, field: Option<&Field>) -> Vec<Condition> {
    let words = wanted.map(|wanted| Condition::AnyWords { query: wanted.query() });
    filter.conditions_without(field).into_iter().chain(words).collect()
}

/// How many records there are.
pub async fn total(conditions: &[Condition], db: &mut Connection) -> QueryResult<i64> {
    let mut query = base_models::table.count().into_boxed();
    for condition in conditions {
        query = query.filter(condition.clone());
    }
    query.get_result(db).await
}

/// The values of a field among the records for which the conditions hold.
pub async fn values(field: &'static Field, conditions: &[Condition], db: &mut Connection) -> QueryResult<ValueFacet> {
    let query = ValueQuery { field, conditions: conditions.to_vec() };
    let rows: Vec<(Option<String>, i64)> = query.load(db).await?;
    let (known, unknown): (Vec<_>, Vec<_>) = rows.into_iter().partition(|(value, _)| value.is_some());
    let mut values: Vec<FacetValue> =
        known.into_iter().filter_map(|(value, count)| Some(FacetValue { value: value?, count })).collect();
    let more = values.len() > MAX_VALUES;
    values.truncate(MAX_VALUES);
    Ok(ValueFacet { field: field.name, values, more, unknown: unknown.iter().map(|(_, count)| count).sum() })
}

/// The bounds of a number among the records for which the conditions hold.
pub async fn range(field: &'static Field, conditions: &[Condition], db: &mut Connection) -> QueryResult<RangeFacet> {
    let query = RangeQuery { field, conditions: conditions.to_vec() };
    let (min, max, unknown): (Option<i64>, Option<i64>, i64) = query.get_result(db).await?;
    Ok(RangeFacet { field: field.name, min, max, unknown })
}

/// Values with their counts, the number of those without one first.
struct ValueQuery {
    field: &'static Field,
    conditions: Vec<Condition>,
}

struct RangeQuery {
    field: &'static Field,
    conditions: Vec<Condition>,
}

impl Query for ValueQuery {
    type SqlType = (Nullable<Text>, BigInt);
}

impl Query for RangeQuery {
    type SqlType = (Nullable<BigInt>, Nullable<BigInt>, BigInt);
}

/// The text differs from query to query.
impl QueryId for ValueQuery {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryId for RangeQuery {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryFragment<Pg> for ValueQuery {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let column = self.field.column;
        let shown = match self.field.kind {
            Kind::Texts { shown } => Some(shown),
            Kind::Choices(_) => Some(column),
            _ => None,
        };
        match shown {
            Some(shown) => list(column, shown, &self.conditions, &mut out)?,
            None => {
                for part in ["SELECT ", column, ", count(*) FROM base_models"] {
                    out.push_sql(part);
                }
                narrow(&self.conditions, &mut out)?;
                for part in [" GROUP BY ", column, " ORDER BY ", column, " IS NULL DESC, 2 DESC, ", column] {
                    out.push_sql(part);
                }
            }
        }
        // One for the unknown, and one to tell whether there are more.
        out.push_sql(&format!(" LIMIT {}", MAX_VALUES + 2));
        Ok(())
    }
}

/// Each item of a list is a value. A record without any is kept, as one whose value is not known.
fn list<'b>(column: &str, shown: &str, conditions: &'b [Condition], out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
    // Taken apart side by side in the list of columns, which is several times as fast as in a join.
    let items = |list| format!("unnest(CASE WHEN {column} = '{{}}' THEN '{{NULL}}'::text[] ELSE {list} END)");
    out.push_sql("SELECT min(each.shown), count(*) FROM (SELECT ");
    for part in [&items(column), " AS key, ", &items(shown), " AS shown FROM base_models"] {
        out.push_sql(part);
    }
    narrow(conditions, out)?;
    out.push_sql(") AS each GROUP BY each.key ORDER BY each.key IS NULL DESC, 2 DESC, each.key");
    Ok(())
}

impl QueryFragment<Pg> for RangeQuery {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let column = self.field.column;
        for part in ["SELECT min(", column, "), max(", column, "), count(*) - count(", column, ") FROM base_models"] {
            out.push_sql(part);
        }
        narrow(&self.conditions, &mut out)
    }
}

fn narrow<'b>(conditions: &'b [Condition], out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
    out.unsafe_to_cache_prepared();
    for (index, condition) in conditions.iter().enumerate() {
        out.push_sql(if index == 0 { " WHERE " } else { " AND " });
        condition.walk_ast(out.reborrow())?;
    }
    Ok(())
}
