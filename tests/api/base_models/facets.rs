//! Facets: counts and bounds under the filters of the list.

use serde_json::{Value, json};

use crate::support::{BASE_MODELS, TestApp, new_model};

async fn facets(app: &TestApp, query: &str) -> Value {
    app.get(&format!("{BASE_MODELS}/facets?{query}")).await.expect_status(200).json()
}

async fn register(app: &TestApp) {
    app.folder("a").bert();
    app.folder("b").llama();
    app.folder("c").llama();
    app.folder("empty");
    for (name, tags) in [("a", json!(["Prod", "x"])), ("b", json!(["prod"])), ("c", json!(["x"])), ("empty", json!([]))]
    {
        let mut body = new_model(name);
        body["tags"] = tags;
        app.create(&body).await;
    }
}

#[tokio::test]
async fn values_are_counted_and_numbers_bounded() {
    let app = TestApp::start().await;
    assert_eq!(
        facets(&app, "facets=family,parameters").await,
        json!({"total": 0,
        "values": [{"field": "family", "values": [], "more": false, "unknown": 0}],
        "ranges": [{"field": "parameters", "min": null, "max": null, "unknown": 0}]})
    );
    register(&app).await;
    assert_eq!(
        facets(&app, "facets=family,tag,architecture,context_length,card_status").await,
        json!({"total": 4, "values": [
            {"field": "family", "values": [{"value": "llama", "count": 2}, {"value": "bert", "count": 1}], "more": false, "unknown": 1},
            {"field": "tag", "values": [{"value": "Prod", "count": 2}, {"value": "x", "count": 2}], "more": false, "unknown": 1},
            {"field": "architecture", "values": [{"value": "LlamaForCausalLM", "count": 2}, {"value": "BertForMaskedLM", "count": 1}],
             "more": false, "unknown": 1},
            {"field": "card_status", "values": [{"value": "partial", "count": 3}, {"value": "empty", "count": 1}], "more": false, "unknown": 0}
        ], "ranges": [{"field": "context_length", "min": 512, "max": 8192, "unknown": 1}]})
    );
    let all = facets(&app, "").await;
    assert_eq!((all["values"].as_array().unwrap().len(), all["ranges"].as_array().unwrap().len()), (12, 3));
}

#[tokio::test]
async fn each_leaves_out_its_own_filter_and_keeps_the_others() {
    let app = TestApp::start().await;
    register(&app).await;
    let chosen =
        facets(&app, "facets=family,tag,context_length&family=llama&tag=prod&max_context_length=512&q=model").await;
    assert_eq!(
        chosen,
        json!({"total": 0, "values": [
        {"field": "family", "values": [{"value": "bert", "count": 1}], "more": false, "unknown": 0},
        {"field": "tag", "values": [], "more": false, "unknown": 0}
    ], "ranges": [{"field": "context_length", "min": 8192, "max": 8192, "unknown": 0}]})
    );
    let by_expression = facets(&app, "facets=family&filter=family%3Dllama").await;
    assert_eq!(
        by_expression["values"][0]["values"],
        json!([{"value": "llama", "count": 2}]),
        "an expression holds for all"
    );
    assert_eq!(facets(&app, "facets=family&q=nothing").await["values"][0]["values"], json!([]));
}

#[tokio::test]
async fn many_values_are_cut_and_said_to_be_more() {
    let app = TestApp::start().await;
    app.sql(
        "INSERT INTO base_models (id, technical_name, model_name, model_name_key, path, card, facts_version, family)
         SELECT gen_random_uuid(), 'm' || n, 'M ' || n, 'm ' || n, 'models/m', '{}', 1, 'f' || n % 101
         FROM generate_series(1, 150) n",
    )
    .await;
    let family = facets(&app, "facets=family").await["values"][0].clone();
    assert_eq!((family["values"].as_array().unwrap().len(), &family["more"]), (100, &json!(true)));
    assert_eq!((&family["values"][0]["count"], &family["values"][99]["count"]), (&json!(2), &json!(1)));
}

#[tokio::test]
async fn what_is_no_facet_is_refused_with_those_there_are() {
    let app = TestApp::start().await;
    for query in ["facets=", "facets=x", "facets=technical_name", "facets=created_at", "facets=family,"] {
        let answer = app.get(&format!("{BASE_MODELS}/facets?{query}")).await.expect_problem(400, "INVALID_PARAMETER");
        assert_eq!(answer.pointers(), ["facets"], "{query}");
        assert!(answer.text().contains("they are family, architecture"), "{}", answer.text());
    }
    let answer = app.get(&format!("{BASE_MODELS}/facets?sort=family")).await.expect_problem(400, "INVALID_PARAMETER");
    assert_eq!(answer.pointers(), ["sort"]);
    let named =
        app.post(BASE_MODELS, &json!({"technical_name": "Facets", "model_name": "M", "path": "models/m"})).await;
    assert!(named.expect_problem(422, "VALIDATION_FAILED").text().contains("addresses of the API"));
}
