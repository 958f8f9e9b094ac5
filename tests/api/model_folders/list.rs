use reqwest::Method;
use serde_json::{Value, json};

use super::MODEL_FOLDERS;
use crate::support::{BASE_MODELS, TestApp};

/// Every entry, page by page.
async fn walk(app: &TestApp, query: &str) -> Vec<Value> {
    let (mut items, mut next) = (Vec::new(), format!("{MODEL_FOLDERS}?{query}"));
    loop {
        let answer = app.get(&next).await.expect_status(200);
        let page = answer.json();
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(token) = page["next_page_token"].as_str() else {
            assert_eq!(answer.header("link"), None);
            return items;
        };
        assert!(answer.header("link").unwrap().contains(token));
        next = format!("{MODEL_FOLDERS}?{query}&page_token={token}");
    }
}

fn paths(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["path"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_folder_is_told_with_what_it_is_and_under_which_names_it_could_be_registered() {
    let app = TestApp::start().await;
    app.folder("Llama-3.2-1B").llama().file("model.safetensors", "12345");
    app.folder("team/only").file("README.md", "# soon");
    let items = walk(&app, "").await;
    let config = std::fs::metadata(app.root().join("Llama-3.2-1B/config.json")).unwrap().len();
    assert_eq!(
        items,
        [
            json!({
                "path": "models/Llama-3.2-1B", "state": "available", "kind": "transformers", "family": "llama",
                "size_bytes": config + 5, "links": [], "reason": null, "registered_as": [],
                "proposal": {"technical_name": "llama-3.2-1b", "model_name": "Llama-3.2-1B", "train_name_characters": 23},
            }),
            json!({
                "path": "models/team/only", "state": "unusable", "kind": null, "family": null, "size_bytes": null,
                "links": [], "registered_as": [], "proposal": null,
                "reason": {"code": "only_readme",
                    "detail": "holds a README and no files of a model; fetch the rest of the repository"},
            }),
        ]
    );
}

#[tokio::test]
async fn a_registered_folder_names_its_base_models_and_its_names_are_no_longer_proposed() {
    let app = TestApp::start().await;
    let record = app.register("minilm").await;
    app.folder("other/minilm").bert();
    let items = walk(&app, "").await;
    assert_eq!(paths(&items), ["models/minilm", "models/other/minilm"]);
    assert_eq!((&items[0]["state"], &items[0]["proposal"]), (&json!("registered"), &Value::Null));
    assert_eq!(
        items[0]["registered_as"],
        json!([{"id": record["id"], "technical_name": "minilm", "model_name": "Model minilm",
            "href": format!("{BASE_MODELS}/{}", record["id"].as_str().unwrap())}])
    );
    assert_eq!((&items[1]["state"], &items[1]["reason"]["code"]), (&json!("incomplete"), &json!("no_weights")));
    assert_eq!(items[1]["proposal"]["technical_name"], "minilm-2");
    app.delete(&format!("{BASE_MODELS}/minilm")).await.expect_status(204);
    assert_eq!(walk(&app, "state=incomplete").await.len(), 2);
}

#[tokio::test]
async fn what_is_proposed_is_taken_as_it_is() {
    let app = TestApp::start().await;
    for name in ["a/Qwen2.5-7B", "b/Qwen2.5-7B", "c/qwen2_5-7b", "Ünï-模型", "x+y=z@1"] {
        app.folder(name).llama();
    }
    let items = walk(&app, "").await;
    assert_eq!(items.len(), 5);
    for item in items {
        let mut new = item["proposal"].clone();
        new.as_object_mut().unwrap().remove("train_name_characters");
        new["path"] = item["path"].clone();
        app.post(BASE_MODELS, &new).await.expect_status(201);
    }
    let items = walk(&app, "state=registered&page_size=2").await;
    assert_eq!(items.len(), 5);
}

#[tokio::test]
async fn the_pages_of_a_list_are_of_one_walk_and_narrowed_alike() {
    let app = TestApp::start().await;
    for number in 0..7 {
        app.folder(&format!("m{number}")).llama().file("model.safetensors", "x");
        app.folder(&format!("n{number}"));
    }
    let first = app.get(&format!("{MODEL_FOLDERS}?state=available&page_size=3")).await.expect_status(200).json();
    std::fs::remove_dir_all(app.root().join("m5")).unwrap();
    app.folder("m55").llama().file("model.safetensors", "x");
    let next =
        |token: &Value| format!("{MODEL_FOLDERS}?state=available&page_size=5&page_token={}", token.as_str().unwrap());
    let second = app.get(&next(&first["next_page_token"])).await.expect_status(200).json();
    let all = [first["items"].as_array().unwrap().clone(), second["items"].as_array().unwrap().clone()].concat();
    assert_eq!(paths(&all), (0..7).map(|number| format!("models/m{number}")).collect::<Vec<_>>());
    assert_eq!(second["next_page_token"], Value::Null);
    assert_eq!(paths(&walk(&app, "state=available&page_size=1").await).len(), 7);
    assert_eq!(walk(&app, "state=unusable&state=available&kind=transformers").await.len(), 7);
    assert_eq!(walk(&app, "state=unusable&page_size=2").await.len(), 7);
    let mixed = format!("{MODEL_FOLDERS}?page_token={}", first["next_page_token"].as_str().unwrap());
    assert_eq!(app.get(&mixed).await.expect_problem(400, "INVALID_PARAMETER").pointers(), ["page_token"]);
}

#[tokio::test]
async fn parameters_that_are_not_known_are_told_all_at_once() {
    let app = TestApp::start().await;
    let answer = app.get(&format!("{MODEL_FOLDERS}?state=free&kind=onnx&page_size=x&page_token=y&q=z")).await;
    let answer = answer.expect_problem(400, "INVALID_PARAMETER");
    assert_eq!(answer.pointers(), ["kind", "page_size", "q", "state"]);
    assert!(answer.text().contains("registered, available, incomplete, unusable"));
}

#[cfg(unix)]
#[tokio::test]
async fn links_and_special_files_are_told_or_passed_over_and_never_followed_out() {
    let app = TestApp::start().await;
    std::fs::write(app.outside().join("config.json"), "{\"model_type\": \"secret\"}").unwrap();
    let link = |target: &str, name: &str| std::os::unix::fs::symlink(target, app.root().join(name)).unwrap();
    app.folder("m").llama();
    link("m", "again");
    link("..", "up");
    link(app.outside().to_str().unwrap(), "absolute");
    link("loop", "loop");
    app.folder("stolen");
    std::os::unix::fs::symlink("../../config.json", app.root().join("stolen/config.json")).unwrap();
    let items = walk(&app, "").await;
    let told: Vec<_> = items.iter().map(|item| (item["path"].as_str().unwrap(), &item["reason"]["code"])).collect();
    let refused = json!("link_refused");
    assert_eq!(
        told,
        [
            ("models/absolute", &refused),
            ("models/loop", &refused),
            ("models/m", &json!("no_weights")),
            ("models/stolen", &refused),
            ("models/up", &refused),
        ]
    );
    assert_eq!(items[2]["links"], json!(["models/again"]));
    app.create(&json!({"technical_name": "l", "model_name": "L", "path": "models/again"})).await;
    assert_eq!(walk(&app, "state=registered").await[0]["path"], "models/m");
}

#[tokio::test]
async fn a_models_root_that_is_gone_is_a_503() {
    let app = TestApp::start().await;
    std::fs::remove_dir_all(app.root()).unwrap();
    app.get(MODEL_FOLDERS).await.expect_problem(503, "STORAGE_UNAVAILABLE");
}

#[tokio::test]
async fn many_who_ask_at_once_are_all_answered_and_nobody_else_waits() {
    let app = TestApp::start().await;
    for number in 0..300 {
        app.folder(&format!("f{}/m{number}", number % 10)).llama();
    }
    let address = format!("{MODEL_FOLDERS}?page_size=1000");
    let asked = (0..10).map(|_| app.get(&address));
    let others = (0..10).map(|_| app.send(app.request(Method::GET, "/health/live")));
    let (lists, alive) =
        futures_util::join!(futures_util::future::join_all(asked), futures_util::future::join_all(others));
    for list in lists {
        assert_eq!(list.expect_status(200).json()["items"].as_array().unwrap().len(), 300);
    }
    alive.into_iter().for_each(|answer| drop(answer.expect_status(200)));
}
