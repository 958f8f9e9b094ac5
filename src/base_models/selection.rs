//! `fields`: which members of the records of a list are answered.
//!
//! What can be named follows from the schemas of the record and its card, so that it is written nowhere twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, PartialSchema as _, ToSchema};
use uuid::Uuid;

use super::filter::{FIELDS, Field};
use super::input::{Property, PropertyName};
use super::model::BaseModel;
use crate::extract::Parameters;

/// Most members of a selection.
const MOST: usize = 100;
/// Most characters of one of them.
const MAX_LENGTH: usize = 200;
/// Members that are always answered: what a record is, and in which state.
const ALWAYS: [&str; 2] = ["id", "etag"];

/// What `fields` selected of a record: its shape, with the rest left out.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes the answer in the OpenAPI document")]
pub struct BaseModelSelection {
    #[schema(example = "0192f0c1-2b6e-7c3a-9f00-2f6d1e6f0a11")]
    id: Uuid,
    #[schema(required = false, min_length = 1, max_length = 40, example = "llama3.2-1b")]
    technical_name: String,
    #[schema(required = false, min_length = 1, max_length = 200, example = "Llama-3.2-1B-Instruct")]
    model_name: String,
    #[schema(required = false, max_length = 1031, example = "models/Llama-3.2-1B-Instruct")]
    path: String,
    #[schema(required = false, max_length = 16384, example = "Small model of the chat team")]
    description: Option<String>,
    #[schema(required = false, max_items = 32)]
    tags: Vec<String>,
    #[schema(required = false)]
    properties: BTreeMap<PropertyName, Property>,
    #[schema(required = false, max_length = 65536, example = "{{ .System }} {{ .Prompt }}")]
    deployment_template: Option<String>,
    #[schema(required = false, max_items = 1, example = json!([]))]
    notices: Vec<String>,
    /// What was selected of the card, in the card's shape.
    #[schema(required = false, value_type = Object)]
    card: Value,
    #[schema(required = false, minimum = 1, example = 1)]
    revision: i64,
    /// The tag of this state, to be sent as `If-Match` with a change.
    #[schema(example = "\"1\"")]
    etag: String,
    #[schema(required = false)]
    created_at: DateTime<Utc>,
    #[schema(required = false, example = "pipeline")]
    created_by: Option<String>,
    #[schema(required = false)]
    updated_at: DateTime<Utc>,
    #[schema(required = false, example = "pipeline")]
    updated_by: Option<String>,
}

/// `fields`, as the OpenAPI document describes it.
pub struct FieldsQuery;

impl IntoParams for FieldsQuery {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let about = "Members to answer: of the record, of its card by dotted paths such as \
                     `card.architecture.context_length`, and the names of the filters for their places in the card. The \
                     others are left out, but for `id` and `etag`.";
        let (mut members, mut maps) = (Vec::new(), Vec::new());
        RECORD.list("", &mut members, &mut maps);
        // `card_status` is not listed beside `card.status`: generators of clients would make one name of both.
        let named: BTreeSet<String> = members.iter().map(|path| path.replace('.', "_")).collect();
        members.extend(FIELDS.iter().map(|field| field.name.to_owned()).filter(|name| !named.contains(name)));
        members.sort();
        // A map's members are its own affair; a comma would end the name of one.
        let inside = format!("^({})\\.[^,.]+$", maps.join("|").replace('.', "\\."));
        let items = json!({"anyOf": [
            {"type": "string", "enum": members},
            {"type": "string", "pattern": inside, "minLength": 1, "maxLength": MAX_LENGTH},
        ]});
        let example = ["technical_name", "parameters", "card.architecture.context_length"];
        let parameter = json!({"name": "fields", "in": "query", "required": false, "description": about, "style": "form",
            "explode": false, "schema": {"type": "array", "minItems": 1, "maxItems": MOST, "items": items, "example": example}});
        serde_json::from_value(parameter).into_iter().collect()
    }
}

/// The members that are answered.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Selection(BTreeMap<String, Selection>);

impl Selection {
    /// Reads `fields`; `None` if it is absent.
    pub fn read(parameters: &mut Parameters) -> Option<Self> {
        let text = parameters.one("fields")?;
        if text.split(',').count() > MOST {
            parameters.fault("fields", "length", format!("must name at most {MOST} members"));
            return None;
        }
        let mut selection = Self::default();
        for path in text.split(',').chain(ALWAYS) {
            match place(path) {
                Ok(place) => selection.add(&place.split('.').collect::<Vec<_>>()),
                Err(detail) => parameters.fault("fields", "value", detail),
            }
        }
        Some(selection)
    }

    /// A member without further ones is answered whole, whatever is named of its inside.
    fn add(&mut self, path: &[&str]) {
        let Some((member, rest)) = path.split_first() else {
            self.0.clear();
            return;
        };
        match self.0.get_mut(*member) {
            Some(inner) if inner.0.is_empty() => {}
            Some(inner) => inner.add(rest),
            None => {
                let mut inner = Self::default();
                inner.add(rest);
                self.0.insert((*member).to_owned(), inner);
            }
        }
    }

    /// Whether anything of the card is answered.
    pub fn has_card(&self) -> bool {
        self.0.contains_key("card")
    }

    /// What is selected of a record.
    pub fn of(&self, base_model: &BaseModel) -> serde_json::Result<Box<RawValue>> {
        self.pick(&serde_json::value::to_raw_value(base_model)?)
    }

    fn pick(&self, value: &RawValue) -> serde_json::Result<Box<RawValue>> {
        // What is null, or otherwise no object, is answered as it is.
        if self.0.is_empty() || !value.get().starts_with('{') {
            return Ok(value.to_owned());
        }
        let members: Members<&RawValue> = serde_json::from_str(value.get())?;
        let picked = members.0.into_iter().filter_map(|(name, member)| {
            let inner = self.0.get(&name)?;
            Some(inner.pick(member).map(|picked| (name, picked)))
        });
        serde_json::value::to_raw_value(&Members(picked.collect::<serde_json::Result<Vec<_>>>()?))
    }
}

/// Where something is that a selection names.
fn place(path: &str) -> Result<&str, String> {
    let is_known = |path: &str| {
        let root = Some(&*RECORD);
        path.split('.').try_fold(root, |shape, member| shape.map(|shape| shape.member(member))).flatten().is_some()
    };
    if is_known(path) {
        return Ok(path);
    }
    Field::named(path).map(|field| field.place).ok_or_else(|| {
        let shown: String = path.chars().take(100).collect();
        let Shape::Members(members) = &*RECORD else { return format!("{shown:?} is not known") };
        let members: Vec<&str> = members.keys().map(String::as_str).collect();
        let names: Vec<&str> = FIELDS.iter().map(|field| field.name).filter(|name| !members.contains(name)).collect();
        format!(
            "{shown:?} is no member; they are {}, {} for their places in the card, and the members of the card by dotted \
             paths such as card.architecture.context_length",
            members.join(", "),
            names.join(", ")
        )
    })
}

/// What can be named inside a value.
#[derive(Debug)]
enum Shape {
    Members(BTreeMap<String, Shape>),
    /// Members of any name.
    Map,
    Whole,
}

static RECORD: LazyLock<Shape> = LazyLock::new(|| {
    let mut schemas = Vec::new();
    BaseModel::schemas(&mut schemas);
    let schemas: BTreeMap<String, RefOr<Schema>> = schemas.into_iter().collect();
    let document = json!({"components": {"schemas": schemas}});
    Shape::of(&document, Some(&serde_json::to_value(BaseModel::schema()).unwrap_or_default()), 0)
});

impl Shape {
    /// The shape that a schema describes. None of them holds itself, but a document that did would have an end here.
    fn of(document: &Value, schema: Option<&Value>, depth: usize) -> Self {
        let Some(schema) = schema.filter(|_| depth < 16) else { return Self::Whole };
        let inner = |schema: &Value| Self::of(document, Some(schema), depth + 1);
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            return Self::of(document, document.pointer(reference.trim_start_matches('#')), depth + 1);
        }
        if let Some(members) = schema.get("properties").and_then(Value::as_object) {
            return Self::Members(members.iter().map(|(name, schema)| (name.clone(), inner(schema))).collect());
        }
        if schema.get("additionalProperties").is_some_and(Value::is_object) {
            return Self::Map;
        }
        let either = ["oneOf", "anyOf", "allOf"].iter().filter_map(|word| schema.get(word)?.as_array()).flatten();
        either.map(inner).find(|shape| !matches!(shape, Self::Whole)).unwrap_or(Self::Whole)
    }

    /// The paths of all members, and those of the maps among them.
    fn list(&self, at: &str, members: &mut Vec<String>, maps: &mut Vec<String>) {
        match self {
            Self::Members(inner) => {
                for (name, shape) in inner {
                    let path = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                    members.push(path.clone());
                    shape.list(&path, members, maps);
                }
            }
            Self::Map => maps.push(at.to_owned()),
            Self::Whole => {}
        }
    }

    fn member(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Members(members) => members.get(name),
            Self::Map => Some(&Self::Whole).filter(|_| (1..=MAX_LENGTH).contains(&name.chars().count())),
            Self::Whole => None,
        }
    }
}

/// The members of an object, in their order.
struct Members<T>(Vec<(String, T)>);

impl<'de> Deserialize<'de> for Members<&'de RawValue> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;

        impl<'de> Visitor<'de> for Each {
            type Value = Members<&'de RawValue>;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Each)
    }
}

impl<T: Serialize> Serialize for Members<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, member) in &self.0 {
            map.serialize_entry(name, member)?;
        }
        map.end()
    }
}
