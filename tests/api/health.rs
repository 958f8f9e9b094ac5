//! Alive, ready, and which version.

use insta::assert_json_snapshot;
use serde_json::json;

use crate::support::{Answer, BASE_MODELS, TestApp, eventually};

/// Asks until the service says whether it is ready as expected.
async fn readiness(app: &TestApp, status: u16) -> Answer {
    eventually("the readiness changes", async || {
        Some(app.get("/health/ready").await).filter(|answer| answer.status == status)
    })
    .await
}

#[tokio::test]
async fn a_whole_service_is_alive_and_ready() {
    let app = TestApp::start().await;
    assert_json_snapshot!(app.get("/health/live").await.expect_status(200).json(), @r#"
    {
      "checks": [],
      "status": "ok"
    }
    "#);
    assert_json_snapshot!(app.get("/health/ready").await.expect_status(200).json(), @r#"
    {
      "checks": [
        "database",
        "models_root"
      ],
      "status": "ok"
    }
    "#);
    let version = app.get("/version").await.expect_status(200).json();
    assert_eq!(version, json!({"name": "base-models", "version": env!("CARGO_PKG_VERSION")}));
    for path in ["/health/live", "/health/ready", "/version"] {
        app.get(&format!("{path}?x=1")).await.expect_problem(400, "INVALID_PARAMETER");
    }
}

#[tokio::test]
async fn without_its_database_it_is_alive_but_not_ready() {
    let app = TestApp::start().await;
    app.register("m").await;
    app.lose_database().await;
    let answer = readiness(&app, 503).await.expect_problem(503, "NOT_READY");
    assert_eq!(answer.pointers(), ["#/database"]);
    app.get("/health/live").await.expect_status(200);
    let read = app.get(&format!("{BASE_MODELS}/m")).await.expect_problem(503, "DATABASE_UNAVAILABLE");
    assert!(read.header("retry-after").is_some());
    let write = app.patch(&format!("{BASE_MODELS}/m"), &json!({"description": "x"})).await;
    write.expect_problem(503, "DATABASE_UNAVAILABLE");
}

#[tokio::test]
async fn without_its_models_root_it_reads_the_register_and_says_what_is_missing() {
    let app = TestApp::start().await;
    let created = app.register("m").await;
    std::fs::rename(app.root(), app.outside().join("away")).unwrap();
    let answer = readiness(&app, 503).await.expect_problem(503, "NOT_READY");
    assert_json_snapshot!(answer.json(), {".request_id" => "[id]"}, @r##"
    {
      "code": "NOT_READY",
      "conflicts": [],
      "detail": "`models_root` cannot be read",
      "errors": [
        {
          "code": "unavailable",
          "detail": "cannot be read",
          "parameter": null,
          "pointer": "#/models_root"
        }
      ],
      "instance": "/health/ready",
      "request_id": "[id]",
      "status": 503,
      "title": "The service is not ready",
      "type": "/problems/NOT_READY"
    }
    "##);
    assert_eq!(app.get(&format!("{BASE_MODELS}/m")).await.expect_status(200).json(), created);
    app.patch(&format!("{BASE_MODELS}/m"), &json!({"description": "x"})).await.expect_status(200);
    let body = json!({"technical_name": "n", "model_name": "n", "path": "m"});
    let refused = app.post(BASE_MODELS, &body).await.expect_problem(503, "STORAGE_UNAVAILABLE");
    assert!(refused.header("retry-after").is_some());
    std::fs::rename(app.outside().join("away"), app.root()).unwrap();
    readiness(&app, 200).await;
    app.create(&body).await;
}

#[tokio::test]
async fn an_older_schema_is_not_ready() {
    let app = TestApp::start().await;
    app.sql("DELETE FROM __diesel_schema_migrations").await;
    let answer = app.get("/health/ready").await.expect_problem(503, "NOT_READY");
    assert_eq!(
        (answer.pointers(), answer.json()["errors"][0]["code"].clone()),
        (vec!["#/database".to_owned()], json!("schema"))
    );
}
