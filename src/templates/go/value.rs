//! The values that a template works with. They are cheap to copy: what is long is shared.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use super::types::Type;

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Arc<str>),
    List(List),
    Map(Map),
    Object(Arc<Object>),
}

/// A list, or a slice of it.
#[derive(Debug, Clone)]
pub struct List {
    pub kind: Type,
    items: Arc<[Value]>,
    from: usize,
    to: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Map {
    pub kind: Type,
    pub entries: Arc<BTreeMap<String, Value>>,
    /// Whether it is not there at all, which JSON tells from an empty one.
    pub is_nil: bool,
}

/// A value with fields of its own.
#[derive(Debug, PartialEq)]
pub struct Object {
    pub kind: Type,
    /// In the order that Go has them in.
    pub fields: Vec<Field>,
}

#[derive(Debug, PartialEq)]
pub struct Field {
    pub name: &'static str,
    /// Its name in JSON.
    pub json: &'static str,
    /// Whether JSON leaves it out when it is empty.
    pub is_optional: bool,
    pub value: Value,
}

impl List {
    pub fn new(kind: Type, items: Vec<Value>) -> Self {
        Self { kind, from: 0, to: items.len(), items: items.into() }
    }

    pub fn items(&self) -> &[Value] {
        self.items.get(self.from..self.to).unwrap_or_default()
    }

    /// Go has no list in the place of an empty one that was not given.
    pub fn is_nil(&self) -> bool {
        self.items.is_empty() && self.kind != Type::Any
    }

    /// The items from one index to another one, which the caller has compared with the length.
    pub fn slice(&self, from: usize, to: usize) -> Self {
        Self { from: self.from + from, to: self.from + to, ..self.clone() }
    }
}

impl PartialEq for List {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.items() == other.items()
    }
}

impl Map {
    pub fn new(kind: Type, entries: BTreeMap<String, Value>) -> Self {
        Self { kind, entries: Arc::new(entries), is_nil: false }
    }

    /// What is not there is the zero of its type.
    pub fn get(&self, key: &str) -> Value {
        match self.entries.get(key) {
            Some(value) => value.clone(),
            None if self.kind == Type::Properties => super::data::property(&Json::Null),
            None => Value::Nil,
        }
    }
}

impl Object {
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find(|field| field.name == name).map(|field| &field.value)
    }
}

impl Value {
    pub fn text(text: &str) -> Self {
        Self::Text(text.into())
    }

    /// What `if` takes it for.
    pub fn is_true(&self) -> bool {
        match self {
            Self::Nil => false,
            Self::Bool(value) => *value,
            Self::Int(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::List(list) => !list.items().is_empty(),
            Self::Map(map) => !map.entries.is_empty(),
            Self::Object(_) => true,
        }
    }

    /// Any JSON as Go reads it: every number is a float.
    pub fn of_json(json: &Json) -> Self {
        match json {
            Json::Null => Self::Nil,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => Self::Float(number.as_f64().unwrap_or_default()),
            Json::String(text) => Self::text(text),
            Json::Array(items) => Self::List(List::new(Type::Any, items.iter().map(Self::of_json).collect())),
            Json::Object(members) => Self::Map(Map::of_json(Type::Any, members)),
        }
    }
}

impl Map {
    pub fn of_json(kind: Type, members: &serde_json::Map<String, Json>) -> Self {
        Self::new(kind, members.iter().map(|(name, value)| (name.clone(), Value::of_json(value))).collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_empty_or_zero_is_false() {
        for json in [json!(null), json!(false), json!(0), json!(""), json!([]), json!({})] {
            assert!(!Value::of_json(&json).is_true(), "{json}");
        }
        for json in [json!(true), json!(-1), json!("0"), json!([0]), json!({"a": null})] {
            assert!(Value::of_json(&json).is_true(), "{json}");
        }
    }

    #[test]
    fn a_slice_of_a_slice_counts_from_the_first_one_s_beginning() {
        let list = List::new(Type::Any, (0..5).map(Value::Int).collect());
        let slice = list.slice(1, 4).slice(1, 3);
        assert_eq!(slice.items(), [Value::Int(2), Value::Int(3)]);
        assert_eq!(list.slice(5, 5).items(), []);
    }
}
