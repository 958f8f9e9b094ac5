//! Reading folders again: one at once, many as a job.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, BASE_MODELS, JOBS, TestApp, eventually, new_model};

async fn refresh(app: &TestApp, name: &str) -> Answer {
    app.send(app.request(Method::POST, &format!("{BASE_MODELS}/{name}/card/refresh"))).await
}

/// Takes in a job and waits until it has ended.
async fn refresh_many(app: &TestApp, query: &str) -> Value {
    let taken = app.send(app.request(Method::POST, &format!("{BASE_MODELS}/refresh{query}"))).await.expect_status(202);
    let address = taken.header("location").unwrap().to_owned();
    assert!(address.starts_with(JOBS) && taken.header("retry-after").is_some());
    eventually("the job ends", async || {
        let job = app.get(&address).await.expect_status(200).json();
        (!["queued", "running"].contains(&job["state"].as_str().unwrap())).then_some(job)
    })
    .await
}

#[tokio::test]
async fn a_folder_that_is_as_it_was_changes_nothing() {
    let app = TestApp::start().await;
    let created = app.register("m").await;
    let answer = refresh(&app, "m").await.expect_status(200);
    assert_eq!(answer.etag(), "\"1\"");
    assert_eq!(answer.json(), json!({"changed": false, "changes": [], "card": created["card"]}));
    assert_eq!(app.get(&format!("{BASE_MODELS}/m")).await.json(), created);
}

#[tokio::test]
async fn a_folder_that_changed_gives_the_new_card_and_what_is_different() {
    let app = TestApp::start().await;
    app.register("m").await;
    app.folder("m").config(&json!({
        "architectures": ["BertForMaskedLM"], "model_type": "bert", "hidden_size": 256, "num_hidden_layers": 2,
        "num_attention_heads": 2, "max_position_embeddings": 512, "vocab_size": 30522
    }));
    let answer = refresh(&app, "m").await.expect_status(200);
    assert_eq!(answer.etag(), "\"2\"");
    let body = answer.json();
    assert_eq!(body["changed"], true);
    let change = json!({"path": "/architecture/hidden_size", "before": 128, "after": 256});
    assert!(body["changes"].as_array().unwrap().contains(&change), "{}", body["changes"]);
    let stored = app.get(&format!("{BASE_MODELS}/m")).await.json();
    assert_eq!(stored["card"], body["card"]);
    assert_eq!(stored["revision"], 2);
}

#[tokio::test]
async fn an_outdated_tag_stops_it() {
    let app = TestApp::start().await;
    app.register("m").await;
    let request = app.request(Method::POST, &format!("{BASE_MODELS}/m/card/refresh"));
    app.send(request.header("If-Match", "\"7\"")).await.expect_problem(412, "PRECONDITION_FAILED");
}

#[tokio::test]
async fn a_folder_that_is_gone_is_told_and_the_card_stays() {
    let app = TestApp::start().await;
    let created = app.register("m").await;
    std::fs::remove_dir_all(app.root().join("m")).unwrap();
    refresh(&app, "m").await.expect_problem(404, "FOLDER_GONE");
    assert_eq!(app.get(&format!("{BASE_MODELS}/m")).await.json(), created);
}

#[tokio::test]
async fn all_folders_are_read_again_as_a_job() {
    let app = TestApp::start().await;
    for name in ["same", "other", "gone"] {
        app.register(name).await;
    }
    app.folder("other").llama();
    std::fs::remove_dir_all(app.root().join("gone")).unwrap();
    let job = refresh_many(&app, "").await;
    assert_eq!((&job["state"], &job["kind"]), (&json!("succeeded"), &json!("refresh_cards")));
    assert_eq!((&job["total"], &job["done"]), (&json!(3), &json!(3)));
    let result = &job["result"];
    assert_eq!((&result["changed"], &result["unchanged"], &result["failed"]), (&json!(1), &json!(1), &json!(1)));
    assert_eq!(app.get(&format!("{BASE_MODELS}/other")).await.json()["card"]["family"], "llama");
    assert!(result["failures"][0]["detail"].as_str().unwrap().contains("gone"), "{result}");
}

#[tokio::test]
async fn a_filter_narrows_what_is_read_again() {
    let app = TestApp::start().await;
    app.folder("a").bert();
    app.folder("b").llama();
    let mut tagged = new_model("a");
    tagged["tags"] = json!(["prod", "x"]);
    let a = app.create(&tagged).await;
    app.create(&new_model("b")).await;
    let id = a["id"].as_str().unwrap();
    for (query, total) in [
        ("?family=bert".to_owned(), 1),
        ("?family=bert&family=llama".to_owned(), 2),
        ("?family=none".to_owned(), 0),
        ("?tag=prod&tag=y".to_owned(), 1),
        ("?tag=prod&family=llama".to_owned(), 0),
        ("?card_status=partial".to_owned(), 2),
        ("?card_status=complete".to_owned(), 0),
        (format!("?base_model={id}&base_model=B&base_model=absent"), 2),
    ] {
        assert_eq!(refresh_many(&app, &query).await["total"], total, "{query}");
    }
    let refused = app.send(app.request(Method::POST, &format!("{BASE_MODELS}/refresh?card_status=good&x=1"))).await;
    assert_eq!(refused.expect_problem(400, "INVALID_PARAMETER").pointers(), ["card_status", "x"]);
}
