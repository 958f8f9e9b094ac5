//! A conversation through the deployment template and through the model's own chat template.

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::support::{Answer, BASE_MODELS, TestApp, new_model};

const PREVIEW: &str = "/api/v1/base-models/m/deployment-template/preview";
const CHATML: &str =
    "{{ range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}<|im_start|>assistant\n";
const CHATML_JINJA: &str = "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + \
                            '<|im_end|>' + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

/// Registers `m` with these templates.
async fn start(go: Option<&str>, jinja: Option<&str>) -> TestApp {
    let app = TestApp::start().await;
    let folder = app.folder("m").llama();
    if let Some(jinja) = jinja {
        let config = json!({"bos_token": "<s>", "chat_template": [
            {"name": "default", "template": jinja}, {"name": "tool_use", "template": "{{ bos_token }}{{ tools | length }}"},
        ]});
        folder.file("tokenizer_config.json", config.to_string());
    }
    let mut body = new_model("m");
    body["deployment_template"] = json!(go);
    app.create(&body).await;
    app
}

async fn preview(app: &TestApp, body: Value) -> Value {
    app.post(PREVIEW, &body).await.expect_status(200).json()
}

#[tokio::test]
async fn both_templates_render_the_same_conversation() {
    let app = start(Some(CHATML), Some(CHATML_JINJA)).await;
    let answer = preview(&app, json!({})).await;
    let expected = "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\nWhat is the capital of \
                    France?<|im_end|>\n<|im_start|>assistant\nThe capital of France is Paris.<|im_end|>\n<|im_start|>user\n\
                    And of Italy?<|im_end|>\n<|im_start|>assistant\n";
    let findings = json!([]);
    assert_eq!(answer["go"], json!({"text": expected, "error": null, "findings": findings}));
    assert_eq!(answer["jinja"], json!({"template": "default", "text": expected, "error": null}));
    assert_eq!((&answer["equal"], &answer["first_difference"]), (&json!(true), &json!(null)));
}

#[tokio::test]
async fn the_first_difference_is_told_of_what_was_given() {
    let app = start(Some(CHATML), Some(CHATML_JINJA)).await;
    let body = json!({
        "messages": [{"role": "user", "content": "Hi"}],
        "template": "{{ range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }} <|im_end|>{{ end }}",
    });
    assert_json_snapshot!(preview(&app, body).await, @r#"
    {
      "equal": false,
      "first_difference": {
        "before": "<|im_start|>user\nHi",
        "column": 3,
        "go": " <|im_end|>",
        "jinja": "<|im_end|>\n<|im_start|>assistant\n",
        "line": 2,
        "offset": 19
      },
      "go": {
        "error": null,
        "findings": [],
        "text": "<|im_start|>user\nHi <|im_end|>"
      },
      "jinja": {
        "error": null,
        "template": "default",
        "text": "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
      }
    }
    "#);
    let stored = app.get(&format!("{BASE_MODELS}/m/deployment-template")).await;
    assert_eq!(stored.text(), CHATML);
}

#[tokio::test]
async fn tools_thinking_and_another_chat_template_can_be_asked_for() {
    let app =
        start(Some("{{ range .Tools }}{{ .Function.Name }}{{ end }}{{ len .Messages }}{{ .Think }}"), Some("x")).await;
    let tool = json!({"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}});
    let body = json!({"tools": [tool, tool], "think": true, "chat_template": "tool_use"});
    let answer = preview(&app, body).await;
    assert_eq!(answer["go"]["text"], "weatherweather4true");
    assert_eq!((&answer["jinja"]["template"], &answer["jinja"]["text"]), (&json!("tool_use"), &json!("2")));
}

#[tokio::test]
async fn a_template_that_fails_is_an_answer_that_says_where() {
    let app = start(Some(CHATML), Some("{{ raise_exception('roles must alternate') }}")).await;
    let error = |answer: &Value, side: &str| answer[side]["error"].clone();
    let answer = preview(&app, json!({"template": "{{ .System }}\n{{ if }}"})).await;
    assert_eq!((&error(&answer, "go")["line"], &error(&answer, "go")["column"]), (&json!(2), &json!(7)));
    assert_eq!(error(&answer, "jinja")["message"], "roles must alternate");
    assert_eq!((&answer["go"]["text"], &answer["equal"]), (&json!(null), &json!(null)));
    let answer = preview(&app, json!({"template": "{{ index .Messages 9 }}"})).await;
    assert!(error(&answer, "go")["message"].as_str().unwrap().contains("out of range"), "{answer}");
    let answer = preview(&app, json!({"template": "{{ upper .Messages }}{{ .Promt }}"})).await;
    assert_eq!(answer["go"]["findings"].as_array().unwrap().len(), 2, "{answer}");
    // Endless work and endless text end.
    for template in ["{{ range 99999999 }}{{ end }}{{ len .Messages }}", "{{ range 9999999 }}0123456789{{ end }}"] {
        let answer = preview(&app, json!({"template": template})).await;
        assert!(error(&answer, "go")["message"].is_string(), "{template}: {answer}");
    }
    let defined = format!("{}{}", "{{ if 1 }}".repeat(5000), "{{ end }}".repeat(1000));
    let answer = preview(&app, json!({"template": defined})).await;
    assert!(error(&answer, "go")["message"].as_str().unwrap().contains("deep"), "{answer}");
}

#[tokio::test]
async fn either_template_is_enough_and_without_both_the_renderings_are_null() {
    let app = start(None, Some(CHATML_JINJA)).await;
    let answer = preview(&app, json!({})).await;
    assert_eq!((&answer["go"], &answer["equal"]), (&json!(null), &json!(null)));
    assert!(answer["jinja"]["text"].is_string());
    let app = start(None, None).await;
    for body in [json!({"chat_template": "default"}), json!({})] {
        let nothing = json!({"go": null, "jinja": null, "equal": null, "first_difference": null});
        assert_eq!(preview(&app, body).await, nothing);
    }
    let answer =
        preview(&app, json!({"template": "{{ .Prompt }}", "messages": [{"role": "user", "content": "Hi"}]})).await;
    assert_eq!((&answer["go"]["text"], &answer["jinja"]), (&json!("Hi"), &json!(null)));
    app.post(&format!("{BASE_MODELS}/absent/deployment-template/preview"), &json!({}))
        .await
        .expect_problem(404, "NOT_FOUND");
}

async fn refused(app: &TestApp, body: Value) -> Answer {
    app.post(PREVIEW, &body).await
}

#[tokio::test]
async fn what_is_wrong_with_the_request_is_told_by_its_pointer() {
    let app = start(Some(CHATML), Some(CHATML_JINJA)).await;
    for (body, status, code, pointer) in [
        (json!({"messages": []}), 422, "VALIDATION_FAILED", "#/messages"),
        (json!({"messages": [{"role": "", "content": "x"}]}), 422, "VALIDATION_FAILED", "#/messages/0/role"),
        (json!({"messages": [{"role": "user", "text": "x"}]}), 400, "MALFORMED_BODY", "#/messages/0/text"),
        (json!({"messages": "Hi"}), 400, "MALFORMED_BODY", "#/messages"),
        (json!({"messages": vec![json!({"role": "user"}); 65]}), 422, "VALIDATION_FAILED", "#/messages"),
        (json!({"tools": [{"function": {"name": ""}}]}), 422, "VALIDATION_FAILED", "#/tools/0/function/name"),
        (json!({"tools": [{"type": "code", "function": {"name": "f"}}]}), 400, "MALFORMED_BODY", "#/tools/0/type"),
        (json!({"template": "x".repeat(65_537)}), 422, "VALIDATION_FAILED", "#/template"),
        (json!({"chat_template": "rag"}), 422, "VALIDATION_FAILED", "#/chat_template"),
        (json!({"mesages": []}), 400, "MALFORMED_BODY", "#/mesages"),
    ] {
        let answer = refused(&app, body.clone()).await.expect_problem(status, code);
        assert_eq!(answer.pointers(), [pointer], "{body}");
    }
}

#[tokio::test]
async fn what_takes_more_than_it_may_is_an_answer_and_costs_the_service_nothing() {
    let doubled = |name: &str| {
        format!("{{% set {name} = ['a'] %}}{}", format!("{{% set {name} = [{name}, {name}] %}}").repeat(60))
    };
    let written = doubled("x") + "{{ x ~ '' }}";
    let compared = doubled("x") + &doubled("y") + "{{ x == y }}";
    // Each in the next one, so that they are dropped one within the other.
    let dropped = "{% set n = namespace(x=[]) %}{% for i in range(90000) %}{% set n.x = [n.x] %}{% endfor %}";
    let app = TestApp::start().await;
    let config = json!({"chat_template": [
        {"name": "default", "template": dropped}, {"name": "written", "template": written}, {"name": "compared", "template": compared},
    ]});
    app.folder("m").llama().file("tokenizer_config.json", config.to_string());
    app.create(&new_model("m")).await;
    let too_much = "the rendering takes more time or memory than it may";
    for name in ["default", "written", "compared"] {
        let answer = preview(&app, json!({"chat_template": name, "template": "{{ .Prompt }};{{ .Response }}"})).await;
        assert_eq!(answer["jinja"]["error"]["message"], too_much, "{name}: {answer}");
        assert!(answer["go"]["text"].as_str().unwrap().ends_with("And of Italy?;"), "{name}: {answer}");
    }
    let suggestion =
        app.get(&format!("{BASE_MODELS}/m/deployment-template/suggestion")).await.expect_status(200).json();
    assert_eq!((&suggestion["template"], &suggestion["reason"]), (&Value::Null, &json!(too_much)));
    let modelfile = app.get(&format!("{BASE_MODELS}/m/modelfile")).await.expect_status(200).text();
    assert!(modelfile.contains("none could be derived: the rendering takes more time"), "{modelfile}");
}
