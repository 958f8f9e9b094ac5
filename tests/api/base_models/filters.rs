//! Filters: by parameters, and by an expression over the same fields.

use serde_json::{Value, json};

use crate::support::{BASE_MODELS, TestApp, new_model};

/// The technical names that a query lists, sorted.
async fn listed(app: &TestApp, query: &str) -> Vec<String> {
    let page = app.get(&format!("{BASE_MODELS}?page_size=1000&{query}")).await.expect_status(200).json();
    let mut names: Vec<String> = page["items"].as_array().unwrap().iter().map(name).collect();
    names.sort();
    names
}

fn name(item: &Value) -> String {
    item["technical_name"].as_str().unwrap().to_owned()
}

/// An expression as a parameter.
fn filter(expression: &str) -> String {
    form_urlencoded::Serializer::new(String::new()).append_pair("filter", expression).finish()
}

/// Three base models with known facts.
async fn register(app: &TestApp) {
    let chat = "---\nlicense: apache-2.0\nlanguage: [en, zh]\npipeline_tag: text-generation\n---\n";
    app.folder("bert").bert();
    app.folder("llama").llama().file("README.md", chat);
    app.folder("empty");
    for (name, tags) in [("bert", json!(["Prod", "x"])), ("llama", json!(["prod"])), ("empty", json!([]))] {
        let mut body = new_model(name);
        body["tags"] = tags;
        app.create(&body).await;
    }
}

#[tokio::test]
async fn parameters_narrow_and_their_repetition_widens() {
    let app = TestApp::start().await;
    register(&app).await;
    for (query, names) in [
        ("family=bert", vec!["bert"]),
        ("family=BERT&family=llama", vec!["bert", "llama"]),
        ("family=bert&family=bert&tag=x&tag=y", vec!["bert"]),
        ("family=llama&tag=x", vec![]),
        ("tag=PROD", vec!["bert", "llama"]),
        ("architecture=llamaforcausallm", vec!["llama"]),
        ("license=Apache-2.0&license=MIT", vec!["llama"]),
        ("language=zh", vec!["llama"]),
        ("task=text-generation", vec!["llama"]),
        ("technical_name=BERT", vec!["bert"]),
        ("model_name=model%20Llama", vec!["llama"]),
        ("card_status=empty", vec!["empty"]),
        ("weights_format=none", vec!["bert", "empty", "llama"]),
        ("weights_format=gguf&weights_format=safetensors", vec![]),
        ("min_context_length=513", vec!["llama"]),
        ("min_context_length=512&max_context_length=5.12e2", vec!["bert"]),
        ("max_context_length=8192", vec!["bert", "llama"]),
        ("created_after=2000-01-01&updated_before=2999-01-01T00:00:00%2B01:00", vec!["bert", "empty", "llama"]),
        ("created_before=2000-01-01T00:00:00Z", vec![]),
        ("family=qwen*", vec![]),
        ("family=%25", vec![]),
        ("family=%00&tag=a%0Ab", vec![]),
    ] {
        assert_eq!(listed(&app, query).await, names, "{query}");
    }
}

#[tokio::test]
async fn expressions_say_the_same_and_more() {
    let app = TestApp::start().await;
    register(&app).await;
    for (expression, names) in [
        ("family = bert", vec!["bert"]),
        ("family = \"BERT\" OR family = llama AND context_length > 1e3", vec!["llama"]),
        ("(family = llama AND context_length > 1e3) OR family = bert", vec!["bert", "llama"]),
        ("tag:prod -tag:x", vec!["llama"]),
        ("NOT family:*", vec!["empty"]),
        ("family != bert", vec!["empty", "llama"]),
        ("NOT family = bert", vec!["empty", "llama"]),
        ("NOT (context_length < 1000)", vec!["empty", "llama"]),
        ("context_length >= 0", vec!["bert", "llama"]),
        ("architecture:*", vec!["bert", "llama"]),
        ("architecture != BertForMaskedLM", vec!["empty", "llama"]),
        ("model_name = \"model b*\"", vec!["bert"]),
        ("technical_name = l*", vec!["llama"]),
        ("created_at > 2000-01-01T00:00:00Z AND created_at < \"2999-01-01\"", vec!["bert", "empty", "llama"]),
    ] {
        assert_eq!(listed(&app, &filter(expression)).await, names, "{expression}");
    }
    let both = format!("family=llama&{}", filter("family = bert OR family = llama"));
    assert_eq!(listed(&app, &both).await, ["llama"], "a parameter and an expression both have to hold");
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_and_says_what_is_allowed() {
    let app = TestApp::start().await;
    let long = "x".repeat(201);
    for (query, parameter, allowed) in [
        ("card_status=good".to_owned(), "card_status", "complete, partial, empty"),
        ("weights_format=zip".to_owned(), "weights_format", "safetensors, gguf"),
        ("min_parameters=8B".to_owned(), "min_parameters", "8e9"),
        ("max_parameters=-1".to_owned(), "max_parameters", "from 0"),
        ("min_parameters=1&min_parameters=2".to_owned(), "min_parameters", "once"),
        ("created_after=yesterday".to_owned(), "created_after", "RFC 3339"),
        ("family=".to_owned(), "family", "1 to 200"),
        (format!("family={long}"), "family", "1 to 200"),
        ("model_type=x".to_owned(), "model_type", "they are technical_name, model_name, family"),
        (filter("size = 1"), "filter", "at character 1"),
        (filter("family < 1"), "filter", "at character 8"),
        (filter(""), "filter", "at character 1"),
        (filter(&"tag:a ".repeat(251)), "filter", "1500"),
        (filter(&"(".repeat(17)), "filter", "at most 16"),
    ] {
        let answer = app.get(&format!("{BASE_MODELS}?{query}")).await.expect_problem(400, "INVALID_PARAMETER");
        assert_eq!(answer.pointers(), [parameter], "{query}");
        assert!(answer.text().contains(allowed), "{query}: {}", answer.text());
    }
    let many = (0..101).map(|number| format!("tag={number}")).collect::<Vec<_>>().join("&");
    app.get(&format!("{BASE_MODELS}?{many}")).await.expect_problem(400, "INVALID_PARAMETER");
    let all = app.get(&format!("{BASE_MODELS}?family=&sort=x&q=&fields=x&filter=x&min_parameters=x&y=1")).await;
    let all = all.expect_problem(400, "INVALID_PARAMETER");
    assert_eq!(all.pointers(), ["family", "fields", "filter", "min_parameters", "q", "sort", "y"]);
}
