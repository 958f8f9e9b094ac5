//! An expression over the fields of a base model, and its written form.
//!
//! A comparison with something that is not known does not hold, and its negation does: there is no third answer.

use std::fmt::{self, Display, Formatter};

use chrono::SecondsFormat;

use super::field::{Field, Value};

#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    All(Vec<Expression>),
    Any(Vec<Expression>),
    Not(Box<Expression>),
    Compare(&'static Field, Comparator, Value),
    /// The field has a value.
    Known(&'static Field),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparator {
    Equal,
    NotEqual,
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Comparator {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
        }
    }
}

impl Expression {
    /// Any of these; what is alone stands for itself.
    pub fn any(mut alternatives: Vec<Self>) -> Option<Self> {
        match alternatives.len() {
            0 | 1 => alternatives.pop(),
            _ => Some(Self::Any(alternatives)),
        }
    }

    /// All of these; what is alone stands for itself.
    pub fn all(mut conditions: Vec<Self>) -> Option<Self> {
        match conditions.len() {
            0 | 1 => conditions.pop(),
            _ => Some(Self::All(conditions)),
        }
    }

    fn is_compound(&self) -> bool {
        matches!(self, Self::All(_) | Self::Any(_))
    }
}

impl Display for Expression {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(parts) => joined(parts, " AND ", Expression::is_all, out),
            Self::Any(parts) => joined(parts, " OR ", Expression::is_compound, out),
            Self::Not(inner) if inner.is_compound() => write!(out, "NOT ({inner})"),
            // What is negated twice has to be set apart.
            Self::Not(inner) if matches!(**inner, Self::Not(_)) => write!(out, "NOT ({inner})"),
            Self::Not(inner) => write!(out, "NOT {inner}"),
            Self::Compare(field, comparator, value) => write!(out, "{} {} {value}", field.name, comparator.as_str()),
            Self::Known(field) => write!(out, "{}:*", field.name),
        }
    }
}

impl Expression {
    /// OR binds more tightly than AND, so only an AND inside an AND has to be set apart.
    fn is_all(&self) -> bool {
        matches!(self, Self::All(_))
    }
}

fn joined(parts: &[Expression], word: &str, is_apart: fn(&Expression) -> bool, out: &mut Formatter<'_>) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            out.write_str(word)?;
        }
        if is_apart(part) { write!(out, "({part})")? } else { write!(out, "{part}")? }
    }
    Ok(())
}

impl Display for Value {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(out, "\"{}\"", escaped(text)),
            Self::Beginning(text) => write!(out, "\"{}*\"", escaped(text)),
            Self::Count(count) => write!(out, "{count}"),
            Self::Time(time) => write!(out, "\"{}\"", time.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('*', "\\*")
}
