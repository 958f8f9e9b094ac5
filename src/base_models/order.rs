//! The order of a list, and a place in it.
//!
//! Records without a value come last, whichever way the order goes. A list by a field that may be unknown is therefore two
//! segments, one after the other: the records with a value in its order, then those without. Each is served by the same
//! index, which no single order with the unknown last in both directions would be.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};
use uuid::Uuid;

use super::filter::{Condition, FIELDS, Field, Key, Kind, Step, list_of_words};
use super::words::Wanted;
use crate::extract::Parameters;

/// Most fields of an order. Their values stand in the token of the next page, which stands in an address.
const MAX_FIELDS: usize = 3;

/// By which fields, and which way; the id settles what they leave open.
#[derive(Debug, Clone, PartialEq)]
pub struct Order(Vec<(&'static Field, bool)>);

/// A record in an order: the segment it is in, and the values that it is ordered by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Place {
    #[serde(rename = "s")]
    pub segment: usize,
    #[serde(rename = "k")]
    pub keys: Vec<Value>,
    #[serde(rename = "i")]
    pub id: Uuid,
}

/// `sort`, as the OpenAPI document describes it.
pub struct SortQuery;

impl IntoParams for SortQuery {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let about = "Fields to order by, each with `-` before it for descending order; what is not known comes last either way. \
                     Without it the newest come first; with `q`, matches in names before others.";
        let names = FIELDS.iter().filter(|field| field.is_sortable()).map(|field| field.name);
        let words: Vec<String> = names.flat_map(|name| [name.to_owned(), format!("-{name}")]).collect();
        list_of_words("sort", about, &words, MAX_FIELDS, &["-created_at", "technical_name"])
    }
}

impl Order {
    /// Reads `sort`; `None` if it is absent.
    pub fn read(parameters: &mut Parameters) -> Option<Self> {
        let text = parameters.one("sort")?;
        match Self::parse(&text) {
            Ok(order) => Some(order),
            Err(detail) => {
                parameters.fault("sort", "value", detail);
                None
            }
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut order: Vec<(&'static Field, bool)> = Vec::new();
        if text.split(',').count() > MAX_FIELDS {
            return Err(format!("must name at most {MAX_FIELDS} fields"));
        }
        for part in text.split(',') {
            let (name, descending) = part.strip_prefix('-').map_or((part, false), |name| (name, true));
            let field = Field::named(name).filter(|field| field.is_sortable()).ok_or_else(|| {
                let names: Vec<&str> =
                    FIELDS.iter().filter(|field| field.is_sortable()).map(|field| field.name).collect();
                let shown: String = name.chars().take(50).collect();
                format!("{shown:?} is no field to order by; they are {}", names.join(", "))
            })?;
            // A field that is named again has nothing left to settle.
            if order.iter().all(|(other, _)| *other != field) {
                order.push((field, descending));
            }
        }
        Ok(Self(order))
    }

    pub fn newest_first() -> Self {
        Self(Field::named("created_at").map(|field| (field, true)).into_iter().collect())
    }

    /// The same text for the same order.
    pub fn canonical(&self) -> String {
        let one =
            |(field, descending): &(&Field, bool)| format!("{}{}", if *descending { "-" } else { "" }, field.name);
        self.0.iter().map(one).collect::<Vec<_>>().join(",")
    }

    /// What tells the segments of the list apart, in their order.
    pub fn segments(&self) -> Vec<Option<Condition>> {
        match self.0.first() {
            Some((field, _)) if field.is_optional => {
                vec![Some(Condition::Known(field, true)), Some(Condition::Known(field, false))]
            }
            _ => vec![None],
        }
    }

    /// The id goes the way of the last field, so that an index that has both can be read backwards.
    fn is_id_descending(&self) -> bool {
        self.0.last().is_some_and(|(_, descending)| *descending)
    }

    /// As SQL. In the segments of the first field nothing has to be said of the unknown.
    pub fn sql(&self) -> String {
        let mut columns: Vec<String> = Vec::new();
        for (index, (field, descending)) in self.0.iter().enumerate() {
            let nulls = if index > 0 && field.is_optional { " NULLS LAST" } else { "" };
            columns.push(format!("{} {}{nulls}", field.column, direction(*descending)));
        }
        columns.push(format!("base_models.id {}", direction(self.is_id_descending())));
        columns.join(", ")
    }

    /// The values that a row is ordered by, as a JSON array.
    pub fn keys(&self) -> String {
        let columns: Vec<&str> = self.0.iter().map(|(field, _)| field.column).collect();
        format!("jsonb_build_array({})", columns.join(", "))
    }

    /// What follows that place in its segment; `None` if the place is none of this order.
    pub fn beyond(&self, place: &Place) -> Option<Condition> {
        if place.keys.len() != self.0.len() {
            return None;
        }
        let keys: Option<Vec<Key>> =
            self.0.iter().zip(&place.keys).map(|((field, _), key)| read_key(field, key)).collect();
        let keys = keys?;
        let mut steps: Vec<Step> = Vec::new();
        for (index, ((field, descending), at)) in self.0.iter().zip(keys).enumerate() {
            // In the segment of the unknown the first field tells nothing apart.
            if index == 0 && at == Key::Unknown {
                continue;
            }
            let is_optional = index > 0 && field.is_optional;
            steps.push(Step { column: field.column, descending: *descending, is_optional, at });
        }
        let descending = self.is_id_descending();
        steps.push(Step { column: "base_models.id", descending, is_optional: false, at: Key::Id(place.id) });
        Some(Condition::Beyond(steps))
    }
}

fn direction(descending: bool) -> &'static str {
    if descending { "DESC" } else { "ASC" }
}

fn read_key(field: &Field, key: &Value) -> Option<Key> {
    match (&field.kind, key) {
        (_, Value::Null) => Some(Key::Unknown).filter(|_| field.is_optional),
        (Kind::Count { .. }, Value::Number(number)) => number.as_i64().map(Key::Count),
        (Kind::Time { .. }, Value::String(text)) => {
            DateTime::parse_from_rfc3339(text).ok().map(|time| Key::Time(time.with_timezone(&Utc)))
        }
        (Kind::Text | Kind::Choice(_), Value::String(text)) => Some(Key::Text(text.clone())),
        _ => None,
    }
}

/// The segments of a list of what was looked for: matches in names, then the others.
pub fn segments_of(wanted: &Wanted) -> Vec<Option<Condition>> {
    let query = wanted.query();
    let words = |in_names| Some(Condition::Words { query: query.clone(), in_names });
    vec![words(true), words(false)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::{MAX_TOKEN, TokenKey};

    #[test]
    fn the_longest_values_that_there_can_be_fit_into_a_token() {
        let longest = Value::from("\u{1f680}".repeat(200));
        let place = Place { segment: 4, keys: vec![longest; MAX_FIELDS], id: Uuid::now_v7() };
        let token = TokenKey::new(vec![7; 32]).sign("base-models", &place).unwrap();
        assert!(token.len() <= MAX_TOKEN, "{}", token.len());
    }
}
