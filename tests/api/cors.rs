//! Pages of other origins in a browser (CORS).

use base_models::app::Manners;
use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, BASE_MODELS, Setup, TestApp, manners, new_model};

const ALLOWED: &str = "https://models.example.org";

async fn start(origins: &[&str]) -> TestApp {
    let cors_origins = origins.iter().map(|origin| origin.parse().unwrap()).collect();
    let manners = Manners { cors_origins, ..manners() };
    TestApp::start_with(Setup { manners, ..Setup::default() }).await
}

async fn preflight(app: &TestApp, origin: &str, method: &str, headers: &str) -> Answer {
    let request = app.request(Method::OPTIONS, BASE_MODELS).header("origin", origin);
    let request = request.header("access-control-request-method", method);
    app.send(if headers.is_empty() { request } else { request.header("access-control-request-headers", headers) }).await
}

fn says_nothing_of_origins(answer: &Answer) -> bool {
    !answer.headers.keys().any(|name| name.as_str().starts_with("access-control-"))
}

#[tokio::test]
async fn without_a_setting_no_page_is_let_in() {
    let app = start(&[]).await;
    app.register("m").await;
    let read = app.send(app.request(Method::GET, BASE_MODELS).header("origin", ALLOWED)).await.expect_status(200);
    assert!(says_nothing_of_origins(&read), "{:?}", read.headers);
    let preflight = preflight(&app, ALLOWED, "POST", "content-type").await.expect_status(204);
    assert!(says_nothing_of_origins(&preflight), "{:?}", preflight.headers);
}

#[tokio::test]
async fn a_page_of_a_named_origin_may_ask_and_read() {
    let app = start(&[ALLOWED, "http://localhost:3000"]).await;
    app.folder("m").bert();
    for origin in [ALLOWED, "http://localhost:3000"] {
        for (method, headers) in [
            ("GET", ""),
            ("POST", "content-type"),
            ("POST", "content-type, idempotency-key, x-request-id"),
            ("PUT", "content-type, if-none-match"),
            ("PATCH", "content-type, if-match"),
            ("DELETE", "if-match"),
        ] {
            let answer = preflight(&app, origin, method, headers).await;
            assert!([200, 204].contains(&answer.status), "{origin} {method} {headers}: {}", answer.text());
            assert_eq!(answer.header("access-control-allow-origin"), Some(origin), "{method} {headers}");
            assert_eq!(answer.header("access-control-allow-credentials"), None);
            assert!(answer.header("access-control-allow-methods").unwrap().contains(method));
            assert!(answer.header("access-control-max-age").is_some());
        }
    }
    let request = app.request(Method::POST, BASE_MODELS).header("origin", ALLOWED).json(&new_model("m"));
    let created = app.send(request).await.expect_status(201);
    assert_eq!(created.header("access-control-allow-origin"), Some(ALLOWED));
    let exposed = created.header("access-control-expose-headers").unwrap().to_ascii_lowercase();
    let mut exposed: Vec<&str> = exposed.split(',').map(str::trim).collect();
    exposed.sort_unstable();
    assert_eq!(exposed, ["etag", "idempotency-replayed", "link", "location", "retry-after", "x-request-id"]);
}

#[tokio::test]
async fn a_page_may_read_problems_too() {
    let app = start(&[ALLOWED]).await;
    for (method, path, status) in [
        (Method::GET, "/api/v1/base-models/absent", 404),
        (Method::GET, "/nothing", 404),
        (Method::POST, BASE_MODELS, 415),
        (Method::DELETE, "/version", 405),
    ] {
        let answer = app.send(app.request(method, path).header("origin", ALLOWED)).await.expect_status(status);
        assert_eq!(answer.header("access-control-allow-origin"), Some(ALLOWED), "{path}");
    }
}

#[tokio::test]
async fn a_page_of_another_origin_is_told_nothing() {
    let app = start(&[ALLOWED]).await;
    for origin in ["https://evil.example.org", "http://models.example.org", "https://models.example.org:444", "null"] {
        let answer = preflight(&app, origin, "POST", "content-type").await.expect_problem(400, "REFUSED");
        assert!(answer.text().contains("Origin is not allowed to make this request; `--cors-origins`"), "{origin}");
        assert_eq!(answer.header("access-control-allow-origin"), None, "{origin}");
        let read = app.send(app.request(Method::GET, BASE_MODELS).header("origin", origin)).await.expect_status(200);
        assert_eq!(read.header("access-control-allow-origin"), None, "{origin}");
    }
    for (method, headers) in [("TRACE", ""), ("POST", "x-unknown")] {
        let answer = preflight(&app, ALLOWED, method, headers).await;
        assert!(answer.status >= 400, "{method} {headers}");
    }
}

#[tokio::test]
async fn answers_vary_by_origin_where_origins_matter() {
    let app = start(&[ALLOWED]).await;
    for origin in [None, Some(ALLOWED), Some("https://evil.example.org")] {
        let request = app.request(Method::GET, BASE_MODELS);
        let request = if let Some(origin) = origin { request.header("origin", origin) } else { request };
        let answer = app.send(request).await.expect_status(200);
        let vary: Vec<String> =
            answer.headers.get_all("vary").iter().map(|value| value.to_str().unwrap().to_ascii_lowercase()).collect();
        let vary = vary.join(", ");
        assert!(vary.contains("accept-encoding"), "{vary}");
        assert!(origin.is_none() || vary.contains("origin"), "{origin:?}: {vary}");
    }
}

#[tokio::test]
async fn a_page_does_not_come_by_without_its_origin_being_named() {
    let app = start(&[ALLOWED]).await;
    // A plain OPTIONS is no preflight.
    let answer = app.send(app.request(Method::OPTIONS, BASE_MODELS).header("origin", ALLOWED)).await.expect_status(204);
    assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS, POST"));
    let body = json!({"technical_name": "m"});
    let refused = app.send(app.request(Method::POST, BASE_MODELS).header("origin", ALLOWED).json(&body)).await;
    refused.expect_problem(400, "MALFORMED_BODY");
}
