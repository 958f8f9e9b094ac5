//! Headers that have nothing to do with what is asked for: encodings, request ids, HEAD, demanded conditions.

use base_models::app::Manners;
use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, BASE_MODELS, Setup, TestApp, manners};

async fn encoded(app: &TestApp, path: &str, accepted: &str) -> Answer {
    app.send(app.request(Method::GET, path).header("accept-encoding", accepted)).await
}

#[tokio::test]
async fn a_long_answer_is_compressed_as_it_is_asked_for() {
    let app = TestApp::start().await;
    app.register("m").await;
    let address = format!("{BASE_MODELS}/m");
    let plain = app.get(&address).await;
    assert!(plain.body.len() >= 1024, "{}", plain.body.len());
    assert_eq!((plain.header("content-encoding"), plain.header("vary")), (None, Some("accept-encoding")));
    for (accepted, used) in [
        ("gzip", Some("gzip")),
        ("br", Some("br")),
        ("zstd", Some("zstd")),
        ("gzip;q=0.5, br;q=1.0", Some("br")),
        ("identity", None),
        ("gzip;q=0", None),
        ("gzip, identity;q=0", Some("gzip")),
        ("unknown", None),
    ] {
        let answer = encoded(&app, &address, accepted).await.expect_status(200);
        assert_eq!(answer.header("content-encoding"), used, "{accepted}");
        assert_eq!(answer.header("vary"), Some("accept-encoding"), "{accepted}");
        assert_eq!(answer.etag(), plain.etag(), "the tag is of the state, not of its encoding");
        assert!(used.is_none() || answer.body.len() < plain.body.len(), "{accepted}");
    }
}

#[tokio::test]
async fn a_short_answer_is_not_compressed_unless_nothing_else_is_taken() {
    let app = TestApp::start().await;
    let plain = app.get("/version").await;
    let short = encoded(&app, "/version", "gzip, br, zstd").await.expect_status(200);
    assert_eq!((short.header("content-encoding"), &short.body), (None, &plain.body));
    assert_eq!(short.header("vary"), Some("accept-encoding"));
    let forced = encoded(&app, "/version", "gzip, identity;q=0").await.expect_status(200);
    assert_eq!(forced.header("content-encoding"), Some("gzip"));
}

#[tokio::test]
async fn a_client_that_takes_no_encoding_is_told_so_as_a_problem() {
    let app = TestApp::start().await;
    for accepted in ["identity;q=0", "*;q=0", "unknown, identity;q=0"] {
        let refused = encoded(&app, "/version", accepted).await.expect_problem(406, "REFUSED");
        assert!(refused.json()["detail"].as_str().unwrap().contains("Accept-Encoding"), "{accepted}");
    }
}

#[tokio::test]
async fn json_is_answered_whatever_media_type_is_asked_for() {
    let app = TestApp::start().await;
    app.register("m").await;
    for accepted in ["application/json", "*/*", "text/html", "application/xml;q=0.1", "nonsense", ""] {
        for (path, status) in [("m", 200), ("absent", 404)] {
            let request = app.request(Method::GET, &format!("{BASE_MODELS}/{path}")).header("accept", accepted);
            let answer = app.send(request).await.expect_status(status);
            let kind = if status == 200 { "application/json" } else { "application/problem+json" };
            assert_eq!(answer.header("content-type"), Some(kind), "{accepted:?}");
        }
    }
}

#[tokio::test]
async fn head_has_the_headers_of_get() {
    let app = TestApp::start().await;
    app.register("m").await;
    for path in [
        "/api/v1/base-models",
        "/api/v1/base-models/m",
        "/api/v1/base-models/m/card",
        "/api/v1/base-models/m/files",
        "/api/v1/base-models/m/files/config.json",
        "/api/v1/base-models/m/deployment-template",
        "/api/v1/base-models/m/integrity",
        "/api/v1/base-models/m/memory",
        "/api/v1/base-models/absent",
        "/api/v1/jobs",
        "/health/live",
        "/health/ready",
        "/version",
        "/openapi.json",
        "/problems/NOT_FOUND",
        "/nothing",
        "/",
    ] {
        for accepted in ["identity", "gzip"] {
            let ask = |method| app.send(app.request(method, path).header("accept-encoding", accepted));
            let (get, head) = (ask(Method::GET).await, ask(Method::HEAD).await);
            assert_eq!(head.status, get.status, "{path}");
            assert!(head.body.is_empty(), "{path}");
            let names = |answer: &Answer| {
                let headers =
                    answer.headers.iter().filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()));
                let mut headers: Vec<String> = headers.map(|(name, value)| format!("{name}: {value:?}")).collect();
                headers.sort();
                headers
            };
            assert_eq!(names(&head), names(&get), "{path} {accepted}");
        }
    }
}

#[tokio::test]
async fn a_request_id_of_the_client_is_kept_if_it_is_plain() {
    let app = TestApp::start().await;
    for id in ["a", "0190f1b2-7c3a", "A/+_=.-z", &"i".repeat(128)] {
        for path in ["/version", "/nothing"] {
            let answer = app.send(app.request(Method::GET, path).header("x-request-id", id)).await;
            assert_eq!(answer.header("x-request-id"), Some(id));
        }
    }
    for id in ["", "a b", "a\"b", "a,b", "<a>", &"i".repeat(129), &"i".repeat(10_000)] {
        let answer = app.send(app.request(Method::GET, "/version").header("x-request-id", id)).await;
        let made = answer.header("x-request-id").unwrap();
        assert_eq!(uuid::Uuid::parse_str(made).unwrap().get_version_num(), 7, "{id:?} {made}");
    }
}

#[tokio::test]
async fn a_change_without_a_condition_is_refused_where_one_is_demanded() {
    let manners = Manners { require_if_match: true, ..manners() };
    let app = TestApp::start_with(Setup { manners, ..Setup::default() }).await;
    app.register("m").await;
    let (address, template) = (format!("{BASE_MODELS}/m"), format!("{BASE_MODELS}/m/deployment-template"));
    let declared = json!({"model_name": "Model m", "path": "m", "description": "x"});
    let change = |method: &Method, address: &str| {
        let request = app.request(method.clone(), address);
        match (method.as_str(), address == template) {
            ("PUT", true) => request.body("{{ .Prompt }}"),
            ("PUT", false) => request.json(&declared),
            ("PATCH", _) => request.json(&json!({"description": "y"})),
            _ => request,
        }
    };
    let changes = [
        (Method::PUT, &address),
        (Method::PATCH, &address),
        (Method::PUT, &template),
        (Method::DELETE, &template),
        (Method::DELETE, &address),
    ];
    for (method, address) in &changes {
        let refused = app.send(change(method, address)).await.expect_problem(428, "PRECONDITION_REQUIRED");
        assert_eq!(refused.header("cache-control"), Some("no-store"));
    }
    assert_eq!(app.get(&address).await.etag(), "\"1\"");
    for (method, path) in &changes {
        let tag = app.get(&address).await.etag();
        let answer = app.send(change(method, path).header("if-match", tag)).await;
        assert!([200, 204].contains(&answer.status), "{method} {path}: {}", answer.text());
    }
    // What is not there cannot be lost; and a POST is not a change of a known state.
    let created = app.put(&address, &declared).await.expect_status(201);
    app.send(app.request(Method::POST, &format!("{address}/card/refresh"))).await.expect_status(200);
    let exists = app.request(Method::PUT, &address).header("if-none-match", "*").json(&declared);
    assert_eq!(app.send(exists).await.expect_problem(412, "PRECONDITION_FAILED").etag(), created.etag());
}
