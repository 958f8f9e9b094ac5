//! What a list is narrowed by, as SQL. Columns come from the table of fields, values are always bound.

use chrono::{DateTime, Utc};
use diesel::expression::{AppearsOnTable, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Bool, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{Expression as SqlExpression, QueryResult};
use uuid::Uuid;

use super::expression::{Comparator, Expression};
use super::field::{Field, Value};
use crate::schema::base_models;

/// A condition on base models.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    Holds(Expression),
    /// The field has a value, or none.
    Known(&'static Field, bool),
    /// The words that this query asks for are in the names, or not only there.
    Words {
        query: String,
        in_names: bool,
    },
    /// Any words of the record and its card.
    AnyWords {
        query: String,
    },
    /// One of these records.
    Named {
        ids: Vec<Uuid>,
        technical_names: Vec<String>,
    },
    /// Beyond a place in an order.
    Beyond(Vec<Step>),
}

/// A part of a place in an order: a column, its direction, and the value there.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub column: &'static str,
    pub descending: bool,
    pub is_optional: bool,
    pub at: Key,
}

/// A value that rows are ordered by.
#[derive(Debug, Clone, PartialEq)]
pub enum Key {
    Text(String),
    Count(i64),
    Time(DateTime<Utc>),
    Id(Uuid),
    Unknown,
}

/// All words that a record is found by.
const WORDS: &str = "(base_models.name_words || base_models.record_words || base_models.card_words)";

type Out<'a, 'b> = AstPass<'a, 'b, Pg>;

impl QueryFragment<Pg> for Condition {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        // The text differs from query to query: none is worth keeping a plan for, and each is planned for its values.
        out.unsafe_to_cache_prepared();
        out.push_sql("(");
        match self {
            Self::Holds(expression) => write(expression, &mut out)?,
            Self::Known(field, known) => {
                out.push_sql(field.column);
                out.push_sql(if *known { " IS NOT NULL" } else { " IS NULL" });
            }
            Self::Words { query, in_names: true } => {
                // All words include those of names, and the database knows better how rare these are.
                words(WORDS, query, &mut out)?;
                out.push_sql(" AND ");
                words("base_models.name_words", query, &mut out)?;
            }
            Self::Words { query, in_names: false } => {
                words(WORDS, query, &mut out)?;
                out.push_sql(" AND NOT ");
                words("base_models.name_words", query, &mut out)?;
            }
            Self::AnyWords { query } => words(WORDS, query, &mut out)?,
            Self::Named { ids, technical_names } => {
                out.push_sql("base_models.id = ANY(");
                out.push_bind_param::<Array<SqlUuid>, Vec<Uuid>>(ids)?;
                out.push_sql(") OR base_models.technical_name_key = ANY(");
                out.push_bind_param::<Array<Text>, Vec<String>>(technical_names)?;
                out.push_sql(")");
            }
            Self::Beyond(steps) => beyond(steps, &mut out)?,
        }
        out.push_sql(")");
        Ok(())
    }
}

fn words<'b>(column: &str, query: &'b String, out: &mut Out<'_, 'b>) -> QueryResult<()> {
    out.push_sql(column);
    out.push_sql(" @@ ");
    out.push_bind_param::<Text, String>(query)?;
    out.push_sql("::tsquery");
    Ok(())
}

fn write<'b>(expression: &'b Expression, out: &mut Out<'_, 'b>) -> QueryResult<()> {
    match expression {
        Expression::All(parts) => joined(parts, " AND ", out),
        Expression::Any(parts) => joined(parts, " OR ", out),
        // Not NOT: what is not known would be neither this nor that.
        Expression::Not(inner) => {
            out.push_sql("(");
            write(inner, out)?;
            out.push_sql(") IS NOT TRUE");
            Ok(())
        }
        Expression::Compare(field, Comparator::NotEqual, value) => {
            out.push_sql("(");
            compare(field, Comparator::Equal, value, out)?;
            out.push_sql(") IS NOT TRUE");
            Ok(())
        }
        Expression::Compare(field, comparator, value) => compare(field, *comparator, value, out),
        Expression::Known(field) => {
            out.push_sql(field.column);
            out.push_sql(if field.is_list() { " <> '{}'" } else { " IS NOT NULL" });
            Ok(())
        }
    }
}

fn joined<'b>(parts: &'b [Expression], word: &str, out: &mut Out<'_, 'b>) -> QueryResult<()> {
    for (index, part) in parts.iter().enumerate() {
        out.push_sql(if index == 0 { "(" } else { word });
        write(part, out)?;
    }
    out.push_sql(")");
    Ok(())
}

fn compare<'b>(field: &Field, comparator: Comparator, value: &'b Value, out: &mut Out<'_, 'b>) -> QueryResult<()> {
    out.push_sql(field.column);
    if field.is_list() {
        out.push_sql(" @> ARRAY[");
        bind(value, out)?;
        out.push_sql("]::text[]");
        return Ok(());
    }
    if let Value::Beginning(text) = value {
        // From here on, and no further than the last text that begins so: any index in byte order serves that.
        out.push_sql(" >= ");
        out.push_bind_param::<Text, String>(text)?;
        out.push_sql(" AND starts_with(");
        out.push_sql(field.column);
        out.push_sql(", ");
        out.push_bind_param::<Text, String>(text)?;
        out.push_sql(") AND ");
        out.push_sql(field.column);
        out.push_sql(" <= ");
        out.push_bind_param::<Text, String>(text)?;
        out.push_sql(" || U&'\\+10FFFF'");
        return Ok(());
    }
    out.push_sql(" ");
    out.push_sql(comparator.as_str());
    out.push_sql(" ");
    bind(value, out)
}

fn bind<'b>(value: &'b Value, out: &mut Out<'_, 'b>) -> QueryResult<()> {
    match value {
        Value::Text(text) | Value::Beginning(text) => out.push_bind_param::<Text, String>(text),
        Value::Count(count) => out.push_bind_param::<BigInt, i64>(count),
        Value::Time(time) => out.push_bind_param::<Timestamptz, DateTime<Utc>>(time),
    }
}

/// Where every column goes one way and has a value, one comparison of rows does, which an index serves whole. Else the
/// first column bounds the index, and the others decide among equals.
fn beyond<'b>(steps: &'b [Step], out: &mut Out<'_, 'b>) -> QueryResult<()> {
    let Some(first) = steps.first() else {
        out.push_sql("TRUE");
        return Ok(());
    };
    if steps.iter().all(|step| step.descending == first.descending && !step.is_optional) {
        for (index, step) in steps.iter().enumerate() {
            out.push_sql(if index == 0 { "(" } else { ", " });
            out.push_sql(step.column);
        }
        out.push_sql(if first.descending { ") < " } else { ") > " });
        for (index, step) in steps.iter().enumerate() {
            out.push_sql(if index == 0 { "(" } else { ", " });
            key(&step.at, out)?;
        }
        out.push_sql(")");
        return Ok(());
    }
    if !first.is_optional {
        out.push_sql(first.column);
        out.push_sql(if first.descending { " <= " } else { " >= " });
        key(&first.at, out)?;
        out.push_sql(" AND ");
    }
    alternatives(steps, out)
}

fn alternatives<'b>(steps: &'b [Step], out: &mut Out<'_, 'b>) -> QueryResult<()> {
    let Some((step, rest)) = steps.split_first() else {
        out.push_sql("FALSE");
        return Ok(());
    };
    out.push_sql("(");
    further(step, out)?;
    out.push_sql(" OR ");
    same(step, out)?;
    out.push_sql(" AND ");
    alternatives(rest, out)?;
    out.push_sql(")");
    Ok(())
}

fn further<'b>(step: &'b Step, out: &mut Out<'_, 'b>) -> QueryResult<()> {
    if step.at == Key::Unknown {
        // Nothing comes after what is not known.
        out.push_sql("FALSE");
        return Ok(());
    }
    out.push_sql("(");
    out.push_sql(step.column);
    out.push_sql(if step.descending { " < " } else { " > " });
    key(&step.at, out)?;
    if step.is_optional {
        out.push_sql(" OR ");
        out.push_sql(step.column);
        out.push_sql(" IS NULL");
    }
    out.push_sql(")");
    Ok(())
}

fn same<'b>(step: &'b Step, out: &mut Out<'_, 'b>) -> QueryResult<()> {
    out.push_sql(step.column);
    if step.at == Key::Unknown {
        out.push_sql(" IS NULL");
        return Ok(());
    }
    out.push_sql(" = ");
    key(&step.at, out)
}

fn key<'b>(key: &'b Key, out: &mut Out<'_, 'b>) -> QueryResult<()> {
    match key {
        Key::Text(text) => out.push_bind_param::<Text, String>(text),
        Key::Count(count) => out.push_bind_param::<BigInt, i64>(count),
        Key::Time(time) => out.push_bind_param::<Timestamptz, DateTime<Utc>>(time),
        Key::Id(id) => out.push_bind_param::<SqlUuid, Uuid>(id),
        Key::Unknown => {
            out.push_sql("NULL");
            Ok(())
        }
    }
}

impl SqlExpression for Condition {
    type SqlType = Bool;
}

impl AppearsOnTable<base_models::table> for Condition {}

impl SelectableExpression<base_models::table> for Condition {}

impl ValidGrouping<()> for Condition {
    type IsAggregate = is_aggregate::No;
}

impl QueryId for Condition {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}
