//! The filter as parameters of a query, and their documentation.

use serde_json::{Value as Json, json};
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};

use super::expression::{Comparator, Expression};
use super::field::{FIELDS, Field, Kind, MAX_COUNT};
use super::{Filter, language};
use crate::base_models::facts::MAX_TEXT;
use crate::extract::Parameters;

/// Most values of one field.
const MAX_VALUES: usize = 100;

impl Filter {
    /// Reads all parameters that narrow a list.
    pub fn read(parameters: &mut Parameters) -> Self {
        let mut filter = Self::default();
        for field in Field::all() {
            if let Some(expression) = read_field(field, parameters) {
                filter.by_field.push((field, expression));
            }
        }
        filter.expression = read_expression(parameters);
        filter
    }
}

fn read_field(field: &'static Field, parameters: &mut Parameters) -> Option<Expression> {
    match field.kind {
        Kind::Text | Kind::Texts { .. } | Kind::Choice(_) | Kind::Choices(_) => {
            let mut given = parameters.many(field.name, MAX_VALUES);
            given.sort_unstable();
            given.dedup();
            let name = field.name;
            let alternatives =
                given.iter().filter_map(|text| compare(field, name, Comparator::Equal, text, parameters));
            Expression::any(alternatives.collect())
        }
        Kind::Count { min, max } => bounds(field, [(min, Comparator::AtLeast), (max, Comparator::AtMost)], parameters),
        Kind::Time { after, before } => {
            bounds(field, [(after, Comparator::More), (before, Comparator::Less)], parameters)
        }
    }
}

fn bounds(
    field: &'static Field,
    bounds: [(&'static str, Comparator); 2],
    parameters: &mut Parameters,
) -> Option<Expression> {
    let read = bounds.into_iter().filter_map(|(name, comparator)| {
        let text = parameters.one(name)?;
        compare(field, name, comparator, &text, parameters)
    });
    Expression::all(read.collect())
}

fn compare(
    field: &'static Field,
    parameter: &'static str,
    comparator: Comparator,
    text: &str,
    parameters: &mut Parameters,
) -> Option<Expression> {
    match field.read(text) {
        Ok(value) => Some(Expression::Compare(field, comparator, value)),
        Err(detail) => {
            parameters.fault(parameter, "value", detail);
            None
        }
    }
}

fn read_expression(parameters: &mut Parameters) -> Option<Expression> {
    let text = parameters.one("filter")?;
    if text.chars().count() > language::MAX_LENGTH {
        parameters.fault("filter", "length", format!("must be at most {} characters long", language::MAX_LENGTH));
        return None;
    }
    match language::parse(&text) {
        Ok(expression) => Some(expression),
        Err(refusals) => {
            for refusal in refusals {
                parameters.fault("filter", "syntax", refusal.told(&text));
            }
            None
        }
    }
}

impl IntoParams for Filter {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut all: Vec<Json> = FIELDS.iter().flat_map(documented).collect();
        let names: Vec<String> = FIELDS.iter().map(|field| format!("`{}`", field.name)).collect();
        let about = format!(
            "An expression that has to hold, as AIP-160 has it: `AND`, `OR` (which binds more tightly than `AND`), `NOT` or \
             `-`, parentheses, `= != < <= > >= :`, texts in quotes, `:*` for what is known. At most 16 parentheses and \
             negations inside one another. The fields are {}.",
            names.join(", ")
        );
        let example = "family = \"qwen2\" AND (parameters < 8e9 OR quantization = \"awq\")";
        all.push(json!({"name": "filter", "in": "query", "required": false, "description": about, "schema":
            {"type": "string", "minLength": 1, "maxLength": language::MAX_LENGTH, "example": example}}));
        all.into_iter().filter_map(|parameter| serde_json::from_value(parameter).ok()).collect()
    }
}

/// A parameter that takes several of these words, separated by commas, as the OpenAPI document describes it.
pub fn list_of_words(name: &str, about: &str, words: &[String], most: usize, example: &[&str]) -> Vec<Parameter> {
    let parameter = json!({"name": name, "in": "query", "required": false, "description": about, "style": "form",
        "explode": false, "schema": {"type": "array", "minItems": 1, "maxItems": most,
        "items": {"type": "string", "enum": words}, "example": example}});
    serde_json::from_value(parameter).into_iter().collect()
}

/// The parameters of a field as the OpenAPI document describes them.
fn documented(field: &Field) -> Vec<Json> {
    let several = |items: Json, more: &str| {
        let about = format!("{}, whatever its letter case{more}. Repeat it for any of several.", field.about);
        vec![json!({"name": field.name, "in": "query", "required": false, "description": about,
            "schema": {"type": "array", "items": items, "maxItems": MAX_VALUES}})]
    };
    let bound = |name: &str, about: String, schema: Json| json!({"name": name, "in": "query", "required": false, "description": about, "schema": schema});
    let about = field.about;
    match field.kind {
        Kind::Text | Kind::Texts { .. } => {
            several(json!({"type": "string", "minLength": 1, "maxLength": MAX_TEXT}), "")
        }
        Kind::Choice(words) | Kind::Choices(words) => several(json!({"type": "string", "enum": words}), ""),
        Kind::Count { min, max } => {
            let number = json!({"type": "integer", "format": "int64", "minimum": 0, "maximum": MAX_COUNT,
                "example": 8_000_000_000_i64});
            let whole = "a whole number, also as `8e9`";
            vec![
                bound(min, format!("{about}, at least: {whole}."), number.clone()),
                bound(max, format!("{about}, at most: {whole}."), number),
            ]
        }
        Kind::Time { after, before } => {
            let time =
                json!({"type": "string", "format": "date-time", "maxLength": 40, "example": "2026-11-24T08:30:00Z"});
            vec![
                bound(after, format!("{about}, later than: a time as RFC 3339 has it, or a day."), time.clone()),
                bound(before, format!("{about}, earlier than: a time as RFC 3339 has it, or a day."), time),
            ]
        }
    }
}
