//! `Idempotency-Key`: a POST that is sent again is not done again.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::{Answer, BASE_MODELS, JOBS, RawConnection, TestApp, eventually, new_model};

fn keyed(app: &TestApp, path: &str, key: &str) -> RequestBuilder {
    app.request(Method::POST, path).header("idempotency-key", key)
}

async fn create(app: &TestApp, key: &str, body: &Value) -> Answer {
    app.send(keyed(app, BASE_MODELS, key).json(body)).await
}

/// What a client sees of an answer, without what is of each request.
fn seen(answer: &Answer) -> (u16, String, Vec<Option<String>>) {
    let headers = ["location", "etag", "content-type"];
    let headers = headers.map(|name| answer.header(name).map(str::to_owned)).to_vec();
    (answer.status, answer.text(), headers)
}

#[tokio::test]
async fn the_same_request_again_is_given_the_first_answer() {
    let app = TestApp::start().await;
    app.folder("m").bert();
    let first = create(&app, "k1", &new_model("m")).await.expect_status(201);
    assert_eq!(first.header("idempotency-replayed"), None);
    // The key is the same whether it is bare or quoted.
    for key in ["k1", "\"k1\"", " k1 "] {
        let again = create(&app, key, &new_model("m")).await;
        assert_eq!(seen(&again), seen(&first), "{key}");
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
    }
    assert_eq!(app.count().await, 1);
    // It is the first answer even when the record has changed or gone, and its folder too.
    app.delete(&format!("{BASE_MODELS}/m")).await.expect_status(204);
    std::fs::remove_dir_all(app.root().join("m")).unwrap();
    assert_eq!(seen(&create(&app, "k1", &new_model("m")).await), seen(&first));
    assert_eq!(app.count().await, 0);
}

#[tokio::test]
async fn another_body_under_the_key_is_refused() {
    let app = TestApp::start().await;
    app.folder("m").bert();
    create(&app, "k", &new_model("m")).await.expect_status(201);
    let mut other = new_model("m");
    other["description"] = json!("another");
    create(&app, "k", &other).await.expect_problem(422, "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(app.get(&format!("{BASE_MODELS}/m")).await.json()["description"], Value::Null);
}

#[tokio::test]
async fn a_key_is_of_one_method_address_and_query() {
    let app = TestApp::start().await;
    app.folder("m").bert();
    let dry = app.send(keyed(&app, &format!("{BASE_MODELS}?dry_run=true"), "k").json(&new_model("m"))).await;
    dry.expect_status(200);
    create(&app, "k", &new_model("m")).await.expect_status(201);
    let refreshed = app.send(keyed(&app, &format!("{BASE_MODELS}/m/card/refresh"), "k")).await.expect_status(200);
    assert_eq!(refreshed.header("idempotency-replayed"), None);
    let case = app.send(keyed(&app, BASE_MODELS, "K").json(&new_model("m"))).await;
    case.expect_problem(409, "ALREADY_EXISTS");
}

#[tokio::test]
async fn failures_are_not_kept() {
    let app = TestApp::start().await;
    create(&app, "k", &new_model("m")).await.expect_problem(422, "VALIDATION_FAILED");
    app.folder("m").bert();
    app.register("holder").await;
    let mut taken = new_model("m");
    taken["model_name"] = json!("Model holder");
    create(&app, "k", &taken).await.expect_problem(409, "ALREADY_EXISTS");
    // The key is free, also for another body.
    create(&app, "k", &new_model("m")).await.expect_status(201);
    app.lose_database().await;
    create(&app, "other", &new_model("n")).await.expect_problem(503, "DATABASE_UNAVAILABLE");
}

#[tokio::test]
async fn what_is_no_key_is_refused() {
    let app = TestApp::start().await;
    app.folder("m").bert();
    for key in ["", "\"open", "\"\"", &"k".repeat(256)] {
        let refused = create(&app, key, &new_model("m")).await.expect_problem(400, "INVALID_PARAMETER");
        assert_eq!(refused.pointers(), ["Idempotency-Key"], "{key}");
    }
    let bytes = app.request(Method::POST, BASE_MODELS).header("idempotency-key", &b"\xff"[..]).json(&new_model("m"));
    app.send(bytes).await.expect_problem(400, "INVALID_PARAMETER");
    let twice = keyed(&app, BASE_MODELS, "a").header("idempotency-key", "b").json(&new_model("m"));
    app.send(twice).await.expect_problem(400, "INVALID_PARAMETER");
    assert_eq!(app.count().await, 0);
    create(&app, &"k".repeat(255), &new_model("m")).await.expect_status(201);
}

#[tokio::test]
async fn of_fifty_at_one_time_one_is_done() {
    let app = TestApp::start().await;
    app.folder("m").bert();
    let body = new_model("m");
    let answers = join_all((0..50).map(|_| create(&app, "same", &body))).await;
    let made: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert!(!made.is_empty());
    assert_eq!(made.iter().filter(|answer| answer.header("idempotency-replayed").is_none()).count(), 1);
    assert!(made.iter().all(|answer| seen(answer) == seen(made[0])));
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        let answer = answer.clone().expect_problem(409, "REQUEST_IN_PROGRESS");
        assert!(answer.header("retry-after").unwrap().parse::<u32>().unwrap() >= 1);
    }
    assert_eq!(app.count().await, 1);
}

#[tokio::test]
async fn a_client_that_was_cut_off_finds_what_it_asked_for() {
    let app = TestApp::start().await;
    app.folder("m").bert();
    for number in 0..40_u64 {
        let mut body = new_model(&format!("m{number}"));
        body["path"] = json!("m");
        let text = body.to_string();
        let head = format!(
            "POST {BASE_MODELS} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Idempotency-Key: key-{number}\r\nContent-Length: {}\r\n\r\n",
            text.len()
        );
        let mut connection = RawConnection::open(app.address()).await;
        connection.send(format!("{head}{text}").as_bytes()).await;
        tokio::time::sleep(Duration::from_micros(number * 7919 % 20_000)).await;
        connection.reset();
        // The same bytes, so that the body is the same.
        let retry = async || {
            let request = keyed(&app, BASE_MODELS, &format!("key-{number}"));
            let answer = app.send(request.header("content-type", "application/json").body(text.clone())).await;
            (answer.status != 409 || answer.code() == "ALREADY_EXISTS").then_some(answer)
        };
        let answer = eventually("the first one ends", retry).await.expect_status(201);
        let record = app.get(&format!("{BASE_MODELS}/m{number}")).await.expect_status(200).json();
        assert_eq!(answer.json()["id"], record["id"]);
    }
    assert_eq!(app.count().await, 40);
}

#[tokio::test]
async fn a_key_that_nobody_runs_any_more_is_free_when_its_claim_ends() {
    let app = TestApp::start().await;
    app.folder("m").bert();
    create(&app, "k", &new_model("m")).await.expect_status(201);
    app.delete(&format!("{BASE_MODELS}/m")).await.expect_status(204);
    // As if the instance had died before it was done.
    app.sql("UPDATE idempotency_keys SET status = NULL, headers = NULL, body = NULL").await;
    create(&app, "k", &new_model("m")).await.expect_problem(409, "REQUEST_IN_PROGRESS");
    app.sql("UPDATE idempotency_keys SET claimed_until = now() - interval '1 second'").await;
    let made = create(&app, "k", &new_model("m")).await.expect_status(201);
    assert_eq!(made.header("idempotency-replayed"), None);
}

#[tokio::test]
async fn a_key_is_forgotten_after_a_day() {
    let app = TestApp::start().await;
    app.folder("m").bert();
    create(&app, "k", &new_model("m")).await.expect_status(201);
    app.sql("UPDATE idempotency_keys SET created_at = now() - interval '23 hours 59 minutes'").await;
    create(&app, "k", &new_model("m")).await.expect_status(201);
    app.sql("UPDATE idempotency_keys SET created_at = now() - interval '24 hours 1 second'").await;
    create(&app, "k", &new_model("m")).await.expect_problem(409, "ALREADY_EXISTS");
    app.sql(
        "INSERT INTO idempotency_keys (key, operation, body_digest, claim, claimed_until, status, created_at) \
         SELECT 'old' || number, '', '', gen_random_uuid(), now(), 200, now() - interval '2 days' \
         FROM generate_series(1, 50) AS number",
    )
    .await;
    for number in 0..3 {
        create(&app, &format!("new{number}"), &new_model("m")).await.expect_problem(409, "ALREADY_EXISTS");
    }
    app.sql(
        "DO $$ BEGIN IF EXISTS (SELECT FROM idempotency_keys) THEN RAISE 'keys that expired or failed are left'; \
         END IF; END $$",
    )
    .await;
}

#[tokio::test]
async fn every_post_that_changes_something_takes_a_key() {
    let app = TestApp::start().await;
    app.register("m").await;
    let batch = json!({"items": [{"technical_name": "b", "model_name": "B", "path": "m"}]});
    for (path, body, status) in [
        (format!("{BASE_MODELS}/batch"), Some(batch), 200),
        (format!("{BASE_MODELS}/refresh"), None, 202),
        (format!("{BASE_MODELS}/m/card/refresh"), None, 200),
        (format!("{BASE_MODELS}/m/integrity/verify"), None, 202),
    ] {
        let send = || {
            let request = keyed(&app, &path, "key");
            app.send(match &body {
                Some(body) => request.json(body),
                None => request,
            })
        };
        let first = send().await.expect_status(status);
        let again = send().await;
        assert_eq!(seen(&again), seen(&first), "{path}");
        assert_eq!(again.header("idempotency-replayed"), Some("true"), "{path}");
        assert_eq!(again.header("retry-after"), first.header("retry-after"), "{path}");
    }
    let jobs = app.get(JOBS).await.json();
    assert_eq!(jobs["items"].as_array().unwrap().len(), 2, "{jobs}");
    let job = format!("{JOBS}/{}/cancel", jobs["items"][0]["id"].as_str().unwrap());
    let first = app.send(keyed(&app, &job, "key")).await.expect_status(200);
    assert_eq!(seen(&app.send(keyed(&app, &job, "key")).await), seen(&first));
}
