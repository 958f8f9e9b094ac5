//! Bodies that cannot be read, are of another type, are encoded, or are too large.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, BASE_MODELS, TestApp, new_model};

async fn post(app: &TestApp, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Answer {
    let request = headers
        .iter()
        .fold(app.request(Method::POST, BASE_MODELS), |request, (name, value)| request.header(*name, *value));
    app.send(request.body(body.into())).await
}

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn what_is_not_json_is_refused() {
    let app = TestApp::start().await;
    app.folder("x").bert();
    let valid = new_model("x").to_string();
    let with = |member: &str| valid.replacen('{', &format!("{{{member},"), 1).into_bytes();
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let bodies: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"\"x\"".to_vec(),
        b"7".to_vec(),
        b"{".to_vec(),
        [valid.as_bytes(), b"}"].concat(),
        [b"\xEF\xBB\xBF", valid.as_bytes()].concat(),
        valid.replace('"', "'").into_bytes(),
        [b"// new\n", valid.as_bytes()].concat(),
        with("\"technical_name\": \"y\""),
        with("\"properties\": {\"a\": 1, \"a\": 2}"),
        with("\"properties\": {\"a\": 1e400}"),
        with("\"properties\": {\"a\": -1e400}"),
        with("\"properties\": {\"a\": NaN}"),
        with("\"properties\": {\"a\": 01}"),
        with("\"description\": \"\\ud800\""),
        with("\"description\": \"\\udc00\\ud800\""),
        with("\"description\": \"a\tb\""),
        with("\"description\": \"\\x41\""),
        [b"{\"description\": \"\xff\",", &valid.as_bytes()[1..]].concat(),
        [b"{\"description\": \"\xc0\xaf\",", &valid.as_bytes()[1..]].concat(),
        [b"{\"description\": \"\xed\xa0\x80\",", &valid.as_bytes()[1..]].concat(),
        with(&format!("\"properties\": {{\"a\": {}}}", nested(128))),
        nested(128).into_bytes(),
        nested(100_000).into_bytes(),
        "{\"a\":".repeat(100_000).into_bytes(),
        valid.encode_utf16().flat_map(u16::to_le_bytes).collect(),
    ];
    for body in bodies {
        let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        let answer = post(&app, &[JSON], body).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "MALFORMED_BODY"), "{shown}: {}", answer.text());
        assert!(!answer.json()["errors"].as_array().unwrap().is_empty(), "{shown}");
    }
    assert_eq!(app.count().await, 0);
}

#[tokio::test]
async fn numbers_that_json_readers_disagree_on_are_refused() {
    let app = TestApp::start().await;
    app.folder("x").bert();
    for number in ["9223372036854775808", "-9223372036854775809", "99999999999999999999999", "1e26", "9007199254740993"]
    {
        let body = new_model("x").to_string().replacen('{', &format!("{{\"properties\":{{\"a\":{number}}},"), 1);
        let answer = post(&app, &[JSON], body).await.expect_problem(422, "VALIDATION_FAILED");
        assert_eq!(answer.pointers(), ["#/properties/a"], "{number}");
    }
    assert_eq!(app.count().await, 0);
}

#[tokio::test]
async fn only_json_is_taken() {
    let app = TestApp::start().await;
    app.folder("x").bert();
    let body = new_model("x").to_string();
    for kind in ["text/plain", "application/xml", "application/jsonx", "application/x-www-form-urlencoded", "json", ""]
    {
        let answer = post(&app, &[("content-type", kind)], body.clone()).await;
        answer.expect_problem(415, "UNSUPPORTED_MEDIA_TYPE");
    }
    let without = post(&app, &[], body.clone()).await;
    without.expect_problem(415, "UNSUPPORTED_MEDIA_TYPE");
    assert_eq!(app.count().await, 0);
    let spelt = post(&app, &[("content-type", "Application/JSON ; charset=UTF-8")], body).await;
    spelt.expect_status(201);
}

#[tokio::test]
async fn a_body_may_be_compressed_in_ways_that_are_known() {
    let app = TestApp::start().await;
    for (name, encoding) in [("zipped", "gzip"), ("spelt", "GZip"), ("plain", "identity")] {
        app.folder(name).bert();
        let body = new_model(name).to_string();
        let body = if encoding == "identity" { body.into_bytes() } else { gzip(body.as_bytes()) };
        let answer = post(&app, &[JSON, ("content-encoding", encoding)], body).await.expect_status(201);
        assert_eq!(answer.json()["technical_name"], name);
    }
    for encoding in ["foo", "deflate", "compress", "gzip, gzip", "x-gzip"] {
        let answer = post(&app, &[JSON, ("content-encoding", encoding)], gzip(b"{}")).await;
        let answer = answer.expect_problem(415, "UNSUPPORTED_MEDIA_TYPE");
        assert_eq!(answer.header("accept-encoding"), Some("gzip, br, zstd, identity"), "{encoding}");
    }
}

#[tokio::test]
async fn what_cannot_be_decompressed_is_refused_without_a_library_s_words() {
    let app = TestApp::start().await;
    let whole = gzip(new_model("x").to_string().as_bytes());
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0xff;
    for encoding in ["gzip", "br", "zstd"] {
        for body in [b"{}".to_vec(), b"\x1f\x8b".to_vec(), damaged.clone(), whole[..middle].to_vec(), vec![0xff; 512]] {
            let answer = post(&app, &[JSON, ("content-encoding", encoding)], body).await;
            let text = answer.expect_problem(400, "MALFORMED_BODY").text();
            assert!(!text.contains("Custom") && !text.contains("kind"), "{text}");
        }
    }
    assert_eq!(app.count().await, 0);
}

#[tokio::test]
async fn a_body_over_one_mebibyte_is_refused_however_it_comes() {
    let app = TestApp::start().await;
    let large = sized((1 << 20) + 1);
    post(&app, &[JSON], large.clone()).await.expect_problem(413, "BODY_TOO_LARGE");
    post(&app, &[JSON, ("content-encoding", "gzip")], gzip(&large)).await.expect_problem(413, "BODY_TOO_LARGE");
    let bomb = gzip(&vec![b' '; 50 << 20]);
    post(&app, &[JSON, ("content-encoding", "gzip")], bomb).await.expect_problem(413, "BODY_TOO_LARGE");
    let head = format!(
        "POST {BASE_MODELS} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n"
    );
    let declared = app.raw(format!("{head}Content-Length: 99999999999\r\n\r\n")).await;
    declared.expect_problem(413, "BODY_TOO_LARGE");
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    let chunked = app.raw(format!("{head}Transfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n", chunk.repeat(17))).await;
    chunked.expect_problem(413, "BODY_TOO_LARGE");
    let fits = post(&app, &[JSON], sized(1 << 20)).await;
    assert_eq!(fits.expect_problem(422, "VALIDATION_FAILED").pointers(), ["#/description", "#/path"]);
    assert_eq!(app.count().await, 0);
}

#[tokio::test]
async fn a_body_in_many_tiny_chunks_is_read_like_any_other() {
    let app = TestApp::start().await;
    app.folder("x").bert();
    let body = new_model("x").to_string();
    let chunks: String = body.chars().map(|c| format!("1\r\n{c}\r\n")).collect();
    let head = format!(
        "POST {BASE_MODELS} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n"
    );
    let created =
        app.raw(format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n")).await.expect_status(201);
    assert_eq!(created.json()["technical_name"], "x");
}

/// A body of so many bytes.
fn sized(length: usize) -> Vec<u8> {
    let mut body: Value = json!({"technical_name": "x", "model_name": "X", "path": "../x", "description": ""});
    let missing = length - body.to_string().len();
    body["description"] = json!("a".repeat(missing));
    body.to_string().into_bytes()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
