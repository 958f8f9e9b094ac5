use serde_json::json;

use crate::support::TestApp;

const CHECK: &str = "/api/v1/trained-model-names/check";

#[tokio::test]
async fn the_names_are_told_with_what_is_left_of_each() {
    let app = TestApp::start().await;
    let body = json!({"technical_name": "qw2.5-7-i", "train_name": "support"});
    let answer = app.post(CHECK, &body).await.expect_status(200).json();
    assert_eq!(
        answer["names"]["customized"],
        json!({"name": "qw2.5-7-i_support_YYYYMMDD_XXXX", "length": 31,
        "fits": true, "characters_left": 49})
    );
    assert_eq!(answer["names"]["saved"]["name"], "qw2.5-7-i_support_YYYYMMDD_XXXX_s_XXXX");
    let deployed: Vec<&str> =
        answer["names"]["deployed"].as_array().unwrap().iter().map(|it| it["quantization"].as_str().unwrap()).collect();
    assert_eq!(deployed, ["no_quantization", "q8_0", "q4_K_M", "q4_K_S"]);
    assert_eq!((&answer["fits"], &answer["train_name_characters"]), (&json!(true), &json!(26)));
    assert_eq!((&answer["limit"], &answer["notices"]), (&json!(80), &json!([])));
}

#[tokio::test]
async fn a_registered_model_is_found_by_its_name_and_what_does_not_fit_is_said() {
    let app = TestApp::start().await;
    let name = format!("a-technical-name-of-{}", "x".repeat(20));
    app.folder("m").bert();
    app.create(&json!({"technical_name": name, "model_name": "M", "path": "models/m"})).await;
    let body = json!({"base_model": name.to_uppercase(), "train_name": "my run"});
    let answer = app.post(CHECK, &body).await.expect_status(200).json();
    assert_eq!((&answer["technical_name"], &answer["fits"]), (&json!(name), &json!(false)));
    assert_eq!(answer["train_name_characters"], 0);
    assert_eq!(answer["notices"].as_array().unwrap().len(), 3);
    assert!(answer["notices"][0].as_str().unwrap().contains("U+0020"));
}

#[tokio::test]
async fn exactly_one_base_model_has_to_be_meant() {
    let app = TestApp::start().await;
    for body in [json!({"train_name": "a"}), json!({"train_name": "a", "base_model": "b", "technical_name": "c"})] {
        assert_eq!(app.post(CHECK, &body).await.expect_problem(400, "MALFORMED_BODY").pointers(), ["#"]);
    }
    let absent = app.post(CHECK, &json!({"train_name": "a", "base_model": "absent"})).await;
    assert_eq!(absent.expect_problem(422, "VALIDATION_FAILED").pointers(), ["#/base_model"]);
    let answer = app.post(CHECK, &json!({"train_name": "", "technical_name": "a_b"})).await;
    assert_eq!(answer.expect_problem(422, "VALIDATION_FAILED").pointers(), ["#/technical_name", "#/train_name"]);
}
