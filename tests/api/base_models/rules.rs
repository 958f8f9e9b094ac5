//! The rules of a body: each broken one is named by its place, and all of them at once.

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::support::{BASE_MODELS, TestApp, new_model};

/// Sends a valid body with one member changed, and expects a refusal that points at one place.
async fn refuse(app: &TestApp, member: &str, value: Value, status: u16, pointer: &str) {
    let mut body = new_model("fine");
    body[member] = value.clone();
    let answer = app.post(BASE_MODELS, &body).await;
    let shown: String = value.to_string().chars().take(60).collect();
    assert_eq!(answer.status, status, "{member}: {shown}: {}", answer.text());
    let code = if status == 400 { "MALFORMED_BODY" } else { "VALIDATION_FAILED" };
    assert_eq!(answer.code(), code, "{member}: {shown}");
    assert!(answer.pointers().iter().all(|given| given == pointer), "{member}: {shown}: {}", answer.text());
    assert!(!answer.pointers().is_empty(), "{member}: {shown}: {}", answer.text());
}

#[tokio::test]
async fn a_technical_name_is_short_plain_and_no_id() {
    let app = TestApp::start().await;
    app.folder("fine").bert();
    let id = uuid::Uuid::now_v7();
    for name in ["", " ", "_a", "a_b", "a b", " a", "-a", ".a", "é", "a/b", "a\0", "a\n", "а", "a%41", "a:b", "a@b"] {
        refuse(&app, "technical_name", json!(name), 422, "#/technical_name").await;
    }
    for name in [id.to_string(), id.simple().to_string(), id.to_string().to_uppercase(), "a".repeat(41)] {
        refuse(&app, "technical_name", json!(name), 422, "#/technical_name").await;
    }
    assert_eq!(app.count().await, 0);
}

#[tokio::test]
async fn a_model_name_shows_all_it_holds() {
    let app = TestApp::start().await;
    app.folder("fine").bert();
    for name in
        ["", "   ", "\t\n", "a\nb", "a\0b", "a\u{200b}b", "a\u{202e}b", "a\u{2066}b", "a\u{feff}b", "a\u{fffd}b"]
    {
        refuse(&app, "model_name", json!(name), 422, "#/model_name").await;
    }
    refuse(&app, "model_name", json!("é".repeat(201)), 422, "#/model_name").await;
    assert_eq!(app.count().await, 0);
}

#[tokio::test]
async fn a_path_can_be_read_in_one_way_only() {
    let app = TestApp::start().await;
    app.folder("fine").bert();
    let (long, longer, deep) = ("a".repeat(256), "a/".repeat(600), "a/".repeat(16));
    for path in [
        "",
        ".",
        "..",
        "/",
        "./",
        "models",
        "models/",
        "/etc/passwd",
        "//etc",
        "~/x",
        "../x",
        "models/../x",
        "models/..",
        "x/../../etc",
        "x/./y",
        "x//y",
        "x\\y",
        "..\\x",
        "C:\\x",
        "c:x",
        "\\\\host\\share",
        "\\\\?\\C:\\x",
        "file:///etc/passwd",
        "file:x",
        "http://h/x",
        "x%2fy",
        "%2e%2e/x",
        "%252e%252e/x",
        "x;y",
        "x#y",
        "x?y",
        "x y",
        " fine",
        "fine ",
        "fine.",
        "x./y",
        "x\0y",
        "fine\0",
        "x\ny",
        "x\u{7f}",
        "x\u{200b}y",
        "x\u{202e}y",
        "x\u{fffd}",
        "e\u{301}",
        "x*",
        "x|y",
        "$HOME",
        "`id`",
        "...",
        "a/...",
        "\u{ff0e}\u{ff0e}/x",
        "x\u{2215}y",
        &long,
        &longer,
        &deep,
    ] {
        refuse(&app, "path", json!(path), 422, "#/path").await;
    }
    assert_eq!(app.count().await, 0);
}

#[tokio::test]
async fn texts_tags_and_properties_keep_their_bounds() {
    let app = TestApp::start().await;
    app.folder("fine").bert();
    let many: Vec<String> = (0..33).map(|number| format!("tag{number}")).collect();
    for (member, value, pointer) in [
        ("description", json!("a".repeat(16385)), "#/description"),
        ("description", json!("é".repeat(16385)), "#/description"),
        ("description", json!("a\0b"), "#/description"),
        ("description", json!("\u{1b}[31mred"), "#/description"),
        ("tags", json!(many), "#/tags"),
        ("tags", json!([""]), "#/tags/0"),
        ("tags", json!(["fine", "  "]), "#/tags/1"),
        ("tags", json!(["fine", "a".repeat(65)]), "#/tags/1"),
        ("tags", json!(["a\nb"]), "#/tags/0"),
        ("tags", json!(["a\u{200b}"]), "#/tags/0"),
        ("properties", json!({"a": null}), "#/properties/a"),
        ("properties", json!({"a": []}), "#/properties/a"),
        ("properties", json!({"a": {"b": 1}}), "#/properties/a"),
        ("properties", json!({"a": "x\0y"}), "#/properties/a"),
        ("properties", json!({"": 1}), "#/properties/"),
        ("properties", json!({"a/b~c": null}), "#/properties/a~1b~0c"),
        ("properties", json!({"a".repeat(65): 1}), &format!("#/properties/{}", "a".repeat(65))),
        ("properties", json!({"a": 9_007_199_254_740_993_u64}), "#/properties/a"),
        ("properties", json!({"a": u64::MAX}), "#/properties/a"),
        ("properties", json!({"a": i64::MIN}), "#/properties/a"),
        ("properties", json!({"a": 1e300}), "#/properties/a"),
        ("properties", json!({"a": "x".repeat(8001)}), "#/properties/a"),
        ("properties", json!({"a": "x".repeat(8000), "b": "x".repeat(8000), "c": "x".repeat(400)}), "#/properties"),
        ("deployment_template", json!(""), "#/deployment_template"),
        ("deployment_template", json!(" \n\t"), "#/deployment_template"),
        ("deployment_template", json!("a".repeat(65537)), "#/deployment_template"),
        ("deployment_template", json!("{{ .Prompt }}\0"), "#/deployment_template"),
    ] {
        refuse(&app, member, value, 422, pointer).await;
    }
    assert_eq!(app.count().await, 0);
}

#[tokio::test]
async fn a_member_of_the_wrong_type_or_of_no_meaning_is_named() {
    let app = TestApp::start().await;
    app.folder("fine").bert();
    for (member, value, pointer) in [
        ("technical_name", json!(null), "#/technical_name"),
        ("technical_name", json!(7), "#/technical_name"),
        ("technical_name", json!(["a"]), "#/technical_name"),
        ("model_name", json!({}), "#/model_name"),
        ("path", json!(true), "#/path"),
        ("description", json!(1.0), "#/description"),
        ("tags", json!("prod"), "#/tags"),
        ("tags", json!({"0": "prod"}), "#/tags"),
        ("tags", json!(["prod", 7]), "#/tags/1"),
        ("tags", json!([null]), "#/tags/0"),
        ("properties", json!([]), "#/properties"),
        ("properties", json!("a"), "#/properties"),
        ("deployment_template", json!(0), "#/deployment_template"),
        ("colour", json!("red"), "#/colour"),
        ("colour", json!(null), "#/colour"),
        ("Technical_name", json!("a"), "#/Technical_name"),
        ("a/b~c", json!(1), "#/a~1b~0c"),
        ("two words", json!(1), "#/two%20words"),
        ("100%", json!(1), "#/100%25"),
    ] {
        refuse(&app, member, value, 400, pointer).await;
    }
    for member in ["id", "card", "revision", "etag", "created_at", "created_by", "updated_at", "updated_by"] {
        refuse(&app, member, json!("1"), 400, &format!("#/{member}")).await;
    }
    assert_eq!(app.count().await, 0);
}

#[tokio::test]
async fn all_faults_are_told_at_once() {
    let app = TestApp::start().await;
    let body = json!({
        "technical_name": "a_b", "model_name": "", "path": "../x", "tags": ["fine", ""], "properties": {"a": null},
    });
    let answer = app.post(BASE_MODELS, &body).await.expect_problem(422, "VALIDATION_FAILED");
    assert_json_snapshot!(answer.json(), {".request_id" => "[id]"}, @r##"
    {
      "code": "VALIDATION_FAILED",
      "conflicts": [],
      "detail": "`model_name` must be 1 to 200 characters long; `path` must not have empty, `.` or `..` components; `properties/a` must be a string, a number or a boolean; `tags/1` must be 1 to 64 characters long and hold no control or zero-width characters; `technical_name` must begin with a letter or digit and hold only letters, digits, `.` and `-`; `_` separates the parts in the names of models trained from this one",
      "errors": [
        {
          "code": "length",
          "detail": "must be 1 to 200 characters long",
          "parameter": null,
          "pointer": "#/model_name"
        },
        {
          "code": "path",
          "detail": "must not have empty, `.` or `..` components",
          "parameter": null,
          "pointer": "#/path"
        },
        {
          "code": "property",
          "detail": "must be a string, a number or a boolean",
          "parameter": null,
          "pointer": "#/properties/a"
        },
        {
          "code": "tag",
          "detail": "must be 1 to 64 characters long and hold no control or zero-width characters",
          "parameter": null,
          "pointer": "#/tags/1"
        },
        {
          "code": "pattern",
          "detail": "must begin with a letter or digit and hold only letters, digits, `.` and `-`; `_` separates the parts in the names of models trained from this one",
          "parameter": null,
          "pointer": "#/technical_name"
        }
      ],
      "instance": "/api/v1/base-models",
      "request_id": "[id]",
      "status": 422,
      "title": "The body breaks a rule",
      "type": "/problems/VALIDATION_FAILED"
    }
    "##);
    let empty = app.post(BASE_MODELS, &json!({})).await.expect_problem(400, "MALFORMED_BODY");
    assert_eq!(empty.pointers(), ["#/model_name", "#/path", "#/technical_name"]);
    let mixed = app.post(BASE_MODELS, &json!({"technical_name": 7, "model_name": "", "colour": 1})).await;
    let mixed = mixed.expect_problem(400, "MALFORMED_BODY");
    assert_eq!(mixed.pointers(), ["#/colour", "#/model_name", "#/path", "#/technical_name"]);
    assert_eq!(app.count().await, 0);
}
