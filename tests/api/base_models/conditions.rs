//! Conditional requests: `If-Match` and `If-None-Match` against the state that is there.

use reqwest::Method;
use serde_json::json;

use crate::support::{BASE_MODELS, TestApp};

/// Each kind of tag list, and whether it names revision 2: by the strong comparison and by the weak one.
const TAGS: [(&str, bool, bool); 13] = [
    ("*", true, true),
    ("\"2\"", true, true),
    ("\"1\"", false, false),
    ("\"3\"", false, false),
    ("\"02\"", false, false),
    ("\"\"", false, false),
    ("W/\"2\"", false, true),
    ("W/\"1\"", false, false),
    ("\"1\", \"2\"", true, true),
    ("\"1\",\"2\",\"3\"", true, true),
    ("\"1\", \"3\"", false, false),
    ("\"1\", W/\"2\"", false, true),
    ("W/\"2\", \"2\"", true, true),
];

/// A record with a deployment template, at revision 2.
async fn second_revision(app: &TestApp, name: &str) -> String {
    app.register(name).await;
    let address = format!("{BASE_MODELS}/{name}");
    let patch = json!({"deployment_template": "{{ .Prompt }}"});
    assert_eq!(app.patch(&address, &patch).await.expect_status(200).etag(), "\"2\"");
    address
}

#[tokio::test]
async fn a_read_answers_304_to_whoever_has_the_state() {
    let app = TestApp::start().await;
    let address = second_revision(&app, "m").await;
    for part in ["", "/card", "/deployment-template"] {
        let address = format!("{address}{part}");
        let whole = app.get(&address).await.expect_status(200);
        for method in [Method::GET, Method::HEAD] {
            for (tags, _, known) in TAGS {
                let request = app.request(method.clone(), &address).header("if-none-match", tags);
                let answer = app.send(request).await.expect_status(if known { 304 } else { 200 });
                assert_eq!(answer.etag(), "\"2\"", "{part} {tags}");
                if known {
                    assert!(answer.body.is_empty(), "{part} {tags}");
                    for header in ["cache-control", "vary"] {
                        assert_eq!(answer.header(header), whole.header(header), "{part} {tags} {header}");
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn a_read_under_if_match_answers_412_when_the_state_is_another() {
    let app = TestApp::start().await;
    let address = second_revision(&app, "m").await;
    for (tags, holds, _) in TAGS {
        let answer = app.send(app.request(Method::GET, &address).header("if-match", tags)).await;
        assert_eq!(answer.status, if holds { 200 } else { 412 }, "{tags}");
    }
    // If-Match comes first, and where it fails nothing else is looked at.
    let both = app.request(Method::GET, &address).header("if-match", "\"1\"").header("if-none-match", "\"2\"");
    app.send(both).await.expect_problem(412, "PRECONDITION_FAILED");
}

#[tokio::test]
async fn a_change_is_made_only_to_the_state_it_names() {
    let app = TestApp::start().await;
    for (number, (tags, holds, known)) in TAGS.into_iter().enumerate() {
        for (header, made) in [("if-match", holds), ("if-none-match", !known)] {
            let address = second_revision(&app, &format!("{header}-{number}")).await;
            let before = app.get(&address).await.json();
            let template = format!("{address}/deployment-template");
            for (method, address, body, status) in [
                (Method::PATCH, &address, "{}", 200),
                (Method::PUT, &template, "{{ .Prompt }}", 204),
                (Method::DELETE, &address, "", 204),
            ] {
                let kind = if method == Method::PATCH { "application/json" } else { "text/plain" };
                let request = app.request(method.clone(), address).header(header, tags).header("content-type", kind);
                let answer = app.send(request.body(body)).await;
                assert_eq!(
                    answer.status,
                    if made { status } else { 412 },
                    "{header}: {tags}: {method}: {}",
                    answer.text()
                );
                if !made {
                    assert_eq!(answer.etag(), "\"2\"", "{header}: {tags}: {method}");
                }
            }
            if !made {
                assert_eq!(app.get(&address).await.json(), before, "{header}: {tags}");
            }
        }
    }
}

#[tokio::test]
async fn the_tag_of_a_change_that_was_made_no_longer_holds() {
    let app = TestApp::start().await;
    let address = second_revision(&app, "m").await;
    let change = |tag: &str, text: &str| {
        app.request(Method::PATCH, &address).header("if-match", tag).json(&json!({"description": text}))
    };
    let changed = app.send(change("\"2\"", "first")).await.expect_status(200);
    let late = app.send(change("\"2\"", "late")).await.expect_problem(412, "PRECONDITION_FAILED");
    assert_eq!(late.etag(), changed.etag(), "the refusal says which state is there");
    let again = app.send(change(&late.etag(), "second")).await.expect_status(200);
    assert_eq!(again.json()["description"], "second");
    let template = app.request(Method::PUT, &format!("{address}/deployment-template")).header("if-match", again.etag());
    let set = app.send(template.body("{{ .System }}")).await.expect_status(204);
    let delete = |tag: String| app.request(Method::DELETE, &address).header("if-match", tag);
    app.send(delete(again.etag())).await.expect_problem(412, "PRECONDITION_FAILED");
    app.send(delete(set.etag())).await.expect_status(204);
}

#[tokio::test]
async fn the_tag_in_the_body_and_the_list_is_the_tag_in_the_header() {
    let app = TestApp::start().await;
    let address = second_revision(&app, "m").await;
    let compressed = app.send(app.request(Method::GET, &address).header("accept-encoding", "gzip")).await;
    let listed = app.get(BASE_MODELS).await.json()["items"][0]["etag"].as_str().unwrap().to_owned();
    assert_eq!(listed, app.get(&address).await.etag());
    assert_eq!(listed, compressed.etag());
    let change = app.request(Method::PATCH, &address).header("if-match", listed).json(&json!({"description": "x"}));
    app.send(change).await.expect_status(200);
}

#[tokio::test]
async fn what_is_no_tag_is_refused_as_none() {
    let app = TestApp::start().await;
    let address = second_revision(&app, "m").await;
    for header in ["if-match", "if-none-match"] {
        for tags in ["2", "\"2", "W/2", "w/\"2\"", "\"2\"\"", "", "*, \"2\"", &format!("\"{}\"", "2".repeat(1023))] {
            let request = app.request(Method::GET, &address).header(header, tags);
            app.send(request).await.expect_problem(400, "INVALID_PARAMETER");
        }
        let request = app.request(Method::GET, &address).header(header, &b"\"\xff\""[..]);
        app.send(request).await.expect_problem(400, "INVALID_PARAMETER");
    }
}

#[tokio::test]
async fn conditions_do_not_hide_that_there_is_nothing() {
    let app = TestApp::start().await;
    app.register("bare").await;
    for header in ["if-match", "if-none-match"] {
        for tags in ["*", "\"1\"", "\"7\""] {
            for (path, code) in [("absent", "NOT_FOUND"), ("bare/deployment-template", "NO_DEPLOYMENT_TEMPLATE")] {
                let request = app.request(Method::GET, &format!("{BASE_MODELS}/{path}")).header(header, tags);
                app.send(request).await.expect_problem(404, code);
            }
        }
    }
}

/// `If-Match` against revision 2: what is sent, and whether it holds.
const IF_MATCH: [(Option<&str>, bool); 6] = [
    (None, true),
    (Some("*"), true),
    (Some("\"2\""), true),
    (Some("\"7\", \"2\""), true),
    (Some("\"7\""), false),
    (Some("W/\"2\""), false),
];

/// `If-None-Match` against revision 2: what is sent, and whether it holds.
const IF_NONE_MATCH: [(Option<&str>, bool); 4] =
    [(None, true), (Some("\"7\""), true), (Some("*"), false), (Some("W/\"2\""), false)];

/// The order of RFC 9110, section 13.2.2: `If-Match` first, and `If-None-Match` only where that holds.
#[tokio::test]
async fn both_conditions_together_are_judged_in_their_order() {
    let app = TestApp::start().await;
    let mut tried = 0;
    for (if_match, matches) in IF_MATCH {
        for (if_none_match, none_matches) in IF_NONE_MATCH {
            let address = second_revision(&app, &format!("m{tried}")).await;
            let name = address.rsplit('/').next().unwrap().to_owned();
            tried += 1;
            for method in [Method::GET, Method::HEAD, Method::PATCH, Method::PUT, Method::DELETE] {
                let mut request = app.request(method.clone(), &address);
                if let Some(tags) = if_match {
                    request = request.header("if-match", tags);
                }
                if let Some(tags) = if_none_match {
                    request = request.header("if-none-match", tags);
                }
                let unchanged = json!({"model_name": format!("Model {name}"), "path": name,
                    "deployment_template": "{{ .Prompt }}"});
                let request = match method.as_str() {
                    "PATCH" => request.json(&json!({})),
                    "PUT" => request.json(&unchanged),
                    _ => request,
                };
                let is_read = [Method::GET, Method::HEAD].contains(&method);
                let expected = match (matches, none_matches) {
                    (false, _) => 412,
                    (true, false) if is_read => 304,
                    (true, false) => 412,
                    (true, true) if method == Method::DELETE => 204,
                    (true, true) => 200,
                };
                let answer = app.send(request).await;
                assert_eq!(answer.status, expected, "{method} {if_match:?} {if_none_match:?}: {}", answer.text());
            }
        }
    }
    assert_eq!(tried, 24);
}

/// A base model has no date that could be told to the second, so conditions on dates are passed over, as section 13.1.3 has
/// it.
#[tokio::test]
async fn dates_are_no_conditions() {
    let app = TestApp::start().await;
    let address = second_revision(&app, "m").await;
    for header in ["if-modified-since", "if-unmodified-since"] {
        for date in ["Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 01 Jan 2099 00:00:00 GMT", "yesterday"] {
            app.send(app.request(Method::GET, &address).header(header, date)).await.expect_status(200);
            let change = app.request(Method::PATCH, &address).header(header, date).json(&json!({}));
            app.send(change).await.expect_status(200);
        }
    }
}

/// The same where there is nothing: no state fulfils `If-Match`, and every `If-None-Match` holds.
#[tokio::test]
async fn conditions_on_what_is_not_there() {
    let app = TestApp::start().await;
    app.folder("f").bert();
    for (if_match, _) in IF_MATCH {
        for (number, (if_none_match, _)) in IF_NONE_MATCH.into_iter().enumerate() {
            for method in [Method::GET, Method::PATCH, Method::DELETE, Method::PUT] {
                let mut request = app.request(method.clone(), &format!("{BASE_MODELS}/absent-{number}"));
                if let Some(tags) = if_match {
                    request = request.header("if-match", tags);
                }
                if let Some(tags) = if_none_match {
                    request = request.header("if-none-match", tags);
                }
                let declared = json!({"model_name": format!("Absent {number}"), "path": "f"});
                let request = match method.as_str() {
                    "PATCH" => request.json(&json!({})),
                    "PUT" => request.json(&declared),
                    _ => request,
                };
                let expected = match method.as_str() {
                    "PUT" if if_match.is_some() => 412,
                    "PUT" => 201,
                    _ => 404,
                };
                let answer = app.send(request).await;
                assert_eq!(answer.status, expected, "{method} {if_match:?} {if_none_match:?}: {}", answer.text());
                if answer.status == 201 {
                    app.delete(&format!("{BASE_MODELS}/absent-{number}")).await.expect_status(204);
                }
            }
        }
    }
}
