//! What lists of base models are narrowed by: parameters, each a field, and an expression over the same fields.

mod expression;
mod field;
mod language;
mod parameters;
mod sql;
#[cfg(test)]
mod testing;

pub use expression::Expression;
pub use field::{FIELDS, Field, Kind};
pub use language::parse;
pub use parameters::list_of_words;
pub use sql::{Condition, Key, Step};

/// What narrows a list; different fields narrow further, the same one again widens.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    by_field: Vec<(&'static Field, Expression)>,
    expression: Option<Expression>,
}

impl Filter {
    /// The filter that an expression is, without any parameters.
    pub fn of(expression: Option<Expression>) -> Self {
        Self { by_field: Vec::new(), expression }
    }

    /// What has to hold.
    pub fn conditions(&self) -> Vec<Condition> {
        self.conditions_without(None)
    }

    /// What has to hold, leaving out what the parameters of this field say.
    pub fn conditions_without(&self, field: Option<&Field>) -> Vec<Condition> {
        let by_field = self.by_field.iter().filter(|(of, _)| Some(*of) != field).map(|(_, expression)| expression);
        by_field.chain(&self.expression).cloned().map(Condition::Holds).collect()
    }

    /// Whether the parameters of this field narrow it.
    pub fn has(&self, field: &Field) -> bool {
        self.by_field.iter().any(|(of, _)| *of == field)
    }

    /// The whole filter as one expression.
    pub fn whole(&self) -> Option<Expression> {
        let parts = self.by_field.iter().map(|(_, expression)| expression).chain(&self.expression);
        Expression::all(parts.cloned().collect())
    }

    /// The same text for the same filter, in whatever order its parameters came.
    pub fn canonical(&self) -> String {
        self.whole().map(|expression| expression.to_string()).unwrap_or_default()
    }
}
