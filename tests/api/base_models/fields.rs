//! `fields` and `include_total`: how much of a list is answered.

use serde_json::{Value, json};

use crate::support::{BASE_MODELS, TestApp};

async fn first(app: &TestApp, fields: &str) -> Value {
    app.get(&format!("{BASE_MODELS}?fields={fields}")).await.expect_status(200).json()["items"][0].clone()
}

#[tokio::test]
async fn what_is_selected_keeps_its_place_in_the_record() {
    let app = TestApp::start().await;
    let whole = app.register("m").await;
    let always = |mut selected: Value| {
        selected["id"] = whole["id"].clone();
        selected["etag"] = whole["etag"].clone();
        selected
    };
    for (fields, selected) in [
        ("id", json!({})),
        ("technical_name,model_name", json!({"technical_name": "m", "model_name": "Model m"})),
        ("family", json!({"card": {"family": "bert"}})),
        ("architecture,card_status", json!({"card": {"architectures": ["BertForMaskedLM"], "status": "partial"}})),
        ("card.architecture.context_length", json!({"card": {"architecture": {"context_length": 512}}})),
        (
            "context_length,parameters",
            json!({"card": {"architecture": {"context_length": 512},
            "weights": {"parameters": {"total": whole["card"]["weights"]["parameters"]["total"]}}}}),
        ),
        ("quantization", json!({"card": {"weights": {"quantization": null}}})),
        ("card", json!({"card": whole["card"]})),
        ("card.family,card,card.task", json!({"card": whole["card"]})),
        ("card.sources,tag", json!({"card": {"sources": whole["card"]["sources"]}, "tags": []})),
        ("properties.team", json!({"properties": {}})),
    ] {
        assert_eq!(first(&app, fields).await, always(selected), "{fields}");
    }
    let members = whole.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(",");
    assert_eq!(first(&app, &members).await, whole);
}

#[tokio::test]
async fn what_is_no_member_is_refused_with_those_there_are() {
    let app = TestApp::start().await;
    for fields in ["", "x", "card.x", "card.family.x", "card.", ".card", "id,,etag", "card_words", "technical_name_key"]
    {
        let answer = app.get(&format!("{BASE_MODELS}?fields={fields}")).await.expect_problem(400, "INVALID_PARAMETER");
        assert!(answer.pointers().iter().all(|at| at == "fields"), "{fields}");
        assert!(answer.text().contains("technical_name"), "{fields}: {}", answer.text());
    }
}

#[tokio::test]
async fn the_total_is_told_when_it_is_asked_for() {
    let app = TestApp::start().await;
    for name in ["a", "b", "c"] {
        app.register(name).await;
    }
    for (query, total) in [
        ("page_size=1", Value::Null),
        ("page_size=1&include_total=true", json!(3)),
        ("include_total=true&technical_name=a&technical_name=b", json!(2)),
        ("include_total=true&q=b", json!(3)),
        ("include_total=true&family=none", json!(0)),
        ("include_total=false", Value::Null),
    ] {
        let page = app.get(&format!("{BASE_MODELS}?{query}")).await.expect_status(200).json();
        assert_eq!(page["total"], total, "{query}");
    }
    app.get(&format!("{BASE_MODELS}?include_total=1")).await.expect_problem(400, "INVALID_PARAMETER");
}

#[tokio::test]
async fn a_thousand_records_without_their_cards_are_short() {
    let app = TestApp::start().await;
    app.sql(
        "INSERT INTO base_models (id, technical_name, model_name, model_name_key, path, card)
         SELECT gen_random_uuid(), 'm' || n, 'M ' || n, 'm ' || n, 'models/m', '{}' FROM generate_series(1, 1000) n",
    )
    .await;
    let answer = app.get(&format!("{BASE_MODELS}?page_size=1000&fields=id,technical_name")).await.expect_status(200);
    assert!(answer.body.len() <= 100_000, "{} bytes", answer.body.len());
}
