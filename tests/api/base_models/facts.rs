//! Facts: the columns beside the card, which the register is asked by.

use serde_json::{Value, json};

use crate::support::{BASE_MODELS, TestApp, eventually, new_model};

/// The facts of one record as the database has them.
async fn facts(app: &TestApp, name: &str) -> Value {
    app.query(&format!(
        "SELECT row_to_json(f)::text AS text FROM (SELECT facts_version, card_status, family, architectures,
         architecture_keys, context_length, tag_keys, weights_format, license,
         name_words @@ '''model'':*' AS by_name, card_words @@ '''bertfor'':*' AS by_card,
         record_words @@ '''search'':*' AS by_record FROM base_models WHERE technical_name = '{name}') f"
    ))
    .await
}

#[tokio::test]
async fn they_are_written_with_the_card_and_follow_it() {
    let app = TestApp::start().await;
    app.folder("m").bert();
    let mut body = new_model("m");
    body["tags"] = json!(["Prod"]);
    app.create(&body).await;
    let mut expected = json!({
        "facts_version": 1, "card_status": "partial", "family": "bert", "architectures": ["BertForMaskedLM"],
        "architecture_keys": ["bertformaskedlm"], "context_length": 512, "tag_keys": ["prod"],
        "weights_format": "none", "license": null, "by_name": true, "by_card": true, "by_record": false
    });
    assert_eq!(facts(&app, "m").await, expected);
    app.patch(&format!("{BASE_MODELS}/m"), &json!({"tags": [], "description": "Search"})).await.expect_status(200);
    expected["tag_keys"] = json!([]);
    expected["by_record"] = json!(true);
    assert_eq!(facts(&app, "m").await, expected);
    app.folder("other").llama();
    app.patch(&format!("{BASE_MODELS}/m"), &json!({"path": "models/other"})).await.expect_status(200);
    let now = facts(&app, "m").await;
    assert_eq!(
        (&now["family"], &now["context_length"], &now["by_card"]),
        (&json!("llama"), &json!(8192), &json!(false))
    );
}

#[tokio::test]
async fn records_of_an_earlier_release_get_theirs() {
    let app = TestApp::start().await;
    app.folder("m").bert();
    app.create(&new_model("m")).await;
    let whole = facts(&app, "m").await;
    app.sql(
        "UPDATE base_models SET facts_version = 0, family = NULL, architectures = '{}', architecture_keys = '{}',
         name_words = '', card_words = '', context_length = NULL, card_status = 'empty'",
    )
    .await;
    app.sql(
        "INSERT INTO base_models (id, technical_name, model_name, model_name_key, path, card)
         VALUES (gen_random_uuid(), 'odd', 'Odd', 'odd', 'models/odd', '{\"family\": 1}')",
    )
    .await;
    eventually("the facts are made", async || (facts(&app, "m").await["facts_version"] == 1).then_some(())).await;
    assert_eq!(facts(&app, "m").await, whole);
    eventually("also of a card that cannot be read", async || {
        (facts(&app, "odd").await["facts_version"] == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_folder_that_overdoes_it_gives_facts_that_fit() {
    let app = TestApp::start().await;
    let long = "X".repeat(5000);
    let many: Vec<String> = (0..3000).map(|number| format!("Arch{number}")).collect();
    app.folder("m").config(&json!({"model_type": format!("a\u{0}{long}"), "architectures": many}));
    app.create(&new_model("m")).await;
    let facts = facts(&app, "m").await;
    assert!(facts["family"].as_str().is_none_or(|family| family.len() <= 200), "{facts}");
    assert!(facts["architectures"].as_array().unwrap().len() <= 2000);
}
