//! Registering: what is taken, in what form it is kept, and what is answered.

use insta::assert_json_snapshot;
use serde_json::json;

use crate::support::{BASE_MODELS, TestApp, new_model};

#[tokio::test]
async fn the_answer_is_the_record_and_says_where_it_is_found() {
    let app = TestApp::start().await;
    app.folder("distilbert").bert();
    let created = app.post(BASE_MODELS, &new_model("distilbert")).await.expect_status(201);
    let body = created.json();
    assert_json_snapshot!(body, {
        ".id" => "[id]", ".card" => "[card]", ".created_at" => "[time]", ".updated_at" => "[time]",
    }, @r#"
    {
      "card": "[card]",
      "created_at": "[time]",
      "created_by": null,
      "deployment_template": null,
      "description": null,
      "etag": "\"1\"",
      "id": "[id]",
      "model_name": "Model distilbert",
      "notices": [],
      "path": "models/distilbert",
      "properties": {},
      "revision": 1,
      "tags": [],
      "technical_name": "distilbert",
      "updated_at": "[time]",
      "updated_by": null
    }
    "#);
    let location = created.header("location").unwrap();
    assert_eq!(location, format!("{BASE_MODELS}/{}", body["id"].as_str().unwrap()));
    assert_eq!(created.etag(), body["etag"]);
    assert_eq!(body["card"]["family"], "bert");
    assert_eq!(body["created_at"], body["updated_at"]);
    assert!(body["created_at"].as_str().unwrap().ends_with('Z'), "{}", body["created_at"]);
    let read = app.get(location).await.expect_status(200);
    assert_eq!((read.json(), read.etag()), (body, created.etag()));
}

#[tokio::test]
async fn every_member_is_kept_and_names_and_tags_are_tidied() {
    let app = TestApp::start().await;
    app.folder("X").bert();
    let created = app
        .create(&json!({
            "technical_name": "Qw2.5-7-i", "model_name": "  Cafe\u{301} 指令 7B\t", "path": "X",
            "description": "two\nlines\tand a tab 🦀",
            "tags": ["prod", " prod ", "nlp", "nlp"],
            "properties": {"team": "nlp", "cost": 1.5, "seats": 9_007_199_254_740_992_i64, "open": false},
            "deployment_template": "{{ .System }}\r\n{{ .Prompt }}",
        }))
        .await;
    assert_json_snapshot!(created, {
        ".id" => "[id]", ".card" => "[card]", ".created_at" => "[time]", ".updated_at" => "[time]",
    }, @r#"
    {
      "card": "[card]",
      "created_at": "[time]",
      "created_by": null,
      "deployment_template": "{{ .System }}\r\n{{ .Prompt }}",
      "description": "two\nlines\tand a tab 🦀",
      "etag": "\"1\"",
      "id": "[id]",
      "model_name": "Café 指令 7B",
      "notices": [],
      "path": "models/X",
      "properties": {
        "cost": 1.5,
        "open": false,
        "seats": 9007199254740992,
        "team": "nlp"
      },
      "revision": 1,
      "tags": [
        "prod",
        "nlp"
      ],
      "technical_name": "Qw2.5-7-i",
      "updated_at": "[time]",
      "updated_by": null
    }
    "#);
}

#[tokio::test]
async fn all_spellings_of_a_path_are_kept_as_one() {
    let app = TestApp::start().await;
    app.folder("X").bert();
    app.folder("模型/7B").bert();
    for (number, (given, kept)) in [
        ("X", "models/X"),
        ("./X", "models/X"),
        ("models/X", "models/X"),
        ("./models/X", "models/X"),
        ("models/X/", "models/X"),
        ("模型/7B", "models/模型/7B"),
    ]
    .into_iter()
    .enumerate()
    {
        let body = json!({"technical_name": format!("x{number}"), "model_name": format!("X {number}"), "path": given});
        assert_eq!(app.create(&body).await["path"], kept, "{given}");
    }
}

#[tokio::test]
async fn a_folder_called_models_inside_the_root_is_looked_into() {
    let app = TestApp::start().await;
    app.folder("models/inner").llama();
    app.folder("both").bert();
    app.folder("models/both").llama();
    let inner = app.create(&new_model("inner")).await;
    assert_eq!(
        (inner["path"].as_str(), inner["card"]["family"].as_str()),
        (Some("models/models/inner"), Some("llama"))
    );
    let outer = app.create(&new_model("both")).await;
    assert_eq!((outer["path"].as_str(), outer["card"]["family"].as_str()), (Some("models/both"), Some("bert")));
}

#[tokio::test]
async fn a_single_gguf_file_is_a_model_and_any_other_file_is_not() {
    let app = TestApp::start().await;
    app.folder("files").file("tiny.gguf", gguf()).file("UPPER.GGUF", gguf()).file("weights.bin", "x");
    let body = |name: &str, path: &str| json!({"technical_name": name, "model_name": name, "path": path});
    let created = app.create(&body("tiny", "files/tiny.gguf")).await;
    assert_eq!(created["path"], "models/files/tiny.gguf");
    assert_eq!(created["card"]["files"].as_array().unwrap().len(), 1, "only the file itself belongs to it");
    app.create(&body("upper", "files/UPPER.GGUF")).await;
    let refused = app.post(BASE_MODELS, &body("weights", "files/weights.bin")).await;
    assert_eq!(refused.expect_problem(422, "VALIDATION_FAILED").pointers(), ["#/path"]);
}

#[tokio::test]
async fn an_odd_folder_is_registered_and_its_card_warns() {
    let app = TestApp::start().await;
    app.folder("empty");
    app.folder("broken").file("config.json", "{\"model_type\": ");
    app.folder("wrong").file("config.json", "[1, 2]");
    for name in ["empty", "broken", "wrong"] {
        let created = app.create(&new_model(name)).await;
        let warnings = created["card"]["warnings"].as_array().unwrap();
        assert!(!warnings.is_empty(), "{name}: {}", created["card"]);
        assert!(created["card"]["status"].is_string(), "{name}");
    }
}

#[tokio::test]
async fn a_path_that_names_nothing_is_refused() {
    let app = TestApp::start().await;
    let refused = app.post(BASE_MODELS, &new_model("absent")).await.expect_problem(422, "VALIDATION_FAILED");
    assert_json_snapshot!(refused.json(), {".request_id" => "[id]"}, @r##"
    {
      "code": "VALIDATION_FAILED",
      "conflicts": [],
      "detail": "`path` there is no such folder, nor such a .gguf file below the models root: put the model's files there, or mend the path",
      "errors": [
        {
          "code": "path",
          "detail": "there is no such folder, nor such a .gguf file below the models root: put the model's files there, or mend the path",
          "parameter": null,
          "pointer": "#/path"
        }
      ],
      "instance": "/api/v1/base-models",
      "request_id": "[id]",
      "status": 422,
      "title": "The body breaks a rule",
      "type": "/problems/VALIDATION_FAILED"
    }
    "##);
    assert_eq!(app.count().await, 0);
}

#[tokio::test]
async fn two_records_may_share_a_folder() {
    let app = TestApp::start().await;
    let first = app.register("shared").await;
    let second = app.create(&json!({"technical_name": "other", "model_name": "Other", "path": "models/shared"})).await;
    assert_eq!(first["path"], second["path"]);
    assert_ne!(first["id"], second["id"]);
}

/// A GGUF file without tensors that names its architecture.
fn gguf() -> Vec<u8> {
    let text = |text: &str| [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat();
    let head = [&b"GGUF"[..], &3u32.to_le_bytes(), &0u64.to_le_bytes(), &1u64.to_le_bytes()].concat();
    [head, text("general.architecture"), 8u32.to_le_bytes().to_vec(), text("llama")].concat()
}

#[tokio::test]
async fn a_technical_name_that_leaves_little_room_for_the_names_of_trained_models_is_told() {
    let app = TestApp::start().await;
    app.folder("m").bert();
    let notice = "the technical name leaves 11 characters for the name of a training; 12 are recommended";
    let body = json!({"technical_name": "a".repeat(24), "model_name": "M", "path": "m"});
    let draft = app.post(&format!("{BASE_MODELS}?dry_run=true"), &body).await.expect_status(200).json();
    assert_eq!(draft["notices"], json!([notice]));
    let created = app.create(&body).await;
    assert_eq!(created["notices"], json!([notice]));
    let href = format!("{BASE_MODELS}/{}", created["id"].as_str().unwrap());
    let shorter = app.patch(&href, &json!({"technical_name": "a".repeat(23)})).await.expect_status(200).json();
    assert_eq!(shorter["notices"], json!([]));
    let listed = app.get(&format!("{BASE_MODELS}?fields=notices")).await.expect_status(200).json();
    assert_eq!(listed["items"][0]["notices"], json!([]));
}

#[tokio::test]
async fn a_dry_run_answers_what_would_be_registered_and_who_has_the_names() {
    let app = TestApp::start().await;
    app.register("m").await;
    let dry = format!("{BASE_MODELS}?dry_run=true");
    let mut body = new_model("m");
    app.post(&dry, &body).await.expect_problem(409, "ALREADY_EXISTS");
    body["technical_name"] = json!("n");
    body["model_name"] = json!("N");
    let draft = app.post(&dry, &body).await.expect_status(200).json();
    assert_eq!((&draft["technical_name"], &draft["card"]["family"]), (&json!("n"), &json!("bert")));
    assert!(draft.get("id").is_none() && draft.get("etag").is_none(), "{draft}");
    assert_eq!(app.count().await, 1);
}
