//! The files that a card was made of.

use serde_json::json;

use crate::support::{BASE_MODELS, TestApp, new_model};

#[tokio::test]
async fn the_files_that_were_read_are_kept_byte_for_byte() {
    let app = TestApp::start().await;
    let odd = "\u{feff}{ \"model_type\" : \"bert\",\r\n \"x\": NaN }";
    app.folder("m").file("config.json", odd).file("1_Pooling/config.json", "{}").file("notes.json", "{}");
    app.create(&new_model("m")).await;
    let listed = app.get(&format!("{BASE_MODELS}/m/files")).await.expect_status(200).json();
    let config = json!({"path": "config.json", "size_bytes": odd.len()});
    assert!(listed["items"].as_array().unwrap().contains(&config), "{listed}");
    let file = app.get(&format!("{BASE_MODELS}/m/files/config.json")).await.expect_status(200);
    assert_eq!(file.body, odd.as_bytes());
    assert_eq!(file.header("content-type"), Some("application/json"));
    assert_eq!(file.etag(), "\"1\"");
}

#[tokio::test]
async fn they_stay_as_they_were_read_when_the_folder_changes() {
    let app = TestApp::start().await;
    app.register("m").await;
    let before = app.get(&format!("{BASE_MODELS}/m/files/config.json")).await.body;
    app.folder("m").llama();
    assert_eq!(app.get(&format!("{BASE_MODELS}/m/files/config.json")).await.body, before);
    app.send(app.request(reqwest::Method::POST, &format!("{BASE_MODELS}/m/card/refresh"))).await.expect_status(200);
    assert_ne!(app.get(&format!("{BASE_MODELS}/m/files/config.json")).await.body, before);
}

#[tokio::test]
async fn no_other_file_is_given_out() {
    let app = TestApp::start().await;
    app.folder("m").file("secret.txt", "secret").file(".env", "TOKEN=1");
    std::fs::write(app.outside().join("passwd"), "root").unwrap();
    app.register("m").await;
    for path in [
        "secret.txt",
        ".env",
        "nothing.json",
        "../m/config.json",
        "%2e%2e/%2e%2e/passwd",
        "%2Fetc%2Fpasswd",
        "a%00b",
        "%ff",
    ] {
        let answer = app
            .raw(format!("GET {BASE_MODELS}/m/files/{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
        answer.await.expect_problem(404, "NO_SUCH_FILE");
    }
}

#[tokio::test]
async fn they_are_gone_with_the_record() {
    let app = TestApp::start().await;
    app.register("m").await;
    app.delete(&format!("{BASE_MODELS}/m")).await.expect_status(204);
    app.get(&format!("{BASE_MODELS}/m/files")).await.expect_problem(404, "NOT_FOUND");
    app.register("m").await;
    app.get(&format!("{BASE_MODELS}/m/files/config.json")).await.expect_status(200);
}
