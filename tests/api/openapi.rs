//! The OpenAPI document: committed, served, consistent in itself, and true.

use std::collections::{BTreeMap, BTreeSet};

use base_models::app::openapi_text;
use serde_json::{Value, json};

use crate::support::{BASE_MODELS, TestApp, new_model};

/// Bodies whose limits are probed.
const INPUTS: [&str; 2] = ["NewBaseModel", "BaseModelChanges"];
/// What a client selected of a record: only the members that are always answered are always there.
const SELECTION: &str = "#/components/schemas/BaseModelSelection";

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
fn every_body_can_be_sent_as_its_example_stands() {
    for (operation, described) in operations(&document()) {
        let content = described["requestBody"]["content"].as_object().into_iter().flatten();
        for (media_type, body) in content {
            // Swagger UI shows a file chooser for it, where no example can stand.
            assert_ne!(media_type, "application/octet-stream", "{operation}");
            assert!(media_type.ends_with("json") || !body["example"].is_null(), "{operation}: {media_type}");
        }
    }
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

/// The schemas that this part of the operations leads to, each with the place where it was found first.
fn schemas<'a>(document: &'a Value, part: &str) -> BTreeMap<String, &'a Value> {
    let mut waiting: Vec<(String, &Value)> = operations(document)
        .into_iter()
        .map(|(place, operation)| (format!("{place} {part}"), &operation[part]))
        .collect();
    let (mut found, mut named) = (BTreeMap::new(), BTreeSet::new());
    while let Some((place, root)) = waiting.pop() {
        walk(root, &place, &mut |at, value| {
            if let Some(reference) = value["$ref"].as_str()
                && named.insert(reference)
            {
                waiting.push((reference.to_owned(), document.pointer(&reference[1..]).unwrap()));
            }
            let is_value = ["/example", "/examples/", "/default/", "/enum/"].iter().any(|name| at.contains(name));
            if !is_value && (value["type"].is_string() || value["type"].is_array()) {
                found.insert(at.to_owned(), value);
            }
        });
    }
    found
}

fn is_a(schema: &Value, kind: &str) -> bool {
    schema["type"] == kind || schema["type"].as_array().is_some_and(|kinds| kinds.contains(&json!(kind)))
}

#[test]
fn what_is_answered_has_all_its_members() {
    let document = document();
    for (place, schema) in schemas(&document, "responses") {
        let Some(properties) = schema["properties"].as_object() else { continue };
        // Of a record of which the client has selected members only those are always there that are always answered.
        if place == SELECTION {
            assert_eq!(schema["required"], json!(["id", "etag"]));
            continue;
        }
        let required: BTreeSet<&str> =
            schema["required"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap()).collect();
        let all: BTreeSet<&str> = properties.keys().map(String::as_str).collect();
        assert_eq!(required, all, "{place}");
    }
}

#[test]
fn what_is_sent_has_limits_of_its_own() {
    let document = document();
    // What src/documentation/schemas.rs gives where a field says nothing is for answers only.
    let (text, items) = (json!(131_072), json!(200_000));
    for part in ["parameters", "requestBody"] {
        for (place, schema) in schemas(&document, part) {
            let limited = schema["enum"].is_array() || schema["const"].is_string() || schema["maxLength"] != text;
            assert!(
                !is_a(schema, "string") || limited,
                "{place}: give the field a `max_length` and a rule that holds it"
            );
            let limited = schema["maxItems"] != items;
            assert!(!is_a(schema, "array") || limited, "{place}: give the field `max_items` and a rule that holds it");
            let limited = schema["minimum"] != json!(i64::MIN) && schema["maximum"] != json!(i64::MAX);
            assert!(
                !is_a(schema, "integer") || limited,
                "{place}: give the field `minimum` and `maximum`, and hold them"
            );
        }
    }
}

#[test]
fn every_number_and_text_has_bounds_and_an_example() {
    let document = document();
    walk(&document["components"]["schemas"], "", &mut |at, schema| {
        let is_value = ["/example", "/examples/", "/default/", "/enum/"].iter().any(|name| at.contains(name));
        if is_value || !(schema["type"].is_string() || schema["type"].is_array()) {
            return;
        }
        let scalar = ["string", "integer", "number", "boolean"].iter().any(|kind| is_a(schema, kind));
        let is_property = at.rsplit('/').nth(1) == Some("properties");
        let has_example = ["example", "examples", "default"].iter().any(|name| !schema[name].is_null());
        assert!(!scalar || !is_property || has_example, "{at}: give the field `#[schema(example = ..)]`");
        let bounded = schema["maxLength"].is_number() || schema["enum"].is_array() || schema["const"].is_string();
        assert!(!is_a(schema, "string") || bounded, "{at} has no maxLength");
        assert!(!is_a(schema, "array") || schema["maxItems"].is_number(), "{at} has no maxItems");
    });
}

#[test]
fn every_success_and_every_body_has_an_example() {
    let document = document();
    for (place, operation) in operations(&document) {
        let successes =
            operation["responses"].as_object().unwrap().iter().filter(|(status, _)| status.starts_with('2'));
        let bodies =
            successes.map(|(status, body)| (status.as_str(), body)).chain([("body", &operation["requestBody"])]);
        for (which, body) in bodies {
            for (kind, content) in body["content"].as_object().into_iter().flatten() {
                let example = content["examples"].as_object().and_then(|examples| examples.values().next());
                let example =
                    example.map(|example| &document.pointer(&example["$ref"].as_str().unwrap()[1..]).unwrap()["value"]);
                let example = example.unwrap_or(&content["example"]);
                assert!(!example.is_null(), "{place} {which} {kind}: give it `example = json!(..)`");
            }
        }
    }
}

#[test]
fn every_problem_of_an_operation_has_an_example_with_its_code() {
    let document = document();
    let mut met = BTreeSet::new();
    for (place, operation) in operations(&document) {
        for status in ["400", "406", "421", "500"] {
            assert!(operation["responses"][status].is_object(), "{place} does not tell of {status}");
        }
        for (status, response) in operation["responses"].as_object().unwrap() {
            if !status.starts_with(['4', '5']) {
                continue;
            }
            let examples = response["content"]["application/problem+json"]["examples"].as_object().unwrap();
            assert!(
                !examples.is_empty(),
                "{place} answers {status}, but with which code? Say it in `can_meet` in src/documentation/problems.rs"
            );
            for (code, example) in examples {
                let example = &document.pointer(&example["$ref"].as_str().unwrap()[1..]).unwrap()["value"];
                assert_eq!(
                    (&example["code"], example["status"].to_string()),
                    (&json!(code), status.clone()),
                    "{place}"
                );
                met.insert(code.clone());
            }
        }
    }
    let codes = document["components"]["schemas"]["ErrorCode"]["enum"].as_array().unwrap();
    let unmet: Vec<&Value> = codes.iter().filter(|code| !met.contains(code.as_str().unwrap())).collect();
    assert_eq!(
        unmet,
        ["METHOD_NOT_ALLOWED"],
        "no operation tells of these: add their status to its `responses`, or mend `can_meet` in src/documentation/problems.rs"
    );
}

#[test]
fn every_answer_tells_its_headers() {
    let document = document();
    for (place, operation) in operations(&document) {
        let responses = operation["responses"].as_object().unwrap();
        for (status, response) in responses {
            let headers = response["headers"].as_object().unwrap_or_else(|| panic!("{place} {status}"));
            assert!(headers.contains_key("X-Request-Id"), "{place} {status}");
            let expected: &[&str] = match status.as_str() {
                "201" => &["Location", "ETag"],
                "202" => &["Location", "Retry-After"],
                "304" => &["ETag"],
                "503" => &["Retry-After"],
                _ => &[],
            };
            for name in expected {
                assert!(
                    headers.contains_key(*name),
                    "{place} {status} does not tell of {name}: add it to `headers(..)`"
                );
            }
            for (name, header) in headers {
                let described = header["$ref"].is_string() || header["description"].is_string();
                assert!(described, "{place} {status} {name} has no description");
            }
        }
        let conditional =
            operation["parameters"].as_array().into_iter().flatten().any(|it| it["name"] == "If-None-Match");
        assert!(
            !conditional || place.starts_with("put ") || responses.contains_key("304"),
            "{place} takes If-None-Match: it answers 304"
        );
    }
}

#[tokio::test]
async fn the_example_of_a_base_model_is_what_the_service_answers() {
    let app = TestApp::start().await;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/folders/Qwen3-30B-A3B-Instruct-2507");
    let config = std::fs::read(format!("{folder}/config.json")).unwrap();
    app.folder("Qwen3-30B-A3B-Instruct-2507").file("config.json", config);
    let body = json!({"technical_name": "qwen3-30b-a3b", "model_name": "Qwen3-30B-A3B-Instruct-2507",
        "path": "models/Qwen3-30B-A3B-Instruct-2507", "tags": ["moe"], "properties": {"team": "nlp"}});
    let mut answered = app.create(&body).await;
    answered["id"] = json!("0192f0c1-2b6e-7c3a-9f00-2f6d1e6f0a11");
    for time in ["/created_at", "/updated_at", "/card/extracted_at"] {
        *answered.pointer_mut(time).unwrap() = json!("2026-11-24T09:30:00.000000Z");
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/documentation/base_model.json");
    let text = format!("{}\n", serde_json::to_string_pretty(&answered).unwrap());
    if std::env::var_os("RENEW_EXAMPLE").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    assert!(
        std::fs::read_to_string(path).unwrap() == text,
        "the example is not what is answered; renew it: RENEW_EXAMPLE=1 cargo test the_example_of_a_base_model, \
         then cargo run -- openapi > openapi/openapi.json"
    );
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

/// The schema itself and whether it takes `null`.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> (&'a Value, bool) {
    let choices = schema["oneOf"].as_array();
    let chosen = choices.and_then(|choices| choices.iter().find(|choice| choice["type"] != "null"));
    let inner = chosen.unwrap_or(schema);
    let named = inner["$ref"].as_str().and_then(|reference| document.pointer(&reference[1..]));
    (named.unwrap_or(inner), chosen.is_some() || is_a(schema, "null"))
}

/// Values of a member of the new base model, one that the schema just allows and one just beyond.
fn probes(member: &str, schema: &Value, takes_null: bool) -> Vec<(Value, bool)> {
    let text = |length: u64| match member {
        "path" => {
            json!(format!("models/{}/{}", vec!["a".repeat(99); 10].join("/"), "a".repeat(length as usize - 1007)))
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
    let (fit, unfit): (&[&str], &[&str]) = match member {
        "technical_name" => (&["a", "Z9.-", "0"], &["-a", ".a", "a_b", "a b", "é", "a/"]),
        "model_name" => (&["a", "模型 7B", " a "], &[" ", "a\u{200b}b", "a\u{0}", "a\u{e0001}", "a\u{1fffe}"]),
        "description" => (&["", "a\tb\r\nc", "é"], &["a\u{0}", "\u{1b}[0m", "a\u{85}b"]),
        "deployment_template" => (&["a", "\n{{ .Prompt }}"], &[" ", "\u{3000}\n", "a\u{7f}"]),
        _ => (&[], &[]),
    };
    let pattern = schema["pattern"].as_str().unwrap_or_default();
    assert!(fit.is_empty() || !pattern.is_empty(), "{member} has rules beyond its length: tell them as a pattern");
    probes.extend(fit.iter().map(|value| (json!(value), true)));
    probes.extend(unfit.iter().map(|value| (json!(value), false)));
    probes.push((Value::Null, takes_null || schema["type"] == "array" || schema["type"] == "object"));
    probes
}

#[tokio::test]
async fn the_limits_it_tells_are_those_that_hold() {
    let app = TestApp::start().await;
    let document = document();
    let mut probed = 0;
    for name in INPUTS {
        for (member, schema) in document["components"]["schemas"][name]["properties"].as_object().unwrap() {
            let (schema, takes_null) = resolved(&document, schema);
            for (value, fits) in probes(member, schema, takes_null) {
                app.sql("DELETE FROM base_models").await;
                app.register("m").await;
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
                probed += 1;
            }
        }
    }
    assert!(probed > 40, "only {probed} probes");
}
