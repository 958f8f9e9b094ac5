//! The wall round the models root: nothing outside is reached, and nothing inside hangs the service.

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, BASE_MODELS, ModelFolder, TestApp, new_model, within};

/// What a folder outside the models root says of itself; no answer may ever say it.
const SECRET: &str = "outside-canary";

fn secret_config() -> Value {
    json!({"model_type": SECRET, "architectures": [SECRET]})
}

/// A folder with a secret, next to the models root.
fn secret_folder(app: &TestApp) -> ModelFolder {
    ModelFolder::new(app.outside(), "secret").config(&secret_config()).file("model.gguf", SECRET)
}

fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// Registers what lies at a path, in good time and without telling the secret.
async fn try_path(app: &TestApp, name: &str, path: &str) -> Answer {
    let body = json!({"technical_name": name, "model_name": name, "path": path});
    let answer = within(Duration::from_secs(10), path, app.post(BASE_MODELS, &body)).await;
    assert!(!answer.text().contains(SECRET), "{path}: {}", answer.text());
    answer
}

#[tokio::test]
async fn a_link_out_of_the_root_is_as_good_as_absent() {
    let app = TestApp::start().await;
    let secret = secret_folder(&app);
    let root = app.root();
    symlink(secret.path(), root.join("absolute")).unwrap();
    symlink("../secret", root.join("relative")).unwrap();
    symlink("absolute", root.join("chain")).unwrap();
    symlink("..", root.join("above")).unwrap();
    symlink("/", root.join("slash")).unwrap();
    symlink("/proc/self/root", root.join("magic")).unwrap();
    symlink("/proc/self/cwd", root.join("cwd")).unwrap();
    symlink("../secret/model.gguf", root.join("file.gguf")).unwrap();
    symlink("nowhere", root.join("dangling")).unwrap();
    symlink("itself", root.join("itself")).unwrap();
    symlink("pong", root.join("ping")).unwrap();
    symlink("ping", root.join("pong")).unwrap();
    let inside = app.folder("inside");
    symlink("../../secret", inside.path().join("out")).unwrap();
    let absent = try_path(&app, "m", "models/absent").await.expect_problem(422, "VALIDATION_FAILED");
    for path in [
        "absolute",
        "relative",
        "chain",
        "above/secret",
        "slash/etc",
        "magic/etc",
        "cwd",
        "file.gguf",
        "dangling",
        "itself",
        "ping",
        "pong/x",
        "inside/out",
        "inside/out/model.gguf",
    ] {
        let refused = try_path(&app, "m", path).await.expect_problem(422, "VALIDATION_FAILED");
        assert_eq!(refused.json()["errors"], absent.json()["errors"], "{path}: the answer tells outside from absent");
    }
    assert_eq!(app.count().await, 0);
}

#[tokio::test]
async fn a_file_that_is_a_link_out_is_not_read() {
    let app = TestApp::start().await;
    let secret = secret_folder(&app);
    for (name, target) in
        [("absolute", secret.path().join("config.json")), ("relative", "../../secret/config.json".into())]
    {
        symlink(target, app.folder(name).path().join("config.json")).unwrap();
        let created = try_path(&app, name, name).await.expect_status(201).json();
        assert_eq!(created["card"]["family"], Value::Null, "{name}");
        assert!(!created["card"]["warnings"].as_array().unwrap().is_empty(), "{name}: the card says so");
    }
    symlink(secret.path(), app.folder("sub").bert().path().join("1_Pooling")).unwrap();
    try_path(&app, "sub", "sub").await.expect_status(201);
}

#[tokio::test]
async fn a_link_that_stays_inside_is_followed() {
    let app = TestApp::start().await;
    app.folder("blobs").llama();
    symlink("../blobs/config.json", app.folder("snapshot").path().join("config.json")).unwrap();
    symlink("snapshot", app.root().join("latest")).unwrap();
    for name in ["snapshot", "latest"] {
        let created = try_path(&app, name, name).await.expect_status(201).json();
        assert_eq!(created["card"]["family"], "llama", "{name}");
    }
}

#[tokio::test]
async fn what_is_no_file_and_no_folder_does_not_hang_the_service() {
    let app = TestApp::start().await;
    fifo(&app.root().join("pipe"));
    fifo(&app.root().join("pipe.gguf"));
    let _socket = UnixListener::bind(app.root().join("socket")).unwrap();
    for path in ["pipe", "pipe.gguf", "socket", "pipe/x"] {
        try_path(&app, "m", path).await.expect_problem(422, "VALIDATION_FAILED");
    }
    let folder = app.folder("odd");
    for name in ["config.json", "README.md", "tokenizer.json", "model.safetensors", "model.safetensors.index.json"] {
        fifo(&folder.path().join(name));
    }
    let _inner = UnixListener::bind(folder.path().join("generation_config.json")).unwrap();
    std::fs::create_dir(folder.path().join("tokenizer_config.json")).unwrap();
    let created = try_path(&app, "odd", "odd").await.expect_status(201).json();
    assert_eq!(created["card"]["family"], Value::Null);
    assert!(!created["card"]["warnings"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn names_that_are_no_text_and_folders_without_end_are_taken_as_they_are() {
    use std::os::unix::ffi::OsStrExt as _;
    let app = TestApp::start().await;
    let folder = app.folder("m").bert();
    std::fs::write(folder.path().join(std::ffi::OsStr::from_bytes(b"\xff\xfe.json")), "{}").unwrap();
    std::fs::write(folder.path().join("new\nline.json"), "{}").unwrap();
    std::fs::write(folder.path().join("\u{1b}[31m.json"), "{}").unwrap();
    std::fs::write(folder.path().join("a".repeat(255)), "{}").unwrap();
    let mut deep = folder.path().to_owned();
    for _ in 0..50 {
        deep.push("deep");
    }
    std::fs::create_dir_all(&deep).unwrap();
    let huge = std::fs::File::create(folder.path().join("tokenizer_config.json")).unwrap();
    huge.set_len(2 << 30).unwrap();
    let created = try_path(&app, "m", "m").await.expect_status(201).json();
    assert_eq!(created["card"]["family"], "bert");
}

#[tokio::test]
async fn a_path_that_is_in_the_database_is_trusted_no_more_than_one_from_a_client() {
    let app = TestApp::start().await;
    secret_folder(&app);
    symlink("../secret", app.root().join("escape")).unwrap();
    let before = app.register("m").await;
    let address = format!("{BASE_MODELS}/m");
    for path in
        ["../secret", "models/../../secret", "../../../../etc", "/etc", "models/escape", "", "models/gone", "\\n"]
    {
        app.sql(&format!("UPDATE base_models SET path = '{path}' WHERE technical_name = 'm'")).await;
        let read = app.get(&address).await.expect_status(200).json();
        assert_eq!(read["card"], before["card"], "{path}: reading reads no folder");
        for (method, part) in [
            (Method::POST, "/card/refresh"),
            (Method::GET, "/integrity"),
            (Method::POST, "/integrity/verify"),
            (Method::GET, "/files"),
            (Method::GET, "/memory"),
        ] {
            let answer = app.send(app.request(method, &format!("{address}{part}"))).await;
            assert!(answer.status < 500, "{path} {part}: {}", answer.text());
            assert!(!answer.text().contains(SECRET), "{path} {part}: {}", answer.text());
        }
        let described = app.patch(&address, &json!({"description": format!("at {path}")})).await;
        assert!([200, 422].contains(&described.status), "{path}: {}", described.text());
        assert_eq!(app.get(&address).await.json()["card"], before["card"], "{path}");
    }
    let mended = app.patch(&address, &json!({"path": "models/m"})).await.expect_status(200).json();
    assert_eq!(mended["card"]["family"], "bert");
}

#[tokio::test]
async fn a_folder_that_turns_into_a_link_while_it_is_read_leads_nowhere() {
    let app = TestApp::start().await;
    secret_folder(&app);
    app.folder("real").bert();
    symlink("../secret", app.root().join("link")).unwrap();
    let swapping = Swapping::start(app.root());
    for number in 0..150 {
        let answer = try_path(&app, &format!("m{number}"), "m").await;
        assert!([201, 422].contains(&answer.status), "{}", answer.text());
    }
    drop(swapping);
}

/// Calls `m` by turns what is called `real` and what is called `link`, until it is dropped.
struct Swapping {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Swapping {
    fn start(root: PathBuf) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                for source in [root.join("real"), root.join("link")] {
                    std::fs::rename(&source, root.join("m")).unwrap();
                    std::thread::yield_now();
                    std::fs::rename(root.join("m"), &source).unwrap();
                }
            }
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Swapping {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let ended = self.thread.take().map(JoinHandle::join);
        if !std::thread::panicking() {
            ended.expect("a thread").expect("the renames succeed");
        }
    }
}

#[tokio::test]
async fn nothing_is_ever_written_below_the_root() {
    let app = TestApp::start().await;
    app.folder("kept").llama().file("README.md", "# Kept");
    let before = tree(&app.root());
    app.create(&new_model("kept")).await;
    let address = format!("{BASE_MODELS}/kept");
    app.patch(&address, &json!({"deployment_template": "{{ .Prompt }}"})).await.expect_status(200);
    app.delete(&address).await.expect_status(204);
    assert_eq!(tree(&app.root()), before);
}

/// Every file with its content.
fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => tree(&path).into_iter().collect::<Vec<_>>(),
            false => vec![(path.display().to_string(), std::fs::read(&path).unwrap())],
        })
        .collect()
}
