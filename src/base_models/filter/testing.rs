//! Expressions to test with, made at random.

use chrono::{DateTime, TimeDelta};
use proptest::prelude::*;

use super::expression::{Comparator, Expression};
use super::field::{Field, Kind, Value};

/// Few different values, so that random rows and random filters meet.
fn texts() -> impl Strategy<Value = String> {
    proptest::sample::select(vec!["a", "ab", "b*", "c d", "\"q\"", "\\", "ß", "语"]).prop_map(super::super::names::fold)
}

fn comparisons() -> impl Strategy<Value = Expression> {
    let fields: Vec<&'static Field> = Field::all().collect();
    (proptest::sample::select(fields), texts(), 0i64..4, 0usize..6, any::<bool>(), any::<prop::sample::Index>())
        .prop_map(|(field, text, number, comparator, is_open, word)| {
            let equality = if comparator % 2 == 0 { Comparator::Equal } else { Comparator::NotEqual };
            let any = [
                Comparator::Equal,
                Comparator::NotEqual,
                Comparator::Less,
                Comparator::AtMost,
                Comparator::More,
                Comparator::AtLeast,
            ]
            .get(comparator)
            .copied()
            .unwrap_or(Comparator::Equal);
            match field.kind {
                _ if comparator == 5 && is_open => Expression::Known(field),
                Kind::Text if is_open => Expression::Compare(field, equality, Value::Beginning(text)),
                Kind::Text | Kind::Texts { .. } => Expression::Compare(field, equality, Value::Text(text)),
                Kind::Choice(words) | Kind::Choices(words) => {
                    Expression::Compare(field, equality, Value::Text((*word.get(words)).to_owned()))
                }
                Kind::Count { .. } => Expression::Compare(field, any, Value::Count(number)),
                Kind::Time { .. } => {
                    let time = DateTime::UNIX_EPOCH + TimeDelta::microseconds(number);
                    Expression::Compare(field, any, Value::Time(time))
                }
            }
        })
}

/// Expressions as the parser makes them: nothing is joined that stands alone.
pub fn expressions() -> impl Strategy<Value = Expression> {
    comparisons().prop_recursive(4, 24, 4, |inner| {
        let several = prop::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            several.clone().prop_map(Expression::All),
            several.prop_map(Expression::Any),
            inner.prop_map(|inner| Expression::Not(Box::new(inner))),
        ]
    })
}
