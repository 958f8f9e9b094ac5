//! The deployment template as text.

use insta::assert_json_snapshot;
use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, BASE_MODELS, TestApp};

const TEMPLATE: &str = "/api/v1/base-models/m/deployment-template";

async fn put(app: &TestApp, kind: Option<&str>, body: impl Into<Vec<u8>>) -> Answer {
    let request = app.request(Method::PUT, TEMPLATE).body(body.into());
    app.send(match kind {
        Some(kind) => request.header("content-type", kind),
        None => request,
    })
    .await
}

#[tokio::test]
async fn it_is_kept_as_it_was_sent() {
    let app = TestApp::start().await;
    app.register("m").await;
    let text = "{{- if .System }}<|system|>\r\n{{ .System }}{{ end }}\n\t{{ .Prompt }} é 🦀\n";
    for (number, kind) in
        [None, Some("text/plain"), Some("text/plain; charset=utf-8"), Some("application/octet-stream")]
            .into_iter()
            .enumerate()
    {
        let text = format!("{text}{number}");
        let set = put(&app, kind, text.clone()).await.expect_status(204);
        assert!(set.body.is_empty());
        let read = app.get(TEMPLATE).await.expect_status(200);
        assert_eq!((read.text(), read.etag()), (text.clone(), set.etag()), "{kind:?}");
        assert_eq!(read.header("content-type"), Some("text/plain; charset=utf-8"));
        let record = app.get(&format!("{BASE_MODELS}/m")).await;
        assert_eq!((&record.json()["deployment_template"], record.etag()), (&json!(text), set.etag()));
    }
}

#[tokio::test]
async fn the_same_template_again_changes_nothing() {
    let app = TestApp::start().await;
    app.register("m").await;
    let first = put(&app, None, "{{ .Prompt }}").await.expect_status(204).etag();
    assert_eq!(put(&app, None, "{{ .Prompt }}").await.expect_status(204).etag(), first);
}

#[tokio::test]
async fn what_is_no_text_or_says_nothing_is_refused() {
    let app = TestApp::start().await;
    app.register("m").await;
    put(&app, None, "{{ .Prompt }}").await.expect_status(204);
    put(&app, None, b"\xff\xfe{\0".to_vec()).await.expect_problem(400, "MALFORMED_BODY");
    put(&app, Some("text/plain"), b"a\xc0\xafb".to_vec()).await.expect_problem(400, "MALFORMED_BODY");
    for blank in ["", " ", "\n\t\r\n"] {
        let answer = put(&app, None, blank).await.expect_problem(422, "VALIDATION_FAILED");
        assert_eq!(answer.pointers(), ["#/deployment_template"], "{blank:?}");
    }
    for control in ["a\0b", "a\u{1b}[31mb", "a\u{7f}"] {
        put(&app, None, control).await.expect_problem(422, "VALIDATION_FAILED");
    }
    for kind in ["application/json", "text/html", "multipart/form-data; boundary=x"] {
        put(&app, Some(kind), "{{ .Prompt }}").await.expect_problem(415, "UNSUPPORTED_MEDIA_TYPE");
    }
    assert_eq!(app.get(TEMPLATE).await.text(), "{{ .Prompt }}");
}

#[tokio::test]
async fn it_has_64_kibibytes_at_most() {
    let app = TestApp::start().await;
    app.register("m").await;
    put(&app, None, "a".repeat(65536)).await.expect_status(204);
    put(&app, None, "a".repeat(65537)).await.expect_problem(413, "BODY_TOO_LARGE");
    let chunk = format!("8000\r\n{}\r\n", "a".repeat(0x8000));
    let head = format!(
        "PUT {TEMPLATE} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    let chunked = app.raw(format!("{head}{}0\r\n\r\n", chunk.repeat(3))).await;
    chunked.expect_problem(413, "BODY_TOO_LARGE");
    assert_eq!(app.get(TEMPLATE).await.body.len(), 65536);
}

#[tokio::test]
async fn without_one_there_is_nothing_to_read_and_removing_is_no_fault() {
    let app = TestApp::start().await;
    let tag = app.register("m").await["etag"].as_str().unwrap().to_owned();
    let answer = app.get(TEMPLATE).await.expect_problem(404, "NO_DEPLOYMENT_TEMPLATE");
    assert_json_snapshot!(answer.json(), {".request_id" => "[id]"}, @r#"
    {
      "code": "NO_DEPLOYMENT_TEMPLATE",
      "conflicts": [],
      "detail": "this base model has no deployment template; PUT one to this address",
      "errors": [],
      "instance": "/api/v1/base-models/m/deployment-template",
      "request_id": "[id]",
      "status": 404,
      "title": "There is no deployment template",
      "type": "/problems/NO_DEPLOYMENT_TEMPLATE"
    }
    "#);
    assert_eq!(app.delete(TEMPLATE).await.expect_status(204).etag(), tag);
    put(&app, None, "{{ .Prompt }}").await.expect_status(204);
    assert_ne!(app.delete(TEMPLATE).await.expect_status(204).etag(), tag);
    app.get(TEMPLATE).await.expect_problem(404, "NO_DEPLOYMENT_TEMPLATE");
    let record = app.get(&format!("{BASE_MODELS}/m")).await.json();
    assert_eq!(record["deployment_template"], json!(null));
}

#[tokio::test]
async fn what_is_not_there_has_none() {
    let app = TestApp::start().await;
    let address = format!("{BASE_MODELS}/absent/deployment-template");
    app.get(&address).await.expect_problem(404, "NOT_FOUND");
    app.delete(&address).await.expect_problem(404, "NOT_FOUND");
    app.send(app.request(Method::PUT, &address).body("x")).await.expect_problem(404, "NOT_FOUND");
}

#[tokio::test]
async fn what_is_no_go_template_is_refused_with_line_and_column() {
    let app = TestApp::start().await;
    app.register("m").await;
    let record = format!("{BASE_MODELS}/m");
    let text = "{{ .System }}\n{{ if .Prompt }}";
    let expected = "must be a Go template, but at line 2, column 1: the `if` has no `end`";
    let answers = [
        put(&app, None, text).await,
        app.patch(&record, &json!({"deployment_template": text})).await,
        app.post(
            BASE_MODELS,
            &json!({"technical_name": "n", "model_name": "N", "path": "m", "deployment_template": text}),
        )
        .await,
    ];
    for answer in answers {
        let answer = answer.expect_problem(422, "VALIDATION_FAILED");
        assert_eq!(answer.pointers(), ["#/deployment_template"]);
        assert_eq!(answer.json()["errors"][0]["detail"], expected);
    }
    assert_eq!(app.get(&record).await.json()["deployment_template"], json!(null));
}

#[tokio::test]
async fn each_name_that_ollama_does_not_give_is_told_with_its_place() {
    let app = TestApp::start().await;
    app.register("m").await;
    let text = "{{ upper .System }}\n{{ range .Messages }}{{ .Text }}{{ end }}";
    let answer = put(&app, None, text).await.expect_problem(422, "VALIDATION_FAILED");
    let errors = answer.json()["errors"].clone();
    let details: Vec<&str> = errors.as_array().unwrap().iter().map(|error| error["detail"].as_str().unwrap()).collect();
    assert_eq!(details.len(), 2, "{details:?}");
    assert!(details[0].contains("line 1, column 4: there is no function \"upper\""), "{details:?}");
    assert!(details[1].contains("line 2, column 25: a message has no field \"Text\""), "{details:?}");
    assert_eq!(answer.pointers(), ["#/deployment_template", "#/deployment_template"]);
}

#[tokio::test]
async fn a_template_from_before_templates_were_checked_hinders_no_other_change() {
    let app = TestApp::start().await;
    app.register("m").await;
    app.sql("update base_models set deployment_template = '{{ upper .Prompt }}'").await;
    let record = format!("{BASE_MODELS}/m");
    let patched = app.patch(&record, &json!({"description": "old"})).await.expect_status(200).json();
    assert_eq!(
        (&patched["description"], &patched["deployment_template"]),
        (&json!("old"), &json!("{{ upper .Prompt }}"))
    );
    let same = json!({"deployment_template": "{{ upper .Prompt }}"});
    app.patch(&record, &same).await.expect_status(200);
    let other = json!({"deployment_template": "{{ lower .Prompt }}"});
    app.patch(&record, &other).await.expect_problem(422, "VALIDATION_FAILED");
    let none = app.patch(&record, &json!({"deployment_template": null})).await.expect_status(200).json();
    assert_eq!(none["deployment_template"], json!(null));
    app.patch(&record, &json!({"deployment_template": 7})).await.expect_problem(400, "MALFORMED_BODY");
}
