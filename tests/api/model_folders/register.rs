use serde_json::{Value, json};

use super::MODEL_FOLDERS;
use crate::support::{BASE_MODELS, TestApp};

fn register() -> String {
    format!("{MODEL_FOLDERS}/register")
}

/// Path and status of each item.
fn statuses(result: &Value) -> Vec<(&str, u64)> {
    let items = result["items"].as_array().unwrap().iter();
    items.map(|item| (item["path"].as_str().unwrap(), item["status"].as_u64().unwrap())).collect()
}

#[tokio::test]
async fn one_call_registers_all_that_can_be_under_the_proposed_names() {
    let app = TestApp::start().await;
    app.folder("a/Llama").llama().file("model.safetensors", "x");
    app.folder("b/Llama").llama();
    app.folder("c").file("README.md", "x");
    app.register("minilm").await;
    let body = json!({"states": ["available", "incomplete"]});
    let dry = app.post(&format!("{}?dry_run=true", register()), &body).await.expect_status(200).json();
    assert_eq!(statuses(&dry), [("models/a/Llama", 200), ("models/b/Llama", 200)]);
    assert_eq!((app.count().await, &dry["registered"]), (1, &json!(0)));
    let result = app.post(&register(), &body).await.expect_status(200).json();
    assert_eq!(statuses(&result), [("models/a/Llama", 201), ("models/b/Llama", 201)]);
    assert_eq!((&result["registered"], &result["refused"], &result["remaining"]), (&json!(2), &json!(0), &json!(0)));
    let second = &result["items"][1]["base_model"];
    assert_eq!((&second["technical_name"], &second["model_name"]), (&json!("llama-2"), &json!("b/Llama")));
    let found = app.get(second["href"].as_str().unwrap()).await.expect_status(200).json();
    assert_eq!((&found["path"], &found["card"]["family"]), (&json!("models/b/Llama"), &json!("llama")));
    let again = app.post(&register(), &body).await.expect_status(200).json();
    assert_eq!((statuses(&again).len(), app.count().await), (0, 3));
}

#[tokio::test]
async fn folders_that_are_named_have_a_result_each_and_their_own_names_if_given() {
    let app = TestApp::start().await;
    for name in ["one", "two", "three"] {
        app.folder(name).llama();
    }
    app.folder("readme").file("README.md", "x");
    app.register("known").await;
    let folders = json!([
        {"path": "./models/one"},
        {"path": "models/two", "technical_name": "Two", "model_name": "\u{85} The second\n"},
        {"path": "models/three", "technical_name": "KNOWN"},
        {"path": "models/known"},
        {"path": "models/readme"},
        {"path": "models/absent", "technical_name": "a", "model_name": "A"},
    ]);
    let result = app.post(&register(), &json!({"folders": folders})).await.expect_status(200).json();
    let told: Vec<u64> = statuses(&result).into_iter().map(|(_, status)| status).collect();
    assert_eq!(told, [201, 201, 409, 200, 422, 422]);
    assert_eq!((&result["registered"], &result["refused"]), (&json!(2), &json!(3)));
    assert_eq!(result["items"][1]["base_model"]["model_name"], "The second");
    assert_eq!(result["items"][2]["problem"]["conflicts"][0]["field"], "technical_name");
    assert_eq!(result["items"][3]["base_model"]["technical_name"], "known");
    assert!(result["items"][4]["problem"]["detail"].as_str().unwrap().contains("holds a README"));
    let broken = json!([
        {"path": "../etc", "technical_name": "b", "model_name": "\u{200b}"},
        {"path": "one", "technical_name": "no_underscore"},
    ]);
    let refused = app.post(&register(), &json!({"folders": broken})).await.expect_problem(422, "VALIDATION_FAILED");
    assert_eq!(refused.pointers(), ["#/folders/0/model_name", "#/folders/0/path", "#/folders/1/technical_name"]);
    assert_eq!(app.count().await, 3);
}

#[tokio::test]
async fn a_selection_says_once_which_folders_are_meant() {
    let app = TestApp::start().await;
    let post = async |body: Value| app.post(&register(), &body).await;
    for body in [json!({}), json!({"folders": [{"path": "a"}], "states": ["available"]})] {
        assert_eq!(post(body).await.expect_problem(400, "MALFORMED_BODY").pointers(), ["#"]);
    }
    let answer = post(json!({"states": [], "kinds": []})).await;
    assert_eq!(answer.expect_problem(422, "VALIDATION_FAILED").pointers(), ["#/kinds", "#/states"]);
    assert_eq!(post(json!({"folders": []})).await.expect_problem(422, "VALIDATION_FAILED").pointers(), ["#/folders"]);
    for (body, pointers) in [
        (json!({"folders": [{"path": "a", "name": "b"}], "all": true}), ["#/all", "#/folders/0/name"].as_slice()),
        (json!({"states": ["registered"]}), &["#/states/0"]),
        (json!({"folders": [{"path": "a"}], "kinds": ["gguf"]}), &["#/kinds"]),
    ] {
        assert_eq!(post(body).await.expect_problem(400, "MALFORMED_BODY").pointers(), pointers);
    }
    assert!(app.get(&format!("{BASE_MODELS}?page_size=1")).await.json()["items"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn folders_of_one_kind_alone_can_be_meant() {
    let app = TestApp::start().await;
    app.folder("llama").llama();
    app.folder("flux").file("model_index.json", r#"{"_class_name": "FluxPipeline"}"#);
    let body = json!({"states": ["incomplete"], "kinds": ["diffusers"]});
    let result = app.post(&register(), &body).await.expect_status(200).json();
    assert_eq!(statuses(&result), [("models/flux", 201)]);
}

#[tokio::test]
async fn names_that_two_folders_share_go_to_the_first_of_them() {
    let app = TestApp::start().await;
    app.folder("one").llama();
    app.folder("two").llama();
    let folder = |path: &str| json!({"path": path, "technical_name": "same", "model_name": path});
    let folders = json!([{"path": "models/absent"}, folder("models/one"), folder("models/two")]);
    let result = app.post(&register(), &json!({"folders": folders})).await.expect_status(200).json();
    assert_eq!(statuses(&result), [("models/absent", 422), ("models/one", 201), ("models/two", 409)]);
    let problem = &result["items"][2]["problem"];
    assert_eq!(problem["errors"][0]["detail"], "is taken by item 1 of this batch; choose another");
    assert_eq!(problem["conflicts"][0]["href"], result["items"][1]["base_model"]["href"]);
}

#[tokio::test]
async fn a_request_that_is_sent_again_is_answered_as_the_first_time() {
    let app = TestApp::start().await;
    app.folder("llama").llama();
    let send = async |body: Value| {
        let request = app.request(reqwest::Method::POST, &register()).header("Idempotency-Key", "registering-1");
        app.send(request.json(&body)).await
    };
    let body = json!({"states": ["available", "incomplete"]});
    let first = send(body.clone()).await.expect_status(200);
    assert_eq!(statuses(&first.json()), [("models/llama", 201)]);
    let again = send(body).await.expect_status(200);
    assert_eq!((again.json(), again.header("idempotency-replayed")), (first.json(), Some("true")));
    send(json!({"states": ["available"]})).await.expect_problem(422, "IDEMPOTENCY_KEY_REUSED");
}
