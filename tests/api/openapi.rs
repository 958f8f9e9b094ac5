//! The OpenAPI document: committed, served, consistent in itself, and true.

use std::collections::BTreeSet;

use base_models::app::openapi_text;
use serde_json::{Value, json};

use crate::support::{BASE_MODELS, TestApp, new_model};

/// Schemas of what a client sends; the members of all others are always there.
const INPUTS: [&str; 2] = ["NewBaseModel", "BaseModelChanges"];

fn document() -> Value {
    serde_json::from_str(openapi_text()).unwrap()
}

/// Each value in a document with its JSON Pointer.
fn walk<'a>(value: &'a Value, pointer: &str, visit: &mut impl FnMut(&str, &'a Value)) {
    visit(pointer, value);
    match value {
        Value::Object(members) => {
            members
                .iter()
                .for_each(|(name, member)| walk(member, &format!("{pointer}/{}", name.replace('/', "~1")), visit));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| walk(item, &format!("{pointer}/{index}"), visit));
        }
        _ => {}
    }
}

/// Each operation with its address and method.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, item)| {
            item.as_object().unwrap().iter().map(move |(method, operation)| (format!("{method} {path}"), operation))
        })
        .collect()
}

#[test]
fn the_committed_document_is_that_of_the_handlers() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/openapi.json");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == openapi_text(),
        "openapi/openapi.json is not what the handlers say; renew it: cargo run -- openapi > openapi/openapi.json"
    );
}

#[tokio::test]
async fn the_served_document_is_the_committed_one() {
    let app = TestApp::start().await;
    let served = app.get("/openapi.json").await.expect_status(200);
    assert_eq!(served.text(), openapi_text());
    assert_eq!(served.header("content-type"), Some("application/json"));
}

#[test]
fn every_reference_leads_somewhere_and_every_schema_is_used() {
    let document = document();
    let mut named = BTreeSet::new();
    walk(&document, "", &mut |at, value| {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{at}: {reference}"));
            assert!(document.pointer(pointer).is_some(), "{at}: {reference} leads nowhere");
            named.insert(pointer.to_owned());
        }
    });
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        assert!(named.contains(&format!("/components/schemas/{name}")), "nothing refers to {name}");
    }
}

#[test]
fn it_is_a_document_of_version_3_1_throughout() {
    let document = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."), "{}", document["openapi"]);
    walk(&document, "", &mut |at, _| {
        assert!(!at.ends_with("/nullable"), "{at}: 3.1 writes `type: [.., \"null\"]`");
    });
}

#[test]
fn every_operation_is_named_once_and_described() {
    let document = document();
    let tags: BTreeSet<&str> =
        document["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    let (mut names, mut used) = (BTreeSet::new(), BTreeSet::new());
    for (place, operation) in operations(&document) {
        assert!(names.insert(operation["operationId"].as_str().unwrap()), "{place}: its name is another's too");
        for text in ["summary", "description"] {
            assert!(operation[text].as_str().is_some_and(|text| !text.trim().is_empty()), "{place} has no {text}");
        }
        assert!(operation["summary"].as_str().unwrap().len() < 80, "{place}: the summary is long");
        let given: Vec<&str> = operation["tags"].as_array().unwrap().iter().map(|tag| tag.as_str().unwrap()).collect();
        assert!(given.len() == 1 && tags.contains(given[0]), "{place}: {given:?}");
        used.insert(given[0]);
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["description"].is_string(), "{place}: {parameter}");
        }
        let statuses: Vec<&String> = operation["responses"].as_object().unwrap().keys().collect();
        assert!(statuses.iter().any(|status| status.starts_with('2')), "{place}: {statuses:?}");
    }
    assert_eq!(used, tags, "a tag that no operation has");
}

#[test]
fn problems_are_documented_as_problems() {
    let document = document();
    for (place, operation) in operations(&document) {
        for (status, response) in operation["responses"].as_object().unwrap() {
            if status.starts_with(['4', '5']) {
                let content: Vec<&String> = response["content"].as_object().unwrap().keys().collect();
                assert_eq!(content, ["application/problem+json"], "{place} {status}");
            }
        }
    }
}

#[test]
fn what_is_answered_has_all_its_members() {
    let document = document();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        let Some(properties) = schema["properties"].as_object() else { continue };
        if INPUTS.contains(&name.as_str()) {
            continue;
        }
        let required: BTreeSet<&str> =
            schema["required"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap()).collect();
        let all: BTreeSet<&str> = properties.keys().map(String::as_str).collect();
        assert_eq!(required, all, "{name}");
    }
}

#[test]
fn tops_are_objects() {
    let document = document();
    for (place, operation) in operations(&document) {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let schema = &response["content"]["application/json"]["schema"];
            assert_ne!(schema["type"], "array", "{place} {status}");
        }
    }
}

/// Values of a member of the new base model, one that the schema just allows and one just beyond.
fn probes(member: &str, schema: &Value) -> Vec<(Value, bool)> {
    let text = |length: u64| match member {
        "path" => {
            json!(format!("models/{}", "aaaaaaaaa/".repeat(200).chars().take(length as usize - 7).collect::<String>()))
        }
        _ => json!("a".repeat(length as usize)),
    };
    let limit = |name: &str| schema[name].as_u64();
    let mut probes = Vec::new();
    if let Some(max) = limit("maxLength") {
        probes.extend([(text(max), true), (text(max + 1), false)]);
    }
    if limit("minLength").is_some_and(|min| min == 1) {
        probes.push((json!(""), false));
    }
    if let Some(max) = limit("maxItems") {
        let items = |count: u64| json!((0..count).map(|number| number.to_string()).collect::<Vec<_>>());
        probes.extend([(items(max), true), (items(max + 1), false)]);
    }
    if let Some(pattern) = schema["pattern"].as_str() {
        assert_eq!(pattern, "^[A-Za-z0-9][A-Za-z0-9.-]*$", "the probes below are for this pattern");
        probes.extend(["a", "Z9.-", "0"].map(|value| (json!(value), true)));
        probes.extend(["-a", ".a", "a_b", "a b", "é", "a/"].map(|value| (json!(value), false)));
    }
    let takes_null = schema["type"].as_array().is_some_and(|types| types.contains(&json!("null")));
    probes.push((Value::Null, takes_null || schema["type"] == "array" || schema["type"] == "object"));
    probes
}

#[tokio::test]
async fn the_limits_it_tells_are_those_that_hold() {
    let app = TestApp::start().await;
    app.register("m").await;
    let document = document();
    let mut probed = 0;
    for name in INPUTS {
        for (member, schema) in document["components"]["schemas"][name]["properties"].as_object().unwrap() {
            for (value, fits) in probes(member, schema) {
                let mut body = new_model("fits");
                body["path"] = json!("models/m");
                body[member] = value.clone();
                let answer = if name == "NewBaseModel" {
                    app.post(BASE_MODELS, &body).await
                } else {
                    app.patch(&format!("{BASE_MODELS}/m"), &json!({member: value})).await
                };
                // A path within the limits still names nothing, which is a fault of another kind.
                let absent = answer.text().contains("there is no such folder");
                let taken = answer.status < 300 || member == "path" && absent;
                let shown: String = value.to_string().chars().take(60).collect();
                assert_eq!(taken, fits, "{name}/{member}: {shown}: {}", answer.text());
                assert!(
                    taken || answer.pointers().iter().all(|at| at.starts_with(&format!("#/{member}"))),
                    "{}",
                    answer.text()
                );
                app.sql("DELETE FROM base_models WHERE technical_name <> 'm' AND card->>'family' IS NULL OR model_name = 'Model fits'").await;
                app.sql("UPDATE base_models SET technical_name = 'm', model_name = 'M', model_name_key = 'm'").await;
                probed += 1;
            }
        }
    }
    assert!(probed > 40, "only {probed} probes");
}
