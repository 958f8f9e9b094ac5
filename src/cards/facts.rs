//! A fact is a value with its source: the file and the key it came from, or what it was derived from.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// Where a value of a card comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Source {
    /// The file, by its path inside the model folder.
    #[schema(example = "config.json")]
    pub file: Option<String>,
    /// The key inside the file, as a JSON Pointer; for a GGUF file, its key.
    #[schema(example = "/max_position_embeddings")]
    pub pointer: Option<String>,
    /// How the value was made, where it does not stand in the file as it is.
    #[schema(example = "hidden_size / num_attention_heads")]
    pub derived: Option<String>,
}

impl Source {
    pub fn file(file: impl Into<String>) -> Self {
        Self { file: Some(file.into()), ..Self::default() }
    }

    pub fn key(file: impl Into<String>, pointer: impl Into<String>) -> Self {
        Self { file: Some(file.into()), pointer: Some(pointer.into()), derived: None }
    }

    pub fn derived(how: impl Into<String>) -> Self {
        Self { derived: Some(how.into()), ..Self::default() }
    }

    /// The same place, with how the value was made of what stands there.
    pub fn by(mut self, how: impl Into<String>) -> Self {
        self.derived = Some(how.into());
        self
    }
}

/// A value and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact<T> {
    pub value: T,
    pub source: Source,
}

impl<T> Fact<T> {
    pub fn new(value: T, source: Source) -> Self {
        Self { value, source }
    }

    /// A value made of this one; the source says how.
    pub fn derive<U>(self, how: impl Into<String>, make: impl FnOnce(T) -> U) -> Fact<U> {
        Fact { value: make(self.value), source: self.source.by(how) }
    }

    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Fact<U> {
        Fact { value: make(self.value), source: self.source }
    }
}

/// A place in a JSON file: what stands there and how to name it.
#[derive(Debug, Clone)]
pub struct Field<'a> {
    pub file: &'a str,
    pub pointer: String,
    pub value: &'a Value,
}

/// Above this a length or a count is somebody's mark for "no limit" (`int(1e30)`, `i64::MAX`).
const UNLIMITED: u64 = 1_000_000_000_000_000;

impl<'a> Field<'a> {
    pub fn root(file: &'a str, value: &'a Value) -> Self {
        Self { file, pointer: String::new(), value }
    }

    /// The member of that name, unless it is absent or null.
    pub fn get(&self, key: &str) -> Option<Field<'a>> {
        let value = self.value.as_object()?.get(key).filter(|value| !value.is_null())?;
        let pointer = format!("{}/{}", self.pointer, escape(key));
        Some(Field { file: self.file, pointer, value })
    }

    /// The first of these members that is there.
    pub fn first(&self, keys: &[&str]) -> Option<Field<'a>> {
        keys.iter().find_map(|key| self.get(key))
    }

    /// A member below members: `path(&["ffn_config", "moe_top_k"])`.
    pub fn path(&self, keys: &[&str]) -> Option<Field<'a>> {
        keys.iter().try_fold(self.clone(), |field, key| field.get(key))
    }

    pub fn items(&self) -> impl Iterator<Item = Field<'a>> {
        let (file, pointer, value) = (self.file, self.pointer.clone(), self.value);
        value.as_array().into_iter().flatten().enumerate().map(move |(index, value)| Field {
            file,
            pointer: format!("{pointer}/{index}"),
            value,
        })
    }

    pub fn source(&self) -> Source {
        Source::key(self.file, self.pointer.clone())
    }

    fn fact<T>(&self, value: Option<T>) -> Option<Fact<T>> {
        value.map(|value| Fact::new(value, self.source()))
    }

    /// A whole number that is not negative; `131072.0` counts as one, "no limit" marks do not.
    pub fn count(&self) -> Option<Fact<u64>> {
        self.fact(whole(self.value).filter(|value| *value < UNLIMITED))
    }

    /// A whole number above zero: zero and negative numbers mean "not set" in many files.
    pub fn positive(&self) -> Option<Fact<u64>> {
        self.count().filter(|fact| fact.value > 0)
    }

    pub fn number(&self) -> Option<Fact<f64>> {
        self.fact(self.value.as_f64().filter(|value| value.is_finite()))
    }

    pub fn bool(&self) -> Option<Fact<bool>> {
        self.fact(self.value.as_bool())
    }

    pub fn string(&self) -> Option<Fact<String>> {
        self.fact(self.value.as_str().map(str::to_owned))
    }

    /// The strings of a list, or the one string that stands in place of a list.
    pub fn strings(&self) -> Option<Fact<Vec<String>>> {
        let strings = match self.value {
            Value::String(one) => vec![one.clone()],
            Value::Array(many) => many.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => return None,
        };
        self.fact(Some(strings).filter(|strings| !strings.is_empty()))
    }

    /// The number, or the numbers of a list.
    pub fn counts(&self) -> Option<Fact<Vec<u64>>> {
        let counts = match self.value {
            Value::Array(many) => many.iter().filter_map(whole).collect::<Vec<_>>(),
            one => whole(one).into_iter().collect(),
        };
        self.fact(Some(counts).filter(|counts| !counts.is_empty()))
    }
}

/// A whole number, also when it is written with a fraction of zero.
fn whole(value: &Value) -> Option<u64> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range is checked first: every such float is an exact u64"
    )]
    value.as_u64().or_else(|| {
        value
            .as_f64()
            .filter(|float| float.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(float))
            .map(|float| float as u64)
    })
}

/// A key as a part of a JSON Pointer (RFC 6901).
pub fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_knows_where_it_stands() {
        let value = json!({"a/b": {"c": [1, 2.0, "x"]}});
        let root = Field::root("config.json", &value);
        let list = root.path(&["a/b", "c"]).unwrap();
        assert_eq!(list.pointer, "/a~1b/c");
        assert_eq!(list.counts().unwrap().value, [1, 2]);
        assert_eq!(list.items().nth(1).unwrap().count().unwrap().source.pointer.unwrap(), "/a~1b/c/1");
    }

    #[test]
    fn marks_for_no_limit_are_not_counts() {
        for unset in ["1000000000000000019884624838656", "9223372036854775807", "-1", "1.5", "\"7\""] {
            let value: Value = serde_json::from_str(unset).unwrap();
            assert_eq!(Field::root("f", &value).count(), None, "{unset}");
        }
        assert_eq!(Field::root("f", &json!(13731385408.0)).count().unwrap().value, 13_731_385_408);
    }
}
