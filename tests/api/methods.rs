//! Methods: what each address takes, and how it says so. The addresses come from the OpenAPI document.

use base_models::app::openapi_text;
use reqwest::Method;
use serde_json::Value;

use crate::support::{BASE_MODELS, TestApp};

/// Each documented address with something in its parameters, and its methods.
fn addresses() -> Vec<(String, Vec<String>)> {
    let document: Value = serde_json::from_str(openapi_text()).unwrap();
    let filled = |path: &str| {
        let path = path.replace("{base_model}", "m").replace("{code}", "NOT_FOUND").replace("{path}", "config.json");
        path.replace("{job}", "0192f0c1-2b6e-7c3a-9f00-2f6d1e6f0a11")
    };
    let methods = |item: &Value| item.as_object().unwrap().keys().map(|method| method.to_uppercase()).collect();
    let paths = document["paths"].as_object().unwrap().iter();
    // A fixed word where another address takes any name is that address for the methods it does not take itself.
    let fixed = ["batch", "facets", "refresh"].map(|word| format!("/api/v1/base-models/{word}"));
    let paths = paths.filter(|(path, _)| !fixed.contains(path));
    paths.map(|(path, item)| (filled(path), methods(item))).collect()
}

fn allow(methods: &[String]) -> String {
    let mut all = methods.to_vec();
    if methods.iter().any(|method| method == "GET") {
        all.push("HEAD".to_owned());
    }
    all.push("OPTIONS".to_owned());
    all.sort();
    all.join(", ")
}

#[tokio::test]
async fn a_method_that_an_address_does_not_take_is_405_with_those_it_takes() {
    let app = TestApp::start().await;
    app.register("m").await;
    let addresses = addresses();
    assert!(addresses.len() >= 8, "{addresses:?}");
    for (path, methods) in addresses {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "FOO", "get"] {
            let is_taken =
                methods.iter().any(|taken| taken == method) || method == "HEAD" && methods.contains(&"GET".to_owned());
            if is_taken {
                continue;
            }
            let answer = app.send(app.request(method.parse().unwrap(), &path)).await;
            assert_eq!(answer.status, 405, "{method} {path}: {}", answer.text());
            assert_eq!(answer.header("allow"), Some(allow(&methods).as_str()), "{method} {path}");
            if method != "HEAD" {
                answer.expect_problem(405, "METHOD_NOT_ALLOWED");
            }
        }
    }
    assert_eq!(app.count().await, 1);
}

#[tokio::test]
async fn options_tells_the_methods_without_the_database() {
    let app = TestApp::start().await;
    app.lose_database().await;
    for (path, methods) in addresses() {
        let answer = app.send(app.request(Method::OPTIONS, &path)).await.expect_status(204);
        assert_eq!(answer.header("allow"), Some(allow(&methods).as_str()), "{path}");
        assert!(answer.body.is_empty());
    }
    let nowhere = app.send(app.request(Method::OPTIONS, "/api/v1/nothing")).await;
    nowhere.expect_problem(404, "UNKNOWN_PATH");
}

#[tokio::test]
async fn pages_that_are_not_documented_take_get_and_head() {
    let app = TestApp::start().await;
    for path in ["/", "/openapi.json", "/swagger-ui", "/swagger-ui/"] {
        let answer = app.send(app.request(Method::POST, path)).await.expect_problem(405, "METHOD_NOT_ALLOWED");
        assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"), "{path}");
        let options = app.send(app.request(Method::OPTIONS, path)).await.expect_status(204);
        assert_eq!(options.header("allow"), Some("GET, HEAD, OPTIONS"), "{path}");
    }
    app.raw("CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.expect_status(404);
}

#[tokio::test]
async fn an_address_that_nothing_has_is_not_found() {
    let app = TestApp::start().await;
    app.register("m").await;
    for path in [
        "/api",
        "/api/",
        "/api/v1",
        "/api/v1/",
        "/api/v2/base-models",
        "/base-models",
        "/nothing",
        "/api/v1/base-models/",
        "//api/v1/base-models",
        "/api//v1/base-models",
        "/api/v1//base-models",
        "/api/v1/base-models//",
        "/api/v1/base-models/m/",
        "/api/v1/base-models/m/card/",
        "/api/v1/base-models/m/nothing",
        "/api/v1/base-models//card",
        "/API/v1/base-models",
        "/api/v1/Base-Models",
        "/api/v1/base-models/m/../m",
        "/api/v1/base-models/./m",
        "/api/v1/../v1/base-models",
        "/api/v1%2Fbase-models",
        "/api%2Fv1%2Fbase-models",
        "/health",
        "/health/",
        "/health/live/",
        "/version/",
        "/openapi.json/",
        "/problems",
        "/problems/",
        "/problems/NOT_FOUND/",
        "/problems/NOPE",
        "/problems/not_found",
        "/.env",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/swagger-ui/../../etc/passwd",
        "/\u{7f}",
    ] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let answer = app.raw(request).await;
        if path == "/\u{7f}" {
            // Not even a request line: the server's own answer has no body.
            assert_eq!((answer.status, answer.body.len()), (400, 0));
            continue;
        }
        assert_eq!(answer.status, 404, "{path}: {}", answer.text());
        let code = if path.starts_with("/swagger-ui") { "REFUSED" } else { "UNKNOWN_PATH" };
        assert_eq!(answer.code(), code, "{path}: {}", answer.text());
    }
    let changing = app.send(app.request(Method::DELETE, "/api/v1/base-models/m/")).await;
    changing.expect_problem(404, "UNKNOWN_PATH");
    assert_eq!(app.get(BASE_MODELS).await.json()["items"].as_array().unwrap().len(), 1);
}
