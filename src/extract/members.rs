//! The members of a JSON body, taken one by one, so that all faults are found and not only the first.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::Value;
use validator::{Validate, ValidationError, ValidationErrors};

use super::body::MAX_JSON;
use crate::cards::json;
use crate::error::{ApiError, Fault};

/// A body that is read from its members.
pub trait Body: Sized + Validate {
    /// Most bytes of it, after decompression.
    const LIMIT: usize = MAX_JSON;

    fn read(members: &mut Members) -> Self;
}

#[derive(Debug)]
pub struct Members {
    given: serde_json::Map<String, Value>,
    faults: Vec<Fault>,
    known: Vec<&'static str>,
}

impl Members {
    /// Parses a body that is a JSON object.
    pub fn parse(bytes: &[u8]) -> Result<Value, ApiError> {
        let malformed = |detail: String| ApiError::MalformedBody(vec![Fault::at("", "json", detail)]);
        let value = json::parse_strict(bytes).map_err(|error| malformed(format!("the body must be JSON: {error}")))?;
        if value.is_object() { Ok(value) } else { Err(malformed("the body must be a JSON object".to_owned())) }
    }

    /// Reads and validates an object.
    pub fn read<T: Body>(object: Value) -> Result<T, ApiError> {
        let given = match object {
            Value::Object(given) => given,
            _ => serde_json::Map::new(),
        };
        let mut members = Self { given, faults: Vec::new(), known: Vec::new() };
        let body = T::read(&mut members);
        members.finish(body)
    }

    /// A member that has to be there. After a fault it has its default, which is then not judged.
    pub fn required<T: DeserializeOwned + Default>(&mut self, name: &'static str) -> T {
        match self.take(name) {
            Some(Value::Null) | None => {
                self.faults.push(Fault::at(pointer(name), "required", "is needed"));
                T::default()
            }
            Some(value) => self.convert(name, value).unwrap_or_default(),
        }
    }

    /// A member that may be absent or null.
    pub fn optional<T: DeserializeOwned>(&mut self, name: &'static str) -> Option<T> {
        match self.take(name) {
            Some(Value::Null) | None => None,
            Some(value) => self.convert(name, value),
        }
    }

    /// Which of these members is given: it has to be one of them, and one alone.
    pub fn one_of(&mut self, names: &[&'static str]) -> Option<&'static str> {
        let is_given = |name: &&&str| self.given.get(**name).is_some_and(|value| !value.is_null());
        let given: Vec<&'static str> = names.iter().filter(is_given).copied().collect();
        self.known.extend(names);
        if let [one] = given.as_slice() {
            return Some(one);
        }
        for name in names {
            self.given.remove(*name);
        }
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        self.faults.push(Fault::at("", "required", format!("give either {}", names.join(" or "))));
        None
    }

    /// Refuses a member that has no meaning beside the others that are given.
    pub fn misplaced(&mut self, name: &'static str, detail: &str) {
        if self.take(name).is_some_and(|value| !value.is_null()) {
            self.faults.push(Fault::at(pointer(name), "misplaced", detail));
        }
    }

    fn take(&mut self, name: &'static str) -> Option<Value> {
        if !self.known.contains(&name) {
            self.known.push(name);
        }
        self.given.remove(name)
    }

    fn convert<T: DeserializeOwned>(&mut self, name: &str, value: Value) -> Option<T> {
        match serde_path_to_error::deserialize(value) {
            Ok(converted) => Some(converted),
            Err(error) => {
                let inner: String = error.path().iter().map(|segment| pointer(&segment.to_string())).collect();
                let inner = inner.replace("/[", "/").replace(']', "");
                let detail = format!("must have the right type: {}", error.into_inner());
                self.faults.push(Fault::at(format!("{}{inner}", pointer(name)), "type", detail));
                None
            }
        }
    }

    fn finish<T: Body>(mut self, body: T) -> Result<T, ApiError> {
        let known = self.known.join(", ");
        for name in self.given.keys() {
            let detail = format!("is not known; the members are {known}");
            self.faults.push(Fault::at(pointer(name), "unknown", detail));
        }
        let structural = !self.faults.is_empty();
        let broken: Vec<Fault> = match body.validate() {
            Ok(()) => Vec::new(),
            Err(errors) => faults(&errors, "").into_iter().filter(|fault| !self.is_told(fault)).collect(),
        };
        self.faults.extend(broken);
        match (structural, self.faults.is_empty()) {
            (_, true) => Ok(body),
            (true, _) => Err(ApiError::MalformedBody(self.faults)),
            (false, _) => Err(ApiError::ValidationFailed(self.faults)),
        }
    }

    /// Whether the same place is at fault already, what it lies in, or a part of it: it then has its default.
    fn is_told(&self, fault: &Fault) -> bool {
        let lies_in = |inner: &str, outer: &str| {
            inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let pointer = fault.pointer.as_deref().unwrap_or_default();
        let mut told = self.faults.iter().filter_map(|told| told.pointer.as_deref());
        told.any(|told| lies_in(pointer, told) || lies_in(told, pointer))
    }
}

fn pointer(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// The broken rules by JSON Pointer. The rejected values themselves are not repeated.
fn faults(errors: &ValidationErrors, prefix: &str) -> Vec<Fault> {
    use validator::ValidationErrorsKind as Kind;
    let sorted: BTreeMap<_, _> = errors.errors().iter().collect();
    sorted
        .into_iter()
        .flat_map(|(field, kind)| {
            let at = format!("{prefix}{}", pointer(field));
            match kind {
                Kind::Field(broken) => broken.iter().flat_map(|error| told(&at, error)).collect(),
                Kind::Struct(inner) => faults(inner, &at),
                Kind::List(items) => {
                    items.iter().flat_map(|(index, inner)| faults(inner, &format!("{at}/{index}"))).collect()
                }
            }
        })
        .collect()
}

/// A broken rule, and where else it is broken in the same place of the body.
fn told(at: &str, error: &ValidationError) -> Vec<Fault> {
    let detail = error.message.as_deref().unwrap_or("breaks a rule");
    let text = |name| error.params.get(name).and_then(Value::as_str).unwrap_or_default();
    let others = error.params.get("others").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let at = format!("{at}{}", text("at"));
    std::iter::once(detail).chain(others).map(|detail| Fault::at(&at, error.code.to_string(), detail)).collect()
}
