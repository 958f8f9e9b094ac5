//! What holds for every schema: bounds, an example for every scalar, one place for each type.
//!
//! Inputs give their bounds themselves, at their fields, where the rules stand that hold them. What the service answers is
//! bounded by the limits of reading a folder, and these are told here once.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// Most characters of a text in an answer: what a folder's file or an address can hold of one.
pub const MAX_TEXT: usize = 131_072;
/// Most items of a list in an answer: the entries of a folder that are looked at.
pub const MAX_ITEMS: usize = 200_000;

/// Members of a schema that hold values, not schemas.
const VALUES: [&str; 5] = ["const", "default", "enum", "example", "examples"];

/// What an answer has left of a record when the client has selected its members: it says itself which are always there.
const SELECTION: &str = "BaseModelSelection";
/// A whole record is a selection too, so what is either is any of both, not one only.
const EITHER: &str = "/components/schemas/ListedBaseModel";

pub fn complete(document: &mut Value) {
    if let Some(either) = document.pointer_mut(EITHER).and_then(Value::as_object_mut)
        && let Some(kinds) = either.remove("oneOf")
    {
        either.insert("anyOf".to_owned(), kinds);
    }
    each(document, &mut bound);
    each(document, &mut exemplify);
    require_all_members(document);
    name_what_is_inlined(document);
}

/// Visits every object of the document that is no value.
fn each(node: &mut Value, visit: &mut impl FnMut(&mut Map<String, Value>)) {
    match node {
        Value::Object(members) => {
            visit(members);
            for (name, member) in members.iter_mut().filter(|(name, _)| !VALUES.contains(&name.as_str())) {
                match member {
                    // Its members are named by us: one called `default` is a schema like the others.
                    Value::Object(named) if name == "properties" => {
                        named.values_mut().for_each(|schema| each(schema, visit));
                    }
                    _ => each(member, visit),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| each(item, visit)),
        _ => {}
    }
}

/// Whether a schema is of that type, alone or with `null`.
fn is_a(schema: &Map<String, Value>, kind: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(name)) => name == kind,
        Some(Value::Array(names)) => names.iter().any(|name| name == kind),
        _ => false,
    }
}

/// Bounds a schema that has no bounds of its own.
fn bound(schema: &mut Map<String, Value>) {
    let format = schema.get("format").and_then(Value::as_str).unwrap_or_default().to_owned();
    if is_a(schema, "string") && !schema.contains_key("enum") && !schema.contains_key("const") {
        let length = match format.as_str() {
            "uuid" => 36,
            "date-time" => 40,
            _ => MAX_TEXT,
        };
        schema.entry("maxLength").or_insert(json!(length));
    }
    if is_a(schema, "integer") {
        let (least, most) =
            if format == "int32" { (i64::from(i32::MIN), i64::from(i32::MAX)) } else { (i64::MIN, i64::MAX) };
        schema.entry("minimum").or_insert(json!(least));
        schema.entry("maximum").or_insert(json!(most));
    }
    if is_a(schema, "array") {
        schema.entry("maxItems").or_insert(json!(MAX_ITEMS));
    }
}

/// Gives an example where the type alone says what a value looks like.
fn exemplify(schema: &mut Map<String, Value>) {
    if schema.contains_key("example") || schema.contains_key("examples") || schema.contains_key("default") {
        return;
    }
    let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
    let example = match schema.get("enum").and_then(Value::as_array).and_then(|values| values.first()) {
        Some(first) => first.clone(),
        None if is_a(schema, "boolean") => json!(true),
        None if format == "uuid" => json!("0192f0c1-2b6e-7c3a-9f00-2f6d1e6f0a11"),
        None if format == "date-time" => json!("2026-11-24T09:30:00.000000Z"),
        None => return,
    };
    schema.insert("example".to_owned(), example);
}

/// Says of every answer that each of its members is always there. What is only ever sent says so itself.
fn require_all_members(document: &mut Value) {
    let sent = reachable(document, "requestBody");
    let answered = reachable(document, "responses");
    let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else { return };
    for (name, schema) in schemas {
        if sent.contains(name) && !answered.contains(name) || name == SELECTION {
            continue;
        }
        each(schema, &mut |schema| {
            if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
                let names: Vec<&String> = properties.keys().collect();
                schema.insert("required".to_owned(), json!(names));
            }
        });
    }
}

/// The schemas that this part of any operation leads to.
fn reachable(document: &Value, part: &str) -> BTreeSet<String> {
    let paths = document.get("paths").and_then(Value::as_object).into_iter().flat_map(Map::values);
    let operations = paths.filter_map(Value::as_object).flat_map(Map::values);
    let mut waiting: Vec<&Value> = operations.filter_map(|operation| operation.get(part)).collect();
    let mut found = BTreeSet::new();
    while let Some(node) = waiting.pop() {
        if let Some(name) = node.get("$ref").and_then(Value::as_str).and_then(schema_name)
            && found.insert(name.to_owned())
        {
            waiting.extend(document.pointer(&format!("/components/schemas/{name}")));
        }
        match node {
            Value::Object(members) => waiting.extend(members.values()),
            Value::Array(items) => waiting.extend(items),
            _ => {}
        }
    }
    found
}

pub fn schema_name(reference: &str) -> Option<&str> {
    reference.strip_prefix("#/components/schemas/")
}

/// Puts a reference where a generic type spells out a type that has a name, so that clients get one type for one thing.
fn name_what_is_inlined(document: &mut Value) {
    let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else { return };
    let named = schemas.clone();
    let name_of = |schema: &Value| {
        let is_own_type = schema.get("properties").is_some();
        named.iter().find(|(_, other)| is_own_type && *other == schema).map(|(name, _)| name)
    };
    for schema in schemas.values_mut() {
        each(schema, &mut |schema| {
            let inner = ["items", "additionalProperties"];
            for (_, member) in schema.iter_mut().filter(|(name, _)| inner.contains(&name.as_str())) {
                if let Some(name) = name_of(member) {
                    *member = json!({"$ref": format!("#/components/schemas/{name}")});
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_bounds_gets_them_and_what_has_keeps_its_own() {
        let mut document = json!({"properties": {
            "default": {"type": ["string", "null"]},
            "id": {"type": "string", "format": "uuid"},
            "size": {"type": "integer", "format": "int32", "minimum": 1},
            "tags": {"type": "array", "maxItems": 3, "items": {"enum": ["a"], "type": "string"}},
        }, "example": {"type": "string"}});
        each(&mut document, &mut bound);
        each(&mut document, &mut exemplify);
        let properties = &document["properties"];
        assert_eq!(properties["default"]["maxLength"], MAX_TEXT);
        assert_eq!(properties["id"]["maxLength"], 36);
        assert_eq!(
            properties["size"],
            json!({"type": "integer", "format": "int32", "minimum": 1, "maximum": i32::MAX})
        );
        assert_eq!(properties["tags"]["maxItems"], 3);
        assert_eq!(properties["tags"]["items"], json!({"enum": ["a"], "type": "string", "example": "a"}));
        assert_eq!(document["example"], json!({"type": "string"}));
    }

    #[test]
    fn a_type_that_is_spelt_out_is_named() {
        let model = json!({"type": "object", "properties": {"id": {"type": "string"}}});
        let page = json!({"properties": {"items": {"type": "array", "items": model}}});
        let mut document = json!({"components": {"schemas": {"Model": model, "Page": page}}});
        name_what_is_inlined(&mut document);
        let items = &document["components"]["schemas"]["Page"]["properties"]["items"]["items"];
        assert_eq!(*items, json!({"$ref": "#/components/schemas/Model"}));
    }
}
