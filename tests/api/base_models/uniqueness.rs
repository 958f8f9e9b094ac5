//! Both names are unique, however they are written, and a refusal says who holds them.

use insta::assert_json_snapshot;
use serde_json::json;

use crate::support::{BASE_MODELS, TestApp};

#[tokio::test]
async fn a_technical_name_is_taken_in_every_letter_case() {
    let app = TestApp::start().await;
    let held = app.register("Qw2.5-7-i").await;
    for name in ["Qw2.5-7-i", "qw2.5-7-i", "QW2.5-7-I"] {
        let body = json!({"technical_name": name, "model_name": "another", "path": "Qw2.5-7-i"});
        let refused = app.post(BASE_MODELS, &body).await.expect_problem(409, "ALREADY_EXISTS").json();
        assert_eq!(refused["conflicts"][0]["id"], held["id"], "{name}");
    }
    assert_eq!(app.count().await, 1);
}

#[tokio::test]
async fn a_model_name_is_taken_in_every_spelling_that_looks_the_same() {
    let app = TestApp::start().await;
    app.folder("x").bert();
    let body =
        |number: usize, name: &str| json!({"technical_name": format!("x{number}"), "model_name": name, "path": "x"});
    let pairs = [
        ("Qwen2.5-7B", "qWEN2.5-7b"),
        ("Café", "  CAFE\u{301} "),
        ("STRASSE", "straße"),
        ("Ἀθήνα", "ἀΘΉΝΑ"),
        ("ΣΑΣ", "σας"),
        ("\u{212b}ngström", "Ångström"),
        ("한국어", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}\u{110b}\u{1165}"),
    ];
    for (number, (held, same)) in pairs.into_iter().enumerate() {
        let id = app.create(&body(number, held)).await["id"].clone();
        let refused = app.post(BASE_MODELS, &body(number + 100, same)).await.expect_problem(409, "ALREADY_EXISTS");
        assert_eq!(
            refused.json()["conflicts"],
            json!([{
                "field": "model_name", "id": id, "href": format!("{BASE_MODELS}/{}", id.as_str().unwrap()),
            }]),
            "{held} {same}"
        );
    }
    for (number, other) in ["Qwen2.5-7B-Instruct", "Cafe", "STRASE"].into_iter().enumerate() {
        app.create(&body(number + 200, other)).await;
    }
}

#[tokio::test]
async fn every_name_that_is_taken_is_told_with_who_holds_it() {
    let app = TestApp::start().await;
    let (one, other) = (app.register("one").await, app.register("other").await);
    let both = json!({"technical_name": "ONE", "model_name": "model one", "path": "one"});
    let refused = app.post(BASE_MODELS, &both).await.expect_problem(409, "ALREADY_EXISTS").json();
    let holders: Vec<_> = refused["conflicts"].as_array().unwrap().iter().map(|held| &held["id"]).collect();
    assert_eq!(holders, [&one["id"], &one["id"]]);

    let two = json!({"technical_name": "one", "model_name": "Model other", "path": "one"});
    let refused = app.post(BASE_MODELS, &two).await.expect_problem(409, "ALREADY_EXISTS").json();
    let holders: Vec<_> = refused["conflicts"].as_array().unwrap().iter().map(|held| &held["id"]).collect();
    assert_eq!(holders, [&one["id"], &other["id"]]);
    assert_json_snapshot!(refused, {
        ".request_id" => "[id]", ".conflicts[].id" => "[id]", ".conflicts[].href" => "[address]", ".errors[].detail" => "[detail]",
    }, @r##"
    {
      "code": "ALREADY_EXISTS",
      "conflicts": [
        {
          "field": "technical_name",
          "href": "[address]",
          "id": "[id]"
        },
        {
          "field": "model_name",
          "href": "[address]",
          "id": "[id]"
        }
      ],
      "detail": "`technical_name` and `model_name` are taken; `conflicts` names who holds each",
      "errors": [
        {
          "code": "already_exists",
          "detail": "[detail]",
          "parameter": null,
          "pointer": "#/technical_name"
        },
        {
          "code": "already_exists",
          "detail": "[detail]",
          "parameter": null,
          "pointer": "#/model_name"
        }
      ],
      "instance": "/api/v1/base-models",
      "request_id": "[id]",
      "status": 409,
      "title": "The name is taken",
      "type": "/problems/ALREADY_EXISTS"
    }
    "##);
    let found = app.get(refused["conflicts"][1]["href"].as_str().unwrap()).await.expect_status(200);
    assert_eq!(found.json(), other);
}

#[tokio::test]
async fn the_names_of_a_deleted_record_are_free_again() {
    let app = TestApp::start().await;
    let first = app.register("again").await;
    app.delete(&format!("{BASE_MODELS}/again")).await.expect_status(204);
    let second = app.register("again").await;
    assert_ne!(first["id"], second["id"]);
}

#[tokio::test]
async fn the_two_kinds_of_name_do_not_collide_with_each_other() {
    let app = TestApp::start().await;
    app.register("one").await;
    app.folder("two").bert();
    app.create(&json!({"technical_name": "two", "model_name": "one", "path": "two"})).await;
}
