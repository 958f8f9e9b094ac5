//! Changing: what a merge patch does to each member, and what is refused.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{BASE_MODELS, TestApp, new_model};

/// A record that has something in every member.
async fn full(app: &TestApp, name: &str) -> String {
    app.folder(name).bert();
    let mut body = new_model(name);
    body["description"] = json!("described");
    body["tags"] = json!(["one", "two"]);
    body["properties"] = json!({"a": 1, "b": "text"});
    body["deployment_template"] = json!("{{ .Prompt }}");
    let created = app.create(&body).await;
    format!("{BASE_MODELS}/{}", created["id"].as_str().unwrap())
}

/// The record without what every change changes.
fn lasting(mut record: Value) -> Value {
    for member in ["revision", "etag", "updated_at"] {
        record[member] = json!(null);
    }
    record
}

#[tokio::test]
async fn what_is_absent_stays_and_null_clears() {
    let app = TestApp::start().await;
    let address = full(&app, "m").await;
    let mut before = app.get(&address).await.json();
    for (patch, member, value) in [
        (json!({"technical_name": "N-1"}), "technical_name", json!("N-1")),
        (json!({"model_name": " Named e\u{301} "}), "model_name", json!("Named é")),
        (json!({"description": "another"}), "description", json!("another")),
        (json!({"description": null}), "description", json!(null)),
        (json!({"tags": ["three"]}), "tags", json!(["three"])),
        (json!({"tags": null}), "tags", json!([])),
        (json!({"properties": {"a": 2}}), "properties", json!({"a": 2, "b": "text"})),
        (json!({"properties": {"a": null, "c": true}}), "properties", json!({"b": "text", "c": true})),
        (json!({"properties": null}), "properties", json!({})),
        (json!({"deployment_template": "{{ .System }}"}), "deployment_template", json!("{{ .System }}")),
        (json!({"deployment_template": null}), "deployment_template", json!(null)),
    ] {
        let answer = app.patch(&address, &patch).await.expect_status(200);
        let after = answer.json();
        assert_eq!(after[member], value, "{patch}");
        assert_eq!(after["revision"].as_i64(), before["revision"].as_i64().map(|revision| revision + 1), "{patch}");
        assert_eq!(answer.etag(), after["etag"], "{patch}");
        let mut expected = lasting(before);
        expected[member] = value;
        assert_eq!(lasting(after.clone()), expected, "{patch}");
        assert_eq!(app.get(&address).await.json(), after, "{patch}");
        before = after;
    }
    assert_ne!(before["updated_at"], before["created_at"]);
}

#[tokio::test]
async fn a_patch_that_changes_nothing_keeps_the_tag() {
    let app = TestApp::start().await;
    let address = full(&app, "m").await;
    let before = app.get(&address).await.json();
    for patch in [
        json!({}),
        json!({"technical_name": "m", "model_name": "  Model m ", "path": "models/m"}),
        json!({"path": "./models/m"}),
        json!({"path": "m"}),
        json!({"tags": ["one", " two", "one"], "properties": {}}),
        json!({"properties": {"a": 1, "absent": null}}),
        json!({"description": "described", "deployment_template": "{{ .Prompt }}"}),
    ] {
        assert_eq!(app.patch(&address, &patch).await.expect_status(200).json(), before, "{patch}");
    }
}

#[tokio::test]
async fn what_a_new_base_model_may_not_be_a_changed_one_may_not_become() {
    let app = TestApp::start().await;
    let address = full(&app, "m").await;
    let before = app.get(&address).await.json();
    for (patch, status, pointer) in [
        (json!({"technical_name": null}), 400, "#/technical_name"),
        (json!({"model_name": null}), 400, "#/model_name"),
        (json!({"path": null}), 400, "#/path"),
        (json!({"technical_name": 7}), 400, "#/technical_name"),
        (json!({"technical_name": {"a": 1}}), 400, "#/technical_name"),
        (json!({"tags": {"0": "x"}}), 400, "#/tags"),
        (json!({"properties": "x"}), 400, "#/properties"),
        (json!({"colour": "red"}), 400, "#/colour"),
        (json!({"colour": null}), 400, "#/colour"),
        (json!({"id": null}), 400, "#/id"),
        (json!({"etag": "\"9\""}), 400, "#/etag"),
        (json!({"card": {"family": "x"}}), 400, "#/card"),
        (json!({"technical_name": "a_b"}), 422, "#/technical_name"),
        (json!({"model_name": " "}), 422, "#/model_name"),
        (json!({"path": "../m"}), 422, "#/path"),
        (json!({"path": "models/absent"}), 422, "#/path"),
        (json!({"description": "\0"}), 422, "#/description"),
        (json!({"tags": ["", "x"]}), 422, "#/tags/0"),
        (json!({"properties": {"a": []}}), 422, "#/properties/a"),
        (json!({"deployment_template": ""}), 422, "#/deployment_template"),
    ] {
        let answer = app.patch(&address, &patch).await;
        let code = if status == 400 { "MALFORMED_BODY" } else { "VALIDATION_FAILED" };
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{patch}: {}", answer.text());
        assert_eq!(answer.pointers(), [pointer], "{patch}");
    }
    let many = json!({"technical_name": "a_b", "model_name": "", "path": "/x", "tags": [""], "properties": {"a": []}});
    let answer = app.patch(&address, &many).await.expect_problem(422, "VALIDATION_FAILED");
    assert_eq!(answer.pointers().len(), 5, "{}", answer.text());
    assert_eq!(app.get(&address).await.json(), before);
}

#[tokio::test]
async fn only_a_merge_patch_is_taken() {
    let app = TestApp::start().await;
    let address = full(&app, "m").await;
    for kind in ["application/json-patch+json", "text/plain", "application/strategic-merge-patch+json", ""] {
        let request = app.request(Method::PATCH, &address).header("content-type", kind).body("{}");
        let answer = app.send(request).await.expect_problem(415, "UNSUPPORTED_MEDIA_TYPE");
        assert_eq!(answer.header("accept-patch"), Some("application/merge-patch+json, application/json"), "{kind}");
    }
    for kind in ["application/merge-patch+json", "application/json; charset=utf-8"] {
        let request = app.request(Method::PATCH, &address).header("content-type", kind).body("{}");
        app.send(request).await.expect_status(200);
    }
    for body in ["", "null", "[]", "[{\"op\": \"remove\", \"path\": \"/tags\"}]", "{\"tags\": [], \"tags\": []}"] {
        let request = app.request(Method::PATCH, &address).header("content-type", "application/json").body(body);
        app.send(request).await.expect_problem(400, "MALFORMED_BODY");
    }
}

#[tokio::test]
async fn another_path_is_read_at_once_and_no_other_change_reads() {
    let app = TestApp::start().await;
    let address = full(&app, "m").await;
    app.folder("other").llama();
    let before = app.get(&address).await.json();
    app.folder("m").llama();
    let described = app.patch(&address, &json!({"description": "changed"})).await.expect_status(200).json();
    assert_eq!(described["card"], before["card"]);
    let moved = app.patch(&address, &json!({"path": "./models/other"})).await.expect_status(200).json();
    assert_eq!((moved["path"].as_str(), moved["card"]["family"].as_str()), (Some("models/other"), Some("llama")));
    std::fs::remove_dir_all(app.root().join("other")).unwrap();
    let renamed = app.patch(&address, &json!({"technical_name": "n"})).await.expect_status(200).json();
    assert_eq!(renamed["card"], moved["card"], "a folder that is gone stands in no one's way");
}

#[tokio::test]
async fn a_name_may_be_changed_to_a_free_one_only() {
    let app = TestApp::start().await;
    let (one, other) = (app.register("one").await, app.register("other").await);
    let address = format!("{BASE_MODELS}/one");
    for (patch, fields) in [
        (json!({"technical_name": "OTHER"}), vec!["technical_name"]),
        (json!({"model_name": "MODEL OTHER"}), vec!["model_name"]),
        (json!({"technical_name": "other", "model_name": "Model other"}), vec!["technical_name", "model_name"]),
    ] {
        let refused = app.patch(&address, &patch).await.expect_problem(409, "ALREADY_EXISTS").json();
        let conflicts = refused["conflicts"].as_array().unwrap();
        assert_eq!(conflicts.iter().map(|held| held["field"].as_str().unwrap()).collect::<Vec<_>>(), fields);
        assert!(conflicts.iter().all(|held| held["id"] == other["id"]), "{refused}");
    }
    assert_eq!(app.get(&address).await.json(), one);
    let respelt = app.patch(&address, &json!({"technical_name": "ONE", "model_name": "MODEL ONE"})).await;
    assert_eq!(respelt.expect_status(200).json()["technical_name"], "ONE", "its own name is free for it");
    app.patch(&address, &json!({"technical_name": "free"})).await.expect_status(200);
    app.get(&address).await.expect_problem(404, "NOT_FOUND");
    app.get(&format!("{BASE_MODELS}/free")).await.expect_status(200);
}

#[tokio::test]
async fn what_is_not_there_cannot_be_changed() {
    let app = TestApp::start().await;
    for name in ["absent", "0192f0c1-2b6e-7c3a-9f00-2f6d1e6f0a11", "a_b", "%00"] {
        app.patch(&format!("{BASE_MODELS}/{name}"), &json!({})).await.expect_problem(404, "NOT_FOUND");
    }
}
