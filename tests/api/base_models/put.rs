//! PUT /api/v1/base-models/{base_model}: registering or replacing by technical name.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{BASE_MODELS, TestApp, new_model};

fn address(name: &str) -> String {
    format!("{BASE_MODELS}/{name}")
}

fn declared(folder: &str) -> Value {
    json!({"model_name": "Declared", "path": format!("models/{folder}"), "tags": ["prod"], "properties": {"a": 1}})
}

#[tokio::test]
async fn what_is_not_there_is_registered() {
    let app = TestApp::start().await;
    app.folder("f").bert();
    let answer = app.put(&address("New.One"), &declared("f")).await.expect_status(201);
    let record = answer.json();
    assert_eq!(record["technical_name"], "New.One", "the name is the address's");
    assert_eq!((&record["revision"], &record["card"]["family"]), (&json!(1), &json!("bert")));
    assert_eq!(answer.header("location"), Some(format!("{BASE_MODELS}/{}", record["id"].as_str().unwrap()).as_str()));
    assert_eq!(answer.etag(), "\"1\"");
    assert_eq!(app.get(&address("new.one")).await.json(), record);
}

#[tokio::test]
async fn what_is_there_is_replaced_and_what_is_left_out_is_emptied() {
    let app = TestApp::start().await;
    app.folder("m").bert();
    let mut body = new_model("m");
    body["description"] = json!("old");
    body["deployment_template"] = json!("{{ .Prompt }}");
    body["properties"] = json!({"old": true});
    let before = app.create(&body).await;
    let after = app.put(&address("M"), &declared("m")).await.expect_status(200);
    assert_eq!((after.etag().as_str(), after.header("location")), ("\"2\"", None));
    let after = after.json();
    for kept in ["id", "created_at", "technical_name", "path", "card"] {
        assert_eq!(after[kept], before[kept], "{kept}");
    }
    for (name, now) in [
        ("model_name", json!("Declared")),
        ("description", Value::Null),
        ("deployment_template", Value::Null),
        ("tags", json!(["prod"])),
        ("properties", json!({"a": 1})),
    ] {
        assert_eq!(after[name], now, "{name}");
    }
    assert_eq!(app.get(&address("m")).await.json(), after);
}

#[tokio::test]
async fn the_same_again_changes_nothing() {
    let app = TestApp::start().await;
    app.folder("m").bert();
    let first = app.put(&address("m"), &declared("m")).await.expect_status(201);
    for (address, name) in [("m", None), ("M", None), ("M", Some("m")), ("m", Some("m"))] {
        let mut body = declared("./m");
        body["path"] = json!("./models/m");
        if let Some(name) = name {
            body["technical_name"] = json!(name);
        }
        let again = app.put(&self::address(address), &body).await.expect_status(200);
        assert_eq!(again.json(), first.json(), "{address} {name:?}");
        assert_eq!(again.etag(), first.etag());
    }
    let other_case = json!({"technical_name": "M", "model_name": "Declared", "path": "m", "tags": ["prod"],
        "properties": {"a": 1}});
    let renamed = app.put(&address("m"), &other_case).await.expect_status(200);
    assert_eq!((renamed.json()["technical_name"].as_str(), renamed.etag().as_str()), (Some("M"), "\"2\""));
}

#[tokio::test]
async fn another_path_is_read_at_once() {
    let app = TestApp::start().await;
    app.folder("one").bert();
    app.folder("two").llama();
    app.put(&address("m"), &declared("one")).await.expect_status(201);
    let moved = app.put(&address("m"), &declared("two")).await.expect_status(200).json();
    assert_eq!((&moved["path"], &moved["card"]["family"]), (&json!("models/two"), &json!("llama")));
    let gone = app.put(&address("m"), &declared("three")).await.expect_problem(422, "VALIDATION_FAILED");
    assert_eq!(gone.pointers(), ["#/path"]);
    assert_eq!(app.get(&address("m")).await.json(), moved);
}

#[tokio::test]
async fn the_name_in_the_body_is_the_one_in_the_address() {
    let app = TestApp::start().await;
    app.folder("m").bert();
    for there in [false, true] {
        let mut body = declared("m");
        body["technical_name"] = json!("other");
        let refused = app.put(&address("m"), &body).await.expect_problem(422, "VALIDATION_FAILED");
        assert_eq!(refused.pointers(), ["#/technical_name"]);
        body["technical_name"] = Value::Null;
        app.put(&address("m"), &body).await.expect_status(if there { 200 } else { 201 });
    }
    for bad in ["a_b", "-a", &"a".repeat(41), "%20", "a%2Fb"] {
        let refused = app.put(&address(bad), &declared("m")).await.expect_problem(400, "INVALID_PARAMETER");
        assert_eq!(refused.pointers(), ["base_model"], "{bad}");
    }
    assert_eq!(app.count().await, 1);
}

#[tokio::test]
async fn an_id_replaces_and_renames_but_does_not_register() {
    let app = TestApp::start().await;
    let record = app.register("m").await;
    let by_id = address(record["id"].as_str().unwrap());
    let kept = app.put(&by_id, &declared("m")).await.expect_status(200).json();
    assert_eq!((&kept["technical_name"], &kept["model_name"]), (&json!("m"), &json!("Declared")));
    let mut body = declared("m");
    body["technical_name"] = json!("renamed");
    assert_eq!(app.put(&by_id, &body).await.expect_status(200).json()["technical_name"], "renamed");
    let nobody = address("0192f0c1-2b6e-7c3a-9f00-2f6d1e6f0a11");
    app.put(&nobody, &body).await.expect_problem(404, "NOT_FOUND");
    assert_eq!(app.count().await, 1);
}

#[tokio::test]
async fn conditions_choose_between_registering_and_replacing() {
    let app = TestApp::start().await;
    app.folder("m").bert();
    let put = |header: &'static str, tags: &str, name: &str| {
        let mut body = declared("m");
        body["model_name"] = json!(format!("Declared {name}"));
        app.send(app.request(Method::PUT, &address(name)).header(header, tags).json(&body))
    };
    for tags in ["*", "\"1\""] {
        let refused = put("if-match", tags, "a").await.expect_problem(412, "PRECONDITION_FAILED");
        assert_eq!(refused.header("etag"), None, "there is no state to name");
    }
    put("if-none-match", "*", "a").await.expect_status(201);
    let exists = put("if-none-match", "*", "a").await.expect_problem(412, "PRECONDITION_FAILED");
    assert_eq!(exists.etag(), "\"1\"");
    put("if-match", "\"7\"", "a").await.expect_problem(412, "PRECONDITION_FAILED");
    put("if-match", "\"1\"", "a").await.expect_status(200);
    put("if-none-match", "\"7\"", "b").await.expect_status(201);
    assert_eq!(app.count().await, 2);
}

#[tokio::test]
async fn a_model_name_that_another_holds_is_a_conflict() {
    let app = TestApp::start().await;
    let holder = app.register("holder").await;
    app.register("m").await;
    for name in ["m", "new"] {
        let body = json!({"model_name": "MODEL HOLDER", "path": "m"});
        let refused = app.put(&address(name), &body).await.expect_problem(409, "ALREADY_EXISTS");
        assert_eq!(refused.pointers(), ["#/model_name"]);
        assert_eq!(refused.json()["conflicts"][0]["id"], holder["id"]);
    }
    assert_eq!(app.count().await, 2);
}

#[tokio::test]
async fn faults_of_the_body_are_told_all_at_once() {
    let app = TestApp::start().await;
    let body = json!({"model_name": "", "path": "../x", "tags": [""]});
    let refused = app.put(&address("m"), &body).await.expect_problem(422, "VALIDATION_FAILED");
    assert_eq!(refused.pointers(), ["#/model_name", "#/path", "#/tags/0"]);
    let unknown = app.put(&address("m"), &json!({"x": 1})).await.expect_problem(400, "MALFORMED_BODY");
    assert_eq!(unknown.pointers(), ["#/model_name", "#/path", "#/x"]);
    let request = app.request(Method::PUT, &address("m")).header("content-type", "text/plain").body("{}");
    app.send(request).await.expect_problem(415, "UNSUPPORTED_MEDIA_TYPE");
    assert_eq!(app.count().await, 0);
}

#[tokio::test]
async fn of_many_at_one_time_one_registers_and_the_rest_find_it() {
    let app = TestApp::start().await;
    app.folder("m").bert();
    let body = declared("m");
    let answers = join_all((0..24).map(|_| app.put("/api/v1/base-models/m", &body))).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|&&status| status == 201).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 201].contains(status)), "{statuses:?}");
    let tags: Vec<String> = answers.iter().map(super::super::support::Answer::etag).collect();
    assert!(tags.iter().all(|tag| tag == "\"1\""), "{tags:?}");
}

#[tokio::test]
async fn of_many_different_ones_at_one_time_all_are_made_or_told() {
    let app = TestApp::start().await;
    app.folder("m").bert();
    let put = |number: usize| {
        let body = json!({"model_name": format!("Model {number}"), "path": "m"});
        app.send(app.request(Method::PUT, "/api/v1/base-models/m").json(&body))
    };
    let answers = join_all((0..12).map(put)).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|&&status| status == 201).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 201, 503].contains(status)), "{statuses:?}");
    let made = statuses.iter().filter(|&&status| status != 503).count();
    assert_eq!(app.get(&address("m")).await.json()["revision"], json!(made));
}
