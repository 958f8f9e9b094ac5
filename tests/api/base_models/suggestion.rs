//! The template that is derived from a model's own chat template.

use serde_json::{Value, json};

use crate::support::{BASE_MODELS, TestApp, new_model};

/// A chat template as most models of the ChatML family have one.
const CHATML: &str = "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + \
    '<|im_end|>' + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";
/// Headers round the roles, contents without white space round them, the token that begins a text.
const HEADERS: &str = "{{ bos_token }}{% for message in messages %}<|start_header_id|>{{ message.role }}<|end_header_id|>\n\n\
    {{ message.content | trim }}<|eot_id|>{% endfor %}<|start_header_id|>assistant<|end_header_id|>\n\n";
/// Brackets round the questions, the system message in the last one of them.
const BRACKETS: &str = "{{ bos_token }}{% if messages[0].role == 'system' %}{% set system = messages[0].content %}\
    {% set messages = messages[1:] %}{% endif %}{% for message in messages %}{% if message.role == 'user' %}\
    {% if loop.last and system is defined %}{{ '[INST] ' + system + '\\n\\n' + message.content + '[/INST]' }}{% else %}\
    {{ '[INST] ' + message.content + '[/INST]' }}{% endif %}{% else %}{{ ' ' + message.content + eos_token }}{% endif %}\
    {% endfor %}";
/// No system role, another name for the assistant.
const TURNS: &str = "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %}\
    {% for message in messages %}<start_of_turn>{{ 'model' if message.role == 'assistant' else message.role }}\n\n\
    {{ message.content | trim }}<end_of_turn>\n\n{% endfor %}<start_of_turn>model\n\n";

/// Registers a model with this chat template.
pub async fn register(app: &TestApp, chat_template: &str) {
    let tokenizer = json!({"chat_template": chat_template, "bos_token": "<s>", "eos_token": "</s>"});
    app.folder("m").llama().file("tokenizer_config.json", tokenizer.to_string());
    app.create(&new_model("m")).await;
}

async fn suggestion(chat_template: &str) -> Value {
    let app = TestApp::start().await;
    register(&app, chat_template).await;
    app.get(&format!("{BASE_MODELS}/m/deployment-template/suggestion")).await.expect_status(200).json()
}

#[tokio::test]
async fn it_is_read_off_the_model_s_own_chat_template() {
    let suggested = suggestion(CHATML).await;
    assert_eq!(
        suggested["template"],
        "{{- if .System }}<|im_start|>system\n{{ .System }}<|im_end|>\n{{ end }}\n{{- range .Messages }}\n\
         {{- if eq .Role \"user\" }}<|im_start|>user\n{{ .Content }}<|im_end|>\n\
         {{ else if eq .Role \"assistant\" }}<|im_start|>assistant\n{{ .Content }}<|im_end|>\n{{ end }}\n\
         {{- end }}<|im_start|>assistant\n"
    );
    assert_eq!(suggested["stop"], json!(["<|im_end|>", "</s>", "<|im_start|>"]));
    assert_eq!(suggested["reason"], Value::Null);
    assert_eq!(suggested["covers"]["system"], true);
}

#[tokio::test]
async fn it_is_proven_by_at_least_ten_conversations() {
    for chat_template in [CHATML, HEADERS, BRACKETS, TURNS] {
        let suggested = suggestion(chat_template).await;
        assert!(suggested["template"].is_string(), "{suggested:#}");
        let proven = suggested["proven"].as_array().unwrap();
        assert!(proven.iter().filter(|proof| proof["outcome"] == "equal").count() >= 10, "{suggested:#}");
        assert!(proven.iter().all(|proof| proof["outcome"] != "different"), "{suggested:#}");
    }
}

#[tokio::test]
async fn its_preview_is_equal() {
    for chat_template in [CHATML, HEADERS, BRACKETS] {
        let app = TestApp::start().await;
        register(&app, chat_template).await;
        let address = format!("{BASE_MODELS}/m/deployment-template");
        let suggested = app.get(&format!("{address}/suggestion")).await.expect_status(200).json();
        let preview = app.post(&format!("{address}/preview"), &json!({"template": suggested["template"]})).await.json();
        assert_eq!((&preview["equal"], &preview["first_difference"]), (&json!(true), &Value::Null), "{preview:#}");
    }
}

#[tokio::test]
async fn what_cannot_be_proven_is_not_suggested_and_says_why() {
    for (chat_template, reason) in [
        ("{{ messages", "line 1"),
        ("{% for m in messages %}{{ m.content }}{{ m.content }}{% endfor %}", "more than once"),
        ("{% for m in messages %}{{ m.content | upper }}|{% endfor %}", "appear in their order"),
        ("{% for m in messages %}{{ m.content.replace('Hello', 'Bye') }}|{% endfor %}", "Go could write"),
        ("{% for m in messages %}{{ loop.index }}:{{ m.content }}|{% endfor %}", "depends on"),
        ("{{ raise_exception('never') }}", "never"),
        ("{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}", "steps or memory"),
    ] {
        let suggested = suggestion(chat_template).await;
        assert_eq!(suggested["template"], Value::Null, "{chat_template}");
        let told = suggested["reason"].as_str().unwrap();
        assert!(told.contains(reason), "{chat_template}: {told}");
    }
}

#[tokio::test]
async fn a_model_without_a_chat_template_has_none() {
    let app = TestApp::start().await;
    app.folder("m").llama();
    app.create(&new_model("m")).await;
    let suggested = app.get(&format!("{BASE_MODELS}/m/deployment-template/suggestion")).await.expect_status(200).json();
    assert_eq!((&suggested["template"], &suggested["stop"]), (&Value::Null, &json!([])));
    assert_eq!(suggested["reason"], "the model's folder has no chat template");
}
