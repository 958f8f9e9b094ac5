//! The headers of answers, each described once.

use serde_json::{Map, Value, json};

use super::{Address, parameters, responses};
use crate::extract::MAX_CONDITION;

/// The headers that answers share, with their schemas.
fn shared() -> Value {
    json!({
        "Accept-Encoding": {
            "description": "The codings of a body that are taken.",
            "schema": {"type": "string", "maxLength": 128, "pattern": "^[a-z]+(, [a-z]+)*$", "example": "gzip, br, zstd, identity"},
        },
        "Accept-Patch": {
            "description": "The media types of a patch that are taken.",
            "schema": {"type": "string", "maxLength": 128, "pattern": "^[a-z+/-]+(, [a-z+/-]+)*$",
                "example": "application/merge-patch+json, application/json"},
        },
        "ETag": {
            "description": "The tag of the state that is answered, to be sent as `If-Match` or `If-None-Match`.",
            "schema": {"type": "string", "maxLength": 128, "pattern": "^(W/)?\"[^\"]*\"$", "example": "\"1\""},
        },
        "Idempotency-Replayed": {
            "description": "Sent if this answer was given before, under the same `Idempotency-Key`.",
            "schema": {"type": "string", "enum": ["true"], "example": "true"},
        },
        "Link": {
            "description": "Address of the next page, as `rel=\"next\"` (RFC 8288); absent on the last page.",
            "schema": {"type": "string", "maxLength": 16384, "pattern": "^<[^>]+>; rel=\"[a-z]+\"",
                "example": "</api/v1/base-models?page_size=50&page_token=eyJsIjoi>; rel=\"next\""},
        },
        "Location": {
            "description": "Where what was made is found.",
            "schema": {"type": "string", "format": "uri-reference", "maxLength": 2048,
                "example": "/api/v1/base-models/0192f0c1-2b6e-7c3a-9f00-2f6d1e6f0a11"},
        },
        "Retry-After": {
            "description": "Seconds after which it is worth asking again.",
            "schema": {"type": "integer", "format": "int32", "minimum": 1, "maximum": 3600, "example": 1},
        },
        "X-Request-Id": {
            "description": "Names this request in the log; it is the one that was sent, if that was a plain one.",
            "schema": {"type": "string", "maxLength": 128, "pattern": "^[A-Za-z0-9/+_=.-]+$",
                "example": "0192f0c1-2b6e-7c3a-9f00-2f6d1e6f0a11"},
        },
    })
}

/// What a condition looks like: `*`, or a list of quoted tags (RFC 9110, section 8.8.3).
const CONDITION: &str = r#"^(\*|(W/)?"[!#-~]*"([ \t]*,[ \t]*(W/)?"[!#-~]*")*)$"#;

/// Gives the conditions of every operation their pattern.
pub fn complete_conditions(document: &mut Value) {
    parameters(document, |parameter| {
        let is_condition =
            ["If-Match", "If-None-Match"].map(Some).contains(&parameter.get("name").and_then(Value::as_str));
        if let Some(schema) = parameter.get_mut("schema").and_then(Value::as_object_mut).filter(|_| is_condition) {
            schema.insert("pattern".to_owned(), json!(CONDITION));
            schema.insert("maxLength".to_owned(), json!(MAX_CONDITION));
        }
    });
}

/// Refers every answer to the shared headers it has; each has `X-Request-Id`.
pub fn complete(document: &mut Value) {
    let shared = shared();
    let name_of = |given: &str| {
        shared.as_object().into_iter().flat_map(Map::keys).find(|name| name.eq_ignore_ascii_case(given)).cloned()
    };
    responses(document, |address: &Address, responses| {
        let tagged = responses.get("200").is_some_and(|answer| answer.pointer("/headers/ETag").is_some());
        for (status, response) in responses.iter_mut() {
            let Some(response) = response.as_object_mut() else { continue };
            let headers = response.entry("headers").or_insert(json!({}));
            let Some(headers) = headers.as_object_mut() else { continue };
            headers.insert("X-Request-Id".to_owned(), json!({}));
            if address.is_keyed && status.starts_with('2') {
                headers.insert("Idempotency-Replayed".to_owned(), json!({}));
            }
            if tagged && status == "304" {
                headers.insert("ETag".to_owned(), json!({}));
            }
            let given = std::mem::take(headers);
            headers.extend(given.into_iter().map(|(name, header)| match name_of(&name) {
                Some(name) => (name.clone(), reference(&name, &header)),
                None => (name, header),
            }));
        }
    });
    if let Some(components) = document.get_mut("components").and_then(Value::as_object_mut) {
        components.insert("headers".to_owned(), shared);
    }
}

/// A reference that keeps what the operation says of the header itself.
fn reference(name: &str, header: &Value) -> Value {
    let mut reference = json!({"$ref": format!("#/components/headers/{name}")});
    if let (Some(members), Some(description)) = (reference.as_object_mut(), header.get("description")) {
        members.insert("description".to_owned(), description.clone());
    }
    reference
}
