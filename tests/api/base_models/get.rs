//! Reading one: by either name, and what cannot be a name.

use reqwest::Method;

use crate::support::{BASE_MODELS, TestApp};

#[tokio::test]
async fn an_id_and_a_technical_name_lead_to_the_same_answer() {
    let app = TestApp::start().await;
    let created = app.register("Qw2.5-7-i").await;
    let id = created["id"].as_str().unwrap();
    let expected = app.get(&format!("{BASE_MODELS}/{id}")).await.expect_status(200);
    assert_eq!(expected.json(), created);
    for name in [&id.to_uppercase(), "Qw2.5-7-i", "qw2.5-7-i", "QW2.5-7-I", "%51w2.5-7-i", "Qw2%2E5-7-i"] {
        let found = app.get(&format!("{BASE_MODELS}/{name}")).await.expect_status(200);
        assert_eq!((found.etag(), &found.body), (expected.etag(), &expected.body), "{name}");
    }
}

#[tokio::test]
async fn what_nobody_has_is_not_found() {
    let app = TestApp::start().await;
    app.register("m").await;
    for name in [
        "absent",
        "0192f0c1-2b6e-7c3a-9f00-2f6d1e6f0a11",
        "a_b",
        "m%00",
        "%ff",
        "%6",
        "%zz",
        "m%2F",
        "m%2fcard",
        "..%2Fm",
        "%2e%2e%2fm",
        "m%20",
        "%20m",
        "m'--",
        "m%3B",
        "%25",
        "M%C3%A9",
        "*",
        "a%0Ab",
        "%E2%80%AEm",
    ] {
        let answer =
            app.raw(format!("GET {BASE_MODELS}/{name} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")).await;
        assert_eq!((answer.status, answer.code().as_str()), (404, "NOT_FOUND"), "{name}: {}", answer.text());
    }
    let long = "a".repeat(5000);
    app.get(&format!("{BASE_MODELS}/{long}")).await.expect_problem(404, "NOT_FOUND");
}

#[tokio::test]
async fn head_answers_with_the_headers_of_get() {
    let app = TestApp::start().await;
    app.register("m").await;
    let template = format!("{BASE_MODELS}/m/deployment-template");
    app.send(app.request(Method::PUT, &template).body("{{ .Prompt }}")).await.expect_status(204);
    for path in [
        BASE_MODELS,
        "/api/v1/base-models/m",
        "/api/v1/base-models/m/card",
        &template,
        "/api/v1/base-models/absent",
        "/health/live",
        "/health/ready",
        "/version",
        "/openapi.json",
        "/problems/NOT_FOUND",
        "/swagger-ui/",
        "/nothing",
    ] {
        for encoding in ["identity", "gzip", "br"] {
            let ask = |method: Method| app.send(app.request(method, path).header("accept-encoding", encoding));
            let (get, head) = (ask(Method::GET).await, ask(Method::HEAD).await);
            assert!(head.body.is_empty() && !get.body.is_empty(), "{path}");
            assert_eq!(head.status, get.status, "{path}");
            let names = |headers: &reqwest::header::HeaderMap| {
                let changing = ["date", "x-request-id", "transfer-encoding", "content-length"];
                let mut kept: Vec<String> = headers
                    .iter()
                    .filter(|(name, _)| !changing.contains(&name.as_str()))
                    .map(|pair| format!("{pair:?}"))
                    .collect();
                kept.sort();
                kept
            };
            assert_eq!(names(&head.headers), names(&get.headers), "{path} {encoding}");
            if let Some(length) = head.header("content-length") {
                assert_eq!(Some(length), get.header("content-length"), "{path} {encoding}");
            }
        }
    }
}

#[tokio::test]
async fn large_answers_are_compressed_for_whoever_asks() {
    let app = TestApp::start().await;
    app.register("m").await;
    for encoding in ["gzip", "br", "zstd"] {
        let request = app.request(Method::GET, &format!("{BASE_MODELS}/m")).header("accept-encoding", encoding);
        let answer = app.send(request).await.expect_status(200);
        assert_eq!(answer.header("content-encoding"), Some(encoding));
        assert!(answer.header("vary").unwrap().to_lowercase().contains("accept-encoding"));
    }
    let plain = app.get(&format!("{BASE_MODELS}/m")).await;
    assert_eq!(plain.header("content-encoding"), None);
    let refused = app.request(Method::GET, &format!("{BASE_MODELS}/m")).header("accept-encoding", "identity;q=0, foo");
    app.send(refused).await.expect_problem(406, "REFUSED");
}

#[tokio::test]
async fn a_parameter_that_the_operation_does_not_have_is_refused() {
    let app = TestApp::start().await;
    app.register("m").await;
    for path in ["", "/card", "/deployment-template"] {
        let answer = app.get(&format!("{BASE_MODELS}/m{path}?fields=id&colour=red")).await;
        assert_eq!(answer.expect_problem(400, "INVALID_PARAMETER").pointers(), ["colour", "fields"], "{path}");
    }
}
