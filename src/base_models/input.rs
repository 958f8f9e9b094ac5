//! What a client sends: a new base model, or a merge patch of one.
//!
//! A patch is applied to the stored record and the result judged by the same rules as a new one, so
//! that there is one set of rules, and a patch can do what RFC 7396 says and nothing else.

use serde::Serialize;
use serde_json::{Map, Number, Value};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use super::names::{self, check_model_name, check_technical_name};
use crate::cards::ModelPath;
use crate::extract::{Body, Members};
use crate::templates::go;

/// Most characters of a description.
const MAX_DESCRIPTION: usize = 16 << 10;
/// Most bytes of all properties together, as JSON.
const MAX_PROPERTIES: usize = 16 << 10;
/// Most characters of a text among them.
const MAX_PROPERTY_TEXT: usize = 8000;
/// Most bytes of a deployment template.
pub const MAX_TEMPLATE: usize = 64 << 10;
/// Most characters of a model name.
const MAX_MODEL_NAME: usize = 200;
const MAX_TAGS: usize = 32;
const MAX_TAG_CHARACTERS: usize = 64;
/// Up to here every whole number is the same in every language's JSON (2^53).
const MAX_EXACT: u64 = 1 << 53;

/// A base model to register.
#[derive(Debug, Clone, PartialEq, Serialize, Validate, ToSchema)]
#[schema(example = json!({
    "technical_name": "minilm",
    "model_name": "all-MiniLM-L6-v2",
    "path": "models/all-MiniLM-L6-v2",
    "description": "Small encoder for semantic search",
    "tags": ["search"],
    "properties": {"team": "nlp"},
}))]
#[serde(deny_unknown_fields)]
pub struct NewBaseModel {
    /// Short name, unique whatever its letter case. The names of models that are trained from this one begin with it,
    /// which is why it is short and holds no `_`.
    #[validate(
        length(min = 1, max = 40, message = "must be 1 to 40 characters long"),
        custom(function = "check_technical_name")
    )]
    #[schema(min_length = 1, max_length = 40, pattern = "^[A-Za-z0-9][A-Za-z0-9.-]*$", example = "minilm")]
    pub technical_name: String,
    /// Full name, unique whatever its letter case.
    #[validate(
        length(min = 1, max = 200, message = "must be 1 to 200 characters long"),
        custom(function = "check_model_name")
    )]
    #[schema(value_type = ModelName)]
    pub model_name: String,
    /// The model's folder, or a single `.gguf` file, relative to the models root: `models/X`, `./models/X` and `X` mean
    /// the same.
    #[validate(
        length(min = 1, max = 1024, message = "must be 1 to 1024 characters long"),
        custom(function = "check_path")
    )]
    #[schema(min_length = 1, max_length = 1024, example = "models/all-MiniLM-L6-v2")]
    pub path: String,
    /// Free text, 16384 characters at most.
    #[validate(custom(function = "check_description"))]
    #[schema(value_type = Option<Description>)]
    pub description: Option<String>,
    /// Words to find it by.
    #[validate(length(max = 32, message = "must be at most 32 tags"), custom(function = "check_tags"))]
    #[schema(required = false, nullable, value_type = Vec<Tag>, max_items = 32)]
    pub tags: Vec<String>,
    /// Whatever else is worth keeping: strings, numbers and booleans by name, 16 KiB of JSON at most.
    #[validate(custom(function = "check_properties"))]
    #[schema(required = false, nullable, value_type = std::collections::BTreeMap<PropertyName, Property>)]
    pub properties: Map<String, Value>,
    /// The Go template of an Ollama Modelfile, 64 KiB at most. It is checked: its grammar, and that it names only functions
    /// and fields that Ollama gives.
    #[validate(custom(function = "check_template"))]
    #[schema(value_type = Option<Template>)]
    pub deployment_template: Option<String>,
}

/// Changes to a base model as a merge patch (RFC 7396): what is absent stays, `null` clears.
#[derive(ToSchema)]
#[schema(example = json!({"description": "Default model of the chat team", "tags": ["chat", "prod"]}))]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it describes the body in the OpenAPI document; the patch itself is applied as JSON")]
pub struct BaseModelChanges {
    #[schema(
        min_length = 1,
        max_length = 40,
        pattern = "^[A-Za-z0-9][A-Za-z0-9.-]*$",
        nullable = false,
        example = "llama3.2-1b"
    )]
    technical_name: Option<String>,
    #[schema(value_type = ModelName, required = false)]
    model_name: Option<String>,
    /// Another folder is read at once, and the card becomes that folder's.
    #[schema(min_length = 1, max_length = 1024, nullable = false, example = "models/Llama-3.2-1B-Instruct")]
    path: Option<String>,
    #[schema(value_type = Option<Description>)]
    description: Option<String>,
    #[schema(value_type = Option<Vec<Tag>>, max_items = 32)]
    tags: Option<Vec<String>>,
    /// Members are merged one by one; `null` removes one.
    #[schema(value_type = Option<std::collections::BTreeMap<PropertyName, PropertyChange>>)]
    properties: Option<Map<String, Value>>,
    #[schema(value_type = Option<Template>)]
    deployment_template: Option<String>,
}

/// Full name of a base model, unique whatever its letter case. Space around it is left out.
#[derive(ToSchema)]
#[schema(
    min_length = 1,
    max_length = 200,
    pattern = "^[\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]*[^\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\uffff]([^\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\uffff]*[^\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\uffff])?[\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]*$",
    example = "all-MiniLM-L6-v2"
)]
#[expect(dead_code, reason = "it describes the name in the OpenAPI document")]
pub struct ModelName(String);

/// Free text.
#[derive(ToSchema)]
#[schema(
    max_length = 16384,
    pattern = "^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f]*$",
    example = "Small encoder for semantic search"
)]
#[expect(dead_code, reason = "it describes the text in the OpenAPI document")]
pub struct Description(String);

/// A deployment template as it is: the Go template of an Ollama Modelfile.
#[derive(ToSchema)]
#[schema(
    min_length = 1,
    max_length = 65536,
    pattern = "^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f]*[^\\u0000-\\u0020\\u007f-\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000][^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f]*$",
    example = "{{ .System }} {{ .Prompt }}"
)]
#[expect(dead_code, reason = "it describes the text in the OpenAPI document")]
pub struct Template(String);

/// A base model as it should be. What is left out is emptied.
#[derive(ToSchema)]
#[schema(example = json!({
    "model_name": "all-MiniLM-L6-v2",
    "path": "models/all-MiniLM-L6-v2",
    "tags": ["search"],
}))]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it describes the body in the OpenAPI document; it is judged as a new base model")]
pub struct DeclaredBaseModel {
    /// The name in the address, whatever its letter case; it may be left out. Under an id it may be another one.
    #[schema(min_length = 1, max_length = 40, pattern = "^[A-Za-z0-9][A-Za-z0-9.-]*$", example = "minilm")]
    technical_name: Option<String>,
    #[schema(value_type = ModelName)]
    model_name: String,
    /// The model's folder, or a single `.gguf` file, relative to the models root.
    #[schema(min_length = 1, max_length = 1024, example = "models/all-MiniLM-L6-v2")]
    path: String,
    #[schema(value_type = Option<Description>)]
    description: Option<String>,
    #[schema(value_type = Option<Vec<Tag>>, max_items = 32)]
    tags: Option<Vec<String>>,
    #[schema(value_type = Option<std::collections::BTreeMap<PropertyName, Property>>)]
    properties: Option<Map<String, Value>>,
    #[schema(value_type = Option<Template>)]
    deployment_template: Option<String>,
}

/// A word to find a base model by.
#[derive(ToSchema)]
#[schema(
    min_length = 1,
    max_length = 64,
    pattern = "^[\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]*[^\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\uffff]([^\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\uffff]*[^\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\uffff])?[\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]*$",
    example = "prod"
)]
#[expect(dead_code, reason = "it describes the words in the OpenAPI document")]
pub struct Tag(String);

/// A name in `properties`.
#[derive(ToSchema)]
#[schema(
    min_length = 1,
    max_length = 64,
    pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\uffff]+$",
    example = "team"
)]
#[expect(dead_code, reason = "it describes the names in the OpenAPI document")]
pub struct PropertyName(String);

/// A text in `properties`.
#[derive(ToSchema)]
#[schema(max_length = 8000, pattern = "^[^\\u0000]*$", example = "nlp")]
#[expect(dead_code, reason = "it describes the texts in the OpenAPI document")]
pub struct PropertyText(String);

/// A number in `properties`: whole ones are exact up to here in every language.
#[derive(ToSchema)]
#[schema(minimum = -9007199254740992.0, maximum = 9007199254740992.0, example = 7)]
#[expect(dead_code, reason = "it describes the numbers in the OpenAPI document")]
pub struct PropertyNumber(f64);

/// A value of `properties`.
#[derive(ToSchema)]
#[schema(example = "nlp")]
#[serde(untagged)]
#[expect(dead_code, reason = "it describes the values in the OpenAPI document")]
pub enum Property {
    Text(PropertyText),
    Number(PropertyNumber),
    Boolean(bool),
}

/// A value of `properties` in a patch.
#[derive(ToSchema)]
#[schema(example = "nlp")]
#[serde(untagged)]
#[expect(dead_code, reason = "it describes the values in the OpenAPI document")]
pub enum PropertyChange {
    Text(PropertyText),
    Number(PropertyNumber),
    Boolean(bool),
    /// `null` removes the member.
    Removed,
}

impl Body for NewBaseModel {
    fn read(members: &mut Members) -> Self {
        Self {
            technical_name: members.required("technical_name"),
            model_name: tidy(members.required("model_name"), MAX_MODEL_NAME),
            path: one_form(members.required("path")),
            description: members.optional("description"),
            tags: members.optional("tags").map(distinct).unwrap_or_default(),
            properties: members.optional("properties").unwrap_or_default(),
            deployment_template: members.optional("deployment_template"),
        }
    }
}

/// The path in the form it is kept in, so that another spelling of it is no change; what is no path is judged later.
fn one_form(path: String) -> String {
    ModelPath::parse(&path).map_or(path, |parsed| parsed.to_string())
}

/// The text as it is kept. One that is too long as it was sent stays so: a limit holds for what is sent.
fn tidy(text: String, max: usize) -> String {
    if text.chars().count() > max { text } else { names::tidy(&text) }
}

fn distinct(tags: Vec<String>) -> Vec<String> {
    if tags.len() > MAX_TAGS {
        return tags;
    }
    let mut kept: Vec<String> = Vec::with_capacity(tags.len());
    for tag in tags.into_iter().map(|tag| tidy(tag, MAX_TAG_CHARACTERS)) {
        // They are asked for whatever their letter case, so two that differ in it only are one.
        if !kept.iter().any(|other| names::fold(other) == names::fold(&tag)) {
            kept.push(tag);
        }
    }
    kept
}

fn broken(code: &'static str, message: impl Into<String>) -> ValidationError {
    ValidationError::new(code).with_message(message.into().into())
}

pub fn check_path(path: &str) -> Result<(), ValidationError> {
    ModelPath::parse(path).map(drop).map_err(|error| broken("path", error.to_string()))
}

fn check_description(text: &str) -> Result<(), ValidationError> {
    if text.chars().count() > MAX_DESCRIPTION {
        return Err(broken("length", format!("must be at most {MAX_DESCRIPTION} characters long")));
    }
    check_characters(text)
}

/// A template is a text that says something: an empty one would silently mean another model's. And it is one that Ollama
/// can take, because what Ollama says of it later nobody reads.
fn check_template(text: &str) -> Result<(), ValidationError> {
    if text.trim().is_empty() {
        return Err(broken("length", "must not be blank; null means that there is none"));
    }
    if text.len() > MAX_TEMPLATE {
        return Err(broken("length", format!("must be at most {MAX_TEMPLATE} bytes long")));
    }
    check_characters(text)?;
    let template = go::Template::parse(text)
        .map_err(|fault| broken("syntax", format!("must be a Go template, but at {fault}")))?;
    let findings = template.check();
    match findings.first() {
        None => Ok(()),
        Some(first) => {
            let mut error = broken("unknown_name", format!("must name only what Ollama gives, but at {first}"));
            let others: Vec<String> = findings.iter().skip(1).map(|found| format!("at {found}")).collect();
            error.add_param("others".into(), &others);
            Err(error)
        }
    }
}

fn check_characters(text: &str) -> Result<(), ValidationError> {
    match text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        None => Ok(()),
        Some(c) => {
            Err(broken("characters", format!("must not hold control characters, but holds U+{:04X}", u32::from(c))))
        }
    }
}

fn check_tags(tags: &[String]) -> Result<(), ValidationError> {
    let fits = |tag: &&String| {
        (1..=MAX_TAG_CHARACTERS).contains(&tag.chars().count()) && !tag.chars().any(names::is_invisible)
    };
    match tags.iter().position(|tag| !fits(&tag)) {
        None => Ok(()),
        Some(index) => {
            let mut error =
                broken("tag", "must be 1 to 64 characters long and hold no control or zero-width characters");
            error.add_param("at".into(), &format!("/{index}"));
            Err(error)
        }
    }
}

fn check_properties(properties: &Map<String, Value>) -> Result<(), ValidationError> {
    for (name, value) in properties {
        check_property(name, value).map_err(|message| {
            let mut error = broken("property", message);
            error.add_param("at".into(), &format!("/{}", name.replace('~', "~0").replace('/', "~1")));
            error
        })?;
    }
    let length = serde_json::to_vec(properties).map_or(0, |json| json.len());
    if length > MAX_PROPERTIES {
        return Err(broken("length", format!("must be at most {MAX_PROPERTIES} bytes of JSON, but has {length}")));
    }
    Ok(())
}

fn check_property(name: &str, value: &Value) -> Result<(), String> {
    if name.is_empty() || name.chars().count() > 64 || name.chars().any(names::is_invisible) {
        return Err("must have a name of 1 to 64 characters without control or zero-width characters".to_owned());
    }
    match value {
        Value::String(text) if text.chars().count() > MAX_PROPERTY_TEXT => {
            Err(format!("must be at most {MAX_PROPERTY_TEXT} characters long"))
        }
        Value::String(text) if text.contains('\0') => Err("must not hold the character U+0000".to_owned()),
        Value::Number(number) if !is_exact(number) => {
            Err("must be at most 9007199254740992, which every JSON reader keeps exactly; give it as a string"
                .to_owned())
        }
        Value::String(_) | Value::Number(_) | Value::Bool(_) => Ok(()),
        Value::Null | Value::Array(_) | Value::Object(_) => Err("must be a string, a number or a boolean".to_owned()),
    }
}

/// Whole numbers are compared as such: as a float, the first one beyond the bound would be the bound.
fn is_exact(number: &Number) -> bool {
    let whole = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
    match (whole, number.as_f64()) {
        (Some(whole), _) => whole <= MAX_EXACT,
        (None, Some(float)) => float.abs() <= MAX_EXACT as f64,
        (None, None) => false,
    }
}
