//! Whether a folder is whole, and whether its weights are the declared ones.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{BASE_MODELS, TestApp, eventually, new_model};

fn status_of<'a>(report: &'a Value, check: &str) -> &'a Value {
    let checks = report["checks"].as_array().unwrap();
    &checks.iter().find(|found| found["check"] == check).unwrap_or_else(|| panic!("no {check}: {report}"))["status"]
}

#[tokio::test]
async fn each_check_says_what_it_found_and_what_to_do() {
    let app = TestApp::start().await;
    app.folder("m").file(
        "model.safetensors",
        "version https://git-lfs.github.com/spec/v1\noid sha256:0000000000000000000000000000000000000000000000000000000000000000\nsize 1000\n",
    );
    app.register("m").await;
    let report = app.get(&format!("{BASE_MODELS}/m/integrity")).await.expect_status(200).json();
    assert_eq!(report["status"], "failed");
    assert_eq!(status_of(&report, "folder"), "passed");
    assert_eq!(status_of(&report, "configuration"), "passed");
    assert_eq!(status_of(&report, "lfs_pointers"), "failed");
    for check in report["checks"].as_array().unwrap() {
        assert_eq!(check["status"] == "failed", check["action"].is_string(), "{check}");
    }
}

#[tokio::test]
async fn it_says_whether_ollama_can_convert_the_model_and_by_whose_rules() {
    let app = TestApp::start().await;
    app.register("m").await;
    let report = app.get(&format!("{BASE_MODELS}/m/integrity")).await.expect_status(200).json();
    let ollama = &report["deployment"]["ollama"];
    assert_eq!((&ollama["convertible"], &ollama["code"]), (&json!("no"), &json!("architecture")), "{ollama}");
    assert!(ollama["detail"].as_str().unwrap().contains("BertForMaskedLM"));
    assert!(ollama["source"].as_str().unwrap().contains("2026-08-21"));
}

#[tokio::test]
async fn it_looks_at_the_folder_as_it_is_now() {
    let app = TestApp::start().await;
    app.register("m").await;
    let report = app.get(&format!("{BASE_MODELS}/m/integrity")).await.json();
    assert_eq!(status_of(&report, "unchanged"), "passed");
    app.folder("m").llama();
    let report = app.get(&format!("{BASE_MODELS}/m/integrity")).await.json();
    assert_eq!(status_of(&report, "unchanged"), "failed");
    std::fs::remove_dir_all(app.root().join("m")).unwrap();
    let report = app.get(&format!("{BASE_MODELS}/m/integrity")).await.expect_status(200).json();
    assert_eq!((status_of(&report, "folder"), &report["fingerprint"]), (&json!("failed"), &Value::Null));
}

#[tokio::test]
async fn the_weights_are_held_against_the_digests_that_are_declared() {
    let app = TestApp::start().await;
    // The layout of the Hugging Face cache: a blob's name is the SHA-256 of its content. Here it is that of "abc".
    let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let snapshot = "models--o--m/snapshots/0123456789012345678901234567890123456789";
    app.folder(snapshot).bert();
    app.folder("models--o--m/blobs").file(digest, "abc");
    let link = app.root().join(snapshot).join("model.safetensors");
    std::os::unix::fs::symlink(format!("../../blobs/{digest}"), link).unwrap();
    let mut new = new_model("m");
    new["path"] = json!(format!("models/{snapshot}"));
    app.create(&new).await;
    let verify = async || {
        let request = app.request(Method::POST, &format!("{BASE_MODELS}/m/integrity/verify"));
        let address = app.send(request).await.expect_status(202).header("location").unwrap().to_owned();
        eventually("the job ends", async || {
            let job = app.get(&address).await.json();
            (job["state"] == "succeeded").then_some(job)
        })
        .await
    };
    let job = verify().await;
    assert_eq!((&job["total"], &job["done"]), (&json!(3), &json!(3)));
    let file = &job["result"]["files"][0];
    assert_eq!((&file["status"], &file["declared"]), (&json!("passed"), &json!(digest)));
    app.folder("models--o--m/blobs").file(digest, "abd");
    assert_eq!(verify().await["result"]["files"][0]["status"], "failed");
}
