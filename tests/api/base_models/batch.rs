//! POST /api/v1/base-models/batch: registering many.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{BASE_MODELS, TestApp, new_model};

const BATCH: &str = "/api/v1/base-models/batch";

fn statuses(result: &Value) -> Vec<u64> {
    result["items"].as_array().unwrap().iter().map(|item| item["status"].as_u64().unwrap()).collect()
}

/// A good one, one whose folder is not there, one that is broken, one that is empty, one whose name is taken by the
/// first, one whose names are taken by a record, and another good one.
async fn mixed(app: &TestApp) -> Value {
    app.register("holder").await;
    app.folder("m").bert();
    json!({"items": [
        {"technical_name": "one", "model_name": "One", "path": "m"},
        {"technical_name": "gone", "model_name": "Gone", "path": "gone"},
        {"technical_name": "a_b", "model_name": "", "path": "m"},
        {},
        {"technical_name": "ONE", "model_name": "Another", "path": "m"},
        {"technical_name": "Holder", "model_name": "model holder", "path": "m"},
        {"technical_name": "two", "model_name": "Two", "path": "m"},
    ]})
}

#[tokio::test]
async fn each_item_has_its_own_result() {
    let app = TestApp::start().await;
    let result = app.post(BATCH, &mixed(&app).await).await.expect_status(200).json();
    assert_eq!(statuses(&result), [201, 422, 422, 400, 409, 409, 201]);
    assert_eq!((&result["registered"], &result["refused"]), (&json!(2), &json!(5)));
    for (index, item) in result["items"].as_array().unwrap().iter().enumerate() {
        assert_eq!(item["index"], index);
        let is_registered = item["status"] == 201;
        assert_eq!(
            (item["base_model"].is_object(), item["problem"].is_null()),
            (is_registered, is_registered),
            "{item}"
        );
        if !is_registered {
            assert_eq!(item["problem"]["status"], item["status"], "{item}");
            assert_eq!(item["problem"]["instance"], BATCH);
        }
    }
    let item = |index: usize| result["items"][index].clone();
    assert_eq!(item(1)["problem"]["errors"][0]["pointer"], "#/items/1/path");
    let pointers: Vec<Value> =
        item(2)["problem"]["errors"].as_array().unwrap().iter().map(|error| error["pointer"].clone()).collect();
    assert_eq!(pointers, ["#/items/2/model_name", "#/items/2/technical_name"]);
    assert_eq!(item(3)["problem"]["errors"][0]["pointer"], "#/items/3/technical_name");
    let shared = item(4)["problem"].clone();
    assert_eq!(shared["errors"][0]["pointer"], "#/items/4/technical_name");
    assert!(shared["errors"][0]["detail"].as_str().unwrap().contains("item 0 of this batch"), "{shared}");
    assert_eq!(shared["conflicts"][0]["id"], item(0)["base_model"]["id"]);
    assert_eq!(item(5)["problem"]["conflicts"].as_array().unwrap().len(), 2);
    let one = app.get(&format!("{BASE_MODELS}/one")).await.expect_status(200);
    assert_eq!(one.json(), item(0)["base_model"]);
    assert_eq!(app.get(&format!("{BASE_MODELS}/one/files")).await.json()["items"][0]["path"], "config.json");
    assert_eq!(app.count().await, 3);
}

#[tokio::test]
async fn all_or_nothing_stores_nothing_if_one_is_refused() {
    let app = TestApp::start().await;
    let body = mixed(&app).await;
    let result = app.post(&format!("{BATCH}?atomic=true"), &body).await.expect_status(200).json();
    assert_eq!(statuses(&result), [200, 422, 422, 400, 409, 409, 200]);
    assert_eq!((&result["registered"], &result["refused"]), (&json!(0), &json!(5)));
    assert_eq!(result["items"][0]["base_model"]["card"]["family"], "bert", "what it would have been");
    assert_eq!(app.count().await, 1);
    let good = json!({"items": [body["items"][0], body["items"][6]]});
    let result = app.post(&format!("{BATCH}?atomic=true"), &good).await.expect_status(200).json();
    assert_eq!((statuses(&result), &result["registered"]), (vec![201, 201], &json!(2)));
    assert_eq!(app.count().await, 3);
}

#[tokio::test]
async fn a_dry_run_stores_nothing() {
    let app = TestApp::start().await;
    let body = mixed(&app).await;
    for query in ["dry_run=true", "dry_run=true&atomic=true"] {
        let result = app.post(&format!("{BATCH}?{query}"), &body).await.expect_status(200).json();
        assert_eq!(statuses(&result), [200, 422, 422, 400, 409, 409, 200]);
        assert_eq!((&result["registered"], &result["refused"]), (&json!(0), &json!(5)));
    }
    assert_eq!(app.count().await, 1);
}

#[tokio::test]
async fn what_is_no_batch_is_refused() {
    let app = TestApp::start().await;
    app.folder("m").bert();
    for (body, status, code, pointer) in [
        (json!({}), 400, "MALFORMED_BODY", "#/items"),
        (json!({"items": {}}), 400, "MALFORMED_BODY", "#/items"),
        (json!({"items": [new_model("m")], "x": 1}), 400, "MALFORMED_BODY", "#/x"),
        (json!({"items": [new_model("m"), "m"]}), 400, "MALFORMED_BODY", "#/items/1"),
        (json!({"items": []}), 422, "VALIDATION_FAILED", "#/items"),
        (json!({"items": vec![new_model("m"); 1001]}), 422, "VALIDATION_FAILED", "#/items"),
    ] {
        assert_eq!(app.post(BATCH, &body).await.expect_problem(status, code).pointers(), [pointer]);
    }
    let mut long = new_model("m");
    long["description"] = json!("x".repeat(9 << 20));
    app.post(BATCH, &json!({"items": [long]})).await.expect_problem(413, "BODY_TOO_LARGE");
    let unknown = app.post(&format!("{BATCH}?all=1"), &json!({"items": [new_model("m")]})).await;
    unknown.expect_problem(400, "INVALID_PARAMETER");
    assert_eq!(app.count().await, 0);
}

#[tokio::test]
async fn a_batch_may_be_longer_than_other_bodies() {
    let app = TestApp::start().await;
    app.folder("m").bert();
    let item = |number: usize| {
        let mut item = new_model(&format!("m{number}"));
        item["path"] = json!("m");
        item["description"] = json!("x".repeat(15_000));
        item
    };
    let body = json!({"items": (0..100).map(item).collect::<Vec<Value>>()});
    let result = app.post(BATCH, &body).await.expect_status(200).json();
    assert_eq!(result["registered"], 100);
}

#[tokio::test]
async fn hundreds_are_registered_at_once() {
    let app = TestApp::start().await;
    app.folder("m").bert();
    let item = |number: usize| {
        let mut item = new_model(&format!("m{number}"));
        item["path"] = json!("m");
        item
    };
    let body = json!({"items": (0..300).map(item).collect::<Vec<Value>>()});
    let request = app.request(Method::POST, BATCH).timeout(Duration::from_secs(120)).json(&body);
    let result = app.send(request).await.expect_status(200).json();
    assert_eq!((&result["registered"], result["items"].as_array().unwrap().len()), (&json!(300), 300));
    assert_eq!(app.count().await, 300);
}
