//! `docs/queries.md`: what it shows can be asked.

use serde_json::json;

use crate::support::{BASE_MODELS, TestApp, new_model};

const PAGE: &str = include_str!("../../../docs/queries.md");

/// The parts of a command, quotes taken off.
fn parts(command: &str) -> Vec<String> {
    let (mut parts, mut quoted) = (vec![String::new()], false);
    for c in command.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => parts.push(String::new()),
            c => parts.last_mut().unwrap().push(c),
        }
    }
    parts
}

/// The address that a `curl -sG` asks.
fn address(command: &str) -> String {
    let parts = parts(command);
    assert_eq!(parts[..2], ["curl", "-sG"], "{command}");
    let path = parts[2].replace("$API", "/api/v1");
    let query: Vec<String> = parts[3..]
        .chunks(2)
        .map(|pair| match pair[0].as_str() {
            "-d" => pair[1].clone(),
            "--data-urlencode" => {
                let (name, value) = pair[1].split_once('=').unwrap();
                form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish()
            }
            other => panic!("{other} in {command}"),
        })
        .collect();
    format!("{path}?{}", query.join("&"))
}

fn commands(page: &str) -> Vec<String> {
    page.lines().filter(|line| line.starts_with("curl -sG ")).map(address).collect()
}

#[tokio::test]
async fn every_command_and_every_measured_query_is_answered() {
    let app = TestApp::start().await;
    let measured =
        PAGE.lines().filter_map(|line| line.rsplit_once(' ')).filter(|(_, path)| path.starts_with("base-models"));
    let measured: Vec<String> = measured.map(|(_, path)| format!("/api/v1/{path}")).collect();
    assert_eq!(measured.len(), 10);
    let commands = commands(PAGE);
    assert!(commands.len() >= 9, "{commands:?}");
    for path in commands.iter().chain(&measured) {
        app.get(path).await.expect_status(200);
    }
}

#[tokio::test]
async fn the_first_command_finds_the_chat_models_it_says() {
    let app = TestApp::start().await;
    let config = |layers: u64, context: u64| {
        json!({"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_size": 1024, "num_hidden_layers": layers,
            "num_attention_heads": 8, "num_key_value_heads": 2, "intermediate_size": 4096, "vocab_size": 32000,
            "max_position_embeddings": context})
    };
    let chat = r#"{"chat_template": "{% for m in messages %}{{ m.content }}{% endfor %}"}"#;
    for (name, layers, context, license) in [
        ("large", 24, 32768, "mit"),
        ("small", 12, 131_072, "apache-2.0"),
        ("short", 12, 4096, "mit"),
        ("other", 12, 32768, "gemma"),
        ("huge", 900, 32768, "mit"),
    ] {
        app.folder(name)
            .config(&config(layers, context))
            .file("tokenizer_config.json", chat)
            .file("README.md", format!("---\nlicense: {license}\n---\n"));
        app.create(&new_model(name)).await;
    }
    let page = app.get(&commands(PAGE)[0]).await.expect_status(200).json();
    let items = page["items"].as_array().unwrap();
    let names: Vec<&str> = items.iter().map(|item| item["technical_name"].as_str().unwrap()).collect();
    assert_eq!(names, ["small", "large"]);
    let card = &items[0]["card"];
    assert_eq!(card["architecture"], json!({"context_length": 131_072}));
    assert!(card["weights"]["parameters"]["total"].as_u64().unwrap() < 8_000_000_000);
    let members: Vec<&String> = items[0].as_object().unwrap().keys().collect();
    assert_eq!(members, ["card", "etag", "id", "technical_name"]);
    assert!(commands(include_str!("../../../README.md")).contains(&commands(PAGE)[0]), "the README shows the same");
    assert_eq!(app.get(&format!("{BASE_MODELS}/facets?facets=capability")).await.json()["total"], 5);
}
