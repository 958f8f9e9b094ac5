//! An example of every answer and of every body, made of the examples that the types give of their members.

use serde_json::{Map, Value, json};

use super::schemas::schema_name;
use super::{bodies, responses};

/// A base model as the service answers it, made of a folder in `tests/fixtures`; a test keeps it true.
const BASE_MODEL: &str = include_str!("base_model.json");
/// Types lie within types no deeper than this.
const MAX_DEPTH: usize = 24;

/// Gives every success and every body an example, unless its operation gives one.
pub fn complete(document: &mut Value) {
    let schemas = document.pointer("/components/schemas").and_then(Value::as_object).cloned().unwrap_or_default();
    let types = Types(real_ones(schemas));
    let mut used = Map::new();
    responses(document, |_, responses| {
        for (_, response) in responses.iter_mut().filter(|(status, _)| status.starts_with('2')) {
            exemplify(response, &types, &mut used);
        }
    });
    bodies(document, |body| exemplify(body, &types, &mut used));
    let examples = document.pointer_mut("/components/examples").and_then(Value::as_object_mut);
    examples.into_iter().for_each(|examples| examples.append(&mut used));
}

/// The types, some with a real example instead of one that is put together.
fn real_ones(mut schemas: Map<String, Value>) -> Map<String, Value> {
    let base_model: Value = serde_json::from_str(BASE_MODEL).unwrap_or_default();
    let card = base_model.get("card").cloned().unwrap_or_default();
    for (name, example) in [("BaseModel", base_model), ("Card", card)] {
        if let Some(schema) = schemas.get_mut(name).and_then(Value::as_object_mut) {
            schema.insert("example".to_owned(), example);
        }
    }
    schemas
}

/// Gives each content of a body an example; that of a named type is kept once and referred to.
fn exemplify(body: &mut Value, types: &Types, used: &mut Map<String, Value>) {
    let contents = body.get_mut("content").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut);
    for content in contents.filter_map(Value::as_object_mut) {
        if content.contains_key("example") || content.contains_key("examples") {
            continue;
        }
        let Some(schema) = content.get("schema") else { continue };
        let example = types.example(schema, 0);
        match schema.get("$ref").and_then(Value::as_str).and_then(schema_name).map(str::to_owned) {
            Some(name) => {
                content
                    .insert("examples".to_owned(), json!({&name: {"$ref": format!("#/components/examples/{name}")}}));
                used.insert(name, json!({"value": example}));
            }
            None => _ = content.insert("example".to_owned(), example),
        }
    }
}

struct Types(Map<String, Value>);

impl Types {
    /// A value of the schema.
    fn example(&self, schema: &Value, depth: usize) -> Value {
        if depth > MAX_DEPTH {
            return Value::Null;
        }
        if let Some(example) = schema.get("example").or_else(|| schema.pointer("/examples/0")) {
            return example.clone();
        }
        if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(schema_name) {
            return self.0.get(name).map(|named| self.example(named, depth + 1)).unwrap_or_default();
        }
        let choices = ["oneOf", "anyOf"].into_iter().filter_map(|name| schema.get(name)?.as_array()).flatten();
        if let Some(first) = choices.into_iter().find(|choice| choice.get("type") != Some(&json!("null"))) {
            return self.example(first, depth + 1);
        }
        if let Some(items) = schema.get("items") {
            let item = self.example(items, depth + 1);
            return if item.is_null() { json!([]) } else { json!([item]) };
        }
        self.object(schema, depth)
    }

    /// An object with all its members, or a map with one.
    fn object(&self, schema: &Value, depth: usize) -> Value {
        let properties = schema.get("properties").and_then(Value::as_object);
        let members = properties.into_iter().flatten();
        let members: Map<String, Value> =
            members.map(|(name, member)| (name.clone(), self.example(member, depth + 1))).collect();
        match schema.get("additionalProperties").filter(|more| more.is_object()) {
            Some(value) => json!({"name": self.example(value, depth + 1)}),
            None if properties.is_some() => Value::Object(members),
            None if schema.get("type") == Some(&json!("object")) => json!({}),
            None => schema.get("default").cloned().unwrap_or_default(),
        }
    }
}
