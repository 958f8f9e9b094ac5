//! The card alone.

use crate::support::{BASE_MODELS, TestApp};

#[tokio::test]
async fn it_is_the_card_of_the_record() {
    let app = TestApp::start().await;
    let created = app.register("m").await;
    let card = app.get(&format!("{BASE_MODELS}/M/card")).await.expect_status(200);
    assert_eq!(card.json(), created["card"]);
    assert_eq!(card.etag(), created["etag"]);
    assert_eq!(card.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn it_keeps_the_order_of_its_members() {
    let app = TestApp::start().await;
    app.register("m").await;
    let text = app.get(&format!("{BASE_MODELS}/m/card")).await.text();
    let places: Vec<_> =
        ["schema_version", "status", "family", "architecture", "weights", "sources", "warnings", "files"]
            .map(|member| text.find(&format!("\"{member}\":")).unwrap())
            .into();
    assert!(places.is_sorted(), "{text}");
}

#[tokio::test]
async fn it_says_where_each_value_comes_from() {
    let app = TestApp::start().await;
    app.register("m").await;
    let card = app.get(&format!("{BASE_MODELS}/m/card")).await.json();
    assert_eq!(card["sources"]["/family"]["file"], "config.json");
    for pointer in card["sources"].as_object().unwrap().keys() {
        assert!(card.pointer(pointer).is_some(), "{pointer} leads nowhere");
    }
}

#[tokio::test]
async fn there_is_none_of_what_is_not_there() {
    let app = TestApp::start().await;
    app.get(&format!("{BASE_MODELS}/absent/card")).await.expect_problem(404, "NOT_FOUND");
}
