//! Deleting: the record goes, the files stay.

use crate::support::{BASE_MODELS, TestApp};

#[tokio::test]
async fn it_is_gone_and_its_files_are_not() {
    let app = TestApp::start().await;
    let id = app.register("m").await["id"].as_str().unwrap().to_owned();
    let kept = app.register("kept").await;
    let deleted = app.delete(&format!("{BASE_MODELS}/{id}")).await.expect_status(204);
    assert!(deleted.body.is_empty());
    for name in [id.as_str(), "m"] {
        app.get(&format!("{BASE_MODELS}/{name}")).await.expect_problem(404, "NOT_FOUND");
        app.get(&format!("{BASE_MODELS}/{name}/card")).await.expect_problem(404, "NOT_FOUND");
        app.delete(&format!("{BASE_MODELS}/{name}")).await.expect_problem(404, "NOT_FOUND");
    }
    assert!(app.root().join("m/config.json").is_file());
    assert_eq!(app.get(BASE_MODELS).await.json()["items"], serde_json::json!([kept]));
}

#[tokio::test]
async fn a_technical_name_deletes_in_any_letter_case() {
    let app = TestApp::start().await;
    app.register("Mixed").await;
    app.delete(&format!("{BASE_MODELS}/mIXED")).await.expect_status(204);
    assert_eq!(app.count().await, 0);
}

#[tokio::test]
async fn a_parameter_is_refused_before_anything_is_deleted() {
    let app = TestApp::start().await;
    app.register("m").await;
    app.delete(&format!("{BASE_MODELS}/m?dry_run=true")).await.expect_problem(400, "INVALID_PARAMETER");
    assert_eq!(app.count().await, 1);
}
