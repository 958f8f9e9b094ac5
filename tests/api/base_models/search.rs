//! `q`: words in names, description, tags and the card.

use serde_json::{Value, json};

use crate::support::{BASE_MODELS, TestApp, new_model};

async fn found(app: &TestApp, q: &str) -> Vec<String> {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("q", q).finish();
    let (mut names, mut next) = (Vec::new(), Some(format!("{BASE_MODELS}?page_size=2&{query}")));
    while let Some(address) = next {
        let answer = app.get(&address).await.expect_status(200);
        let page = answer.json();
        names.extend(
            page["items"].as_array().unwrap().iter().map(|item| item["technical_name"].as_str().unwrap().to_owned()),
        );
        next = answer
            .header("link")
            .map(|link| link.trim_start_matches('<').trim_end_matches(">; rel=\"next\"").to_owned());
    }
    names
}

async fn register(app: &TestApp, name: &str, model_name: &str, more: Value) {
    let mut body = new_model(name);
    body["model_name"] = json!(model_name);
    for (member, value) in more.as_object().unwrap() {
        body[member] = value.clone();
    }
    app.create(&body).await;
}

#[tokio::test]
async fn words_are_found_wherever_they_stand_and_those_in_names_first() {
    let app = TestApp::start().await;
    let readme = "---\nlicense: apache-2.0\n---\n# Title\n\nA small helper of mistrals, made for the tests of search, 一个多语言模型。\n";
    app.folder("a").llama().file("README.md", readme);
    app.folder("b").bert();
    app.folder("c").llama();
    register(&app, "a", "Qwen2.5-7B-Instruct", json!({})).await;
    register(&app, "b", "Plain one", json!({"description": "Distilled from Qwen2.5, 100% open", "tags": ["In House"]}))
        .await;
    register(&app, "c", "Mistral_7B", json!({"tags": ["qwen"]})).await;
    for (q, names) in [
        ("qwen", vec!["a", "c", "b"]),
        ("qwen2.5", vec!["a", "b"]),
        ("INSTRUCT", vec!["a"]),
        ("qwen instruct", vec!["a"]),
        ("qwen plain", vec!["b"]),
        ("7b", vec!["c", "a"]),
        ("mistral", vec!["c", "a"]),
        ("house", vec!["b"]),
        ("llama", vec!["c", "a"]),
        ("causallm", vec!["c", "a"]),
        ("apache", vec!["a"]),
        ("多语言模型", vec!["a"]),
        ("wen", vec![]),
        ("%", vec!["b"]),
        ("_", vec!["c"]),
        ("*", vec![]),
        ("q_en", vec![]),
        ("qwen' | 'zz:*", vec![]),
        ("nothing", vec![]),
    ] {
        assert_eq!(found(&app, q).await, names, "{q}");
    }
    let sorted =
        app.get(&format!("{BASE_MODELS}?q=qwen&sort=technical_name&family=llama")).await.expect_status(200).json();
    let names: Vec<&Value> = sorted["items"].as_array().unwrap().iter().map(|item| &item["technical_name"]).collect();
    assert_eq!(names, ["a", "c"], "an order that is asked for is kept");
}

#[tokio::test]
async fn what_has_no_word_finds_nothing_and_what_is_too_long_is_refused() {
    let app = TestApp::start().await;
    app.register("a-b").await;
    for q in [" ", "-", "\u{0}", "'"] {
        assert_eq!(found(&app, q).await, Vec::<String>::new(), "{q:?}");
    }
    for q in ["", &"a".repeat(201)] {
        let answer = app.get(&format!("{BASE_MODELS}?q={q}")).await.expect_problem(400, "INVALID_PARAMETER");
        assert_eq!(answer.pointers(), ["q"], "{q}");
    }
    app.get(&format!("{BASE_MODELS}?q={}", "%F0%9F%98%80a".repeat(50))).await.expect_status(200);
}
