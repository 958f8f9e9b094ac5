//! Limits of time and size on what a client sends.

use std::time::{Duration, Instant};

use base_models::app::Manners;
use reqwest::Method;

use crate::support::{BASE_MODELS, RawConnection, Setup, TestApp, manners, new_model, within};

const HEAD: &str = "POST /api/v1/base-models HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

#[tokio::test]
async fn a_body_that_does_not_come_is_given_ten_seconds() {
    let app = TestApp::start().await;
    let begun = Instant::now();
    let mut silent = RawConnection::open(app.address()).await;
    silent.send(format!("{HEAD}Content-Length: 100\r\n\r\n{{").as_bytes()).await;
    let mut expecting = RawConnection::open(app.address()).await;
    expecting.send(format!("{HEAD}Content-Length: 100\r\nExpect: 100-continue\r\n\r\n").as_bytes()).await;
    let mut chunked = RawConnection::open(app.address()).await;
    chunked.send(format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\n{{    \r\n").as_bytes()).await;
    // Meanwhile others are answered.
    for _ in 0..20 {
        within(Duration::from_secs(2), "a list", app.get(BASE_MODELS)).await.expect_status(200);
    }
    for mut connection in [silent, chunked] {
        let answer = connection.answer().await.expect("an answer").expect_problem(408, "BODY_TIMEOUT");
        assert_eq!(answer.header("connection"), Some("close"));
    }
    let continued = expecting.answer().await.expect("an answer");
    assert_eq!(continued.status, 100, "the body was asked for");
    assert!(String::from_utf8(continued.body).unwrap().starts_with("HTTP/1.1 408"), "and then waited for in vain");
    let taken = begun.elapsed();
    assert!((Duration::from_secs(9)..Duration::from_secs(20)).contains(&taken), "{taken:?}");
    assert_eq!(app.count().await, 0);
}

#[tokio::test]
async fn a_refusal_ends_a_body_that_goes_on_and_on() {
    let app = TestApp::start().await;
    for (head, status) in [(HEAD, 413), (&HEAD.replace("json", "xml"), 415)] {
        let mut connection = RawConnection::open(app.address()).await;
        connection.send(format!("{head}Transfer-Encoding: chunked\r\n\r\n").as_bytes()).await;
        let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
        for _ in 0..20 {
            connection.send(chunk.as_bytes()).await;
        }
        connection.answer().await.expect("an answer, and then the end").expect_status(status);
    }
}

#[tokio::test]
async fn a_head_that_does_not_come_is_given_five_seconds() {
    let app = TestApp::start().await;
    let begun = Instant::now();
    let mut connection = RawConnection::open(app.address()).await;
    connection.send(b"GET /version HTTP/1.1\r\nHost: loc").await;
    // The server's own answer, before any of ours is reached: it has no body.
    let answer = connection.answer().await.expect("an answer");
    assert_eq!((answer.status, answer.body.len()), (408, 0));
    assert!(begun.elapsed() < Duration::from_secs(9), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_head_without_measure_is_refused() {
    let app = TestApp::start().await;
    let many: String = (0..200).map(|number| format!("X-{number}: a\r\n")).collect();
    let long = "a".repeat(200_000);
    for request in [
        format!("GET /version HTTP/1.1\r\nHost: localhost\r\n{many}\r\n"),
        format!("GET /version HTTP/1.1\r\nHost: localhost\r\nX: {long}\r\n\r\n"),
        format!("GET /{long} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    ] {
        let answer = app.raw(request).await;
        assert!([400, 414, 431].contains(&answer.status), "{}", answer.status);
    }
    app.get("/version").await.expect_status(200);
}

#[tokio::test]
async fn a_request_that_two_readers_could_split_differently_is_refused() {
    let app = TestApp::start().await;
    let smuggled = "GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for framing in [
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Content-Length: 4\r\nContent-Length: 5",
        "Content-Length: +4",
        "Content-Length: 4, 4",
        "Content-Length: -1",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding : chunked",
        "X: a\r\n b: c\r\nTransfer-Encoding:\u{b}chunked",
    ] {
        let answer = app.raw(format!("{HEAD}{framing}\r\n\r\n0\r\n\r\n{smuggled}")).await;
        assert_eq!(answer.status, 400, "{framing}");
        assert!(!answer.text().contains("HTTP/1.1"), "{framing}: a second answer: {}", answer.text());
    }
    assert_eq!(app.count().await, 0);
}

#[tokio::test]
async fn where_too_many_are_worked_on_the_rest_is_told_to_come_again() {
    let busy = Manners { max_reads: 0, max_writes: 0, ..manners() };
    let app = TestApp::start_with(Setup { manners: busy, ..Setup::default() }).await;
    app.folder("m").bert();
    app.get(BASE_MODELS).await.expect_problem(503, "OVERLOADED");
    app.post(BASE_MODELS, &new_model("m")).await.expect_problem(503, "OVERLOADED");
    app.delete(&format!("{BASE_MODELS}/m")).await.expect_problem(503, "OVERLOADED");
    for path in ["/health/live", "/health/ready", "/version", "/openapi.json"] {
        app.get(path).await.expect_status(200);
    }
    app.send(app.request(Method::OPTIONS, BASE_MODELS)).await.expect_status(204);
}

#[tokio::test]
async fn who_sends_a_body_slowly_holds_no_place() {
    let narrow = Manners { max_writes: 1, ..manners() };
    let app = TestApp::start_with(Setup { manners: narrow, ..Setup::default() }).await;
    let mut silent = RawConnection::open(app.address()).await;
    silent.send(format!("{HEAD}Content-Length: 100\r\n\r\n{{").as_bytes()).await;
    app.register("m").await;
    app.register("n").await;
    app.delete(&format!("{BASE_MODELS}/n")).await.expect_status(204);
}
