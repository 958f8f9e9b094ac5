//! The program itself: what it prints, how it starts, stops, and says why it does not.

use std::net::TcpListener;
use std::path::Path;
use std::process::Output;

use base_models::app::openapi_text;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::{BASE_MODELS, ModelFolder, Running, TestDatabase, new_model, program};

fn run(home: &Path, arguments: &[&str]) -> Output {
    program(home, arguments).output().unwrap()
}

/// Fails unless the program ended with one sentence about what is wrong; that sentence.
#[track_caller]
fn refusal(output: &Output) -> String {
    let errors = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    let lines: Vec<&str> = errors.lines().collect();
    let told: Vec<&&str> = lines.iter().filter(|line| line.starts_with("error:")).collect();
    assert_eq!(told.len(), 1, "{errors}");
    assert_eq!(lines.last(), told.first().copied(), "nothing follows the reason: {errors}");
    assert!(
        !errors.contains("panicked") && !errors.contains("stack backtrace") && !errors.contains(".rs:"),
        "{errors}"
    );
    told[0].to_string()
}

#[test]
fn the_card_of_a_folder_is_printed() {
    let home = tempfile::tempdir().unwrap();
    ModelFolder::new(home.path(), "m").bert();
    let output = run(home.path(), &["card", "m"]);
    assert!(output.status.success());
    let card: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(card["family"], "bert");
    assert!(output.stderr.is_empty());
    assert!(refusal(&run(home.path(), &["card", "absent"])).contains("absent"));
    assert!(!home.path().join("data").exists(), "it needs no database");
}

#[test]
fn what_lies_below_a_folder_is_printed_as_a_table_or_as_json() {
    let home = tempfile::tempdir().unwrap();
    ModelFolder::new(home.path(), "root/team/m").bert();
    ModelFolder::new(home.path(), "root/soon").file("README.md", "x");
    let output = run(home.path(), &["folders", "root"]);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let table = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("PATH"), "{table}");
    assert!(lines[1].starts_with("models/soon") && lines[1].contains("holds a README"), "{table}");
    assert!(lines[2].starts_with("models/team/m") && lines[2].contains("transformers  bert"), "{table}");
    assert_eq!(lines[3], "2 folders: 0 registered, 0 available, 1 incomplete, 1 unusable");
    let output = run(home.path(), &["folders", "root", "--json"]);
    let folders: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(folders["items"][1]["proposal"]["technical_name"], "m");
    assert!(refusal(&run(home.path(), &["folders", "absent"])).contains("absent"));
    assert!(!home.path().join("data").exists(), "it needs no database");
}

#[test]
fn the_openapi_document_is_printed() {
    let home = tempfile::tempdir().unwrap();
    let output = run(home.path(), &["openapi"]);
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), openapi_text());
}

#[test]
fn what_keeps_it_from_starting_is_said_in_one_sentence() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("file"), "").unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let password = "pa55word";
    let refused = format!("postgres://user:{password}@127.0.0.1:1/base");
    let malformed = format!("postgres://user:{password}@127.0.0.1:port/base");
    let any = "127.0.0.1:0";
    for (arguments, word) in [
        (vec!["--listen", taken.as_str()], taken.as_str()),
        (vec!["--listen", any, "--models-root", "file"], "not a folder"),
        (vec!["--listen", any, "--models-root", "file/below"], "file/below"),
        (vec!["--listen", any, "--database-url", "nonsense"], "postgres://"),
        (vec!["--listen", any, "--database-url", "http://127.0.0.1/x"], "postgres://"),
        (vec!["--listen", any, "--database-url", ""], "postgres://"),
        (vec!["--listen", any, "--database-url", &malformed], "postgres://"),
        (vec!["--listen", any, "--database-url", &refused], "127.0.0.1:1/base"),
        (vec!["migrate", "--database-url", &refused], "127.0.0.1:1/base"),
        (vec!["--listen", "0.0.0.0:0"], "--access open"),
        (vec!["--listen", "[::]:0"], "--access open"),
        (vec!["--listen", any, "--log", "a=b=c"], "a=b=c"),
    ] {
        let output = run(home.path(), &arguments);
        let told = refusal(&output);
        assert!(told.contains(word), "{arguments:?}: {told}");
        assert!(!String::from_utf8_lossy(&output.stderr).contains(password), "{told}");
    }
}

#[test]
fn a_setting_that_does_not_exist_is_a_fault_of_use() {
    let home = tempfile::tempdir().unwrap();
    for arguments in [["--colour", "red"], ["--listen", "here"], ["--workers", "0"], ["--access", "all"]] {
        assert_eq!(run(home.path(), &arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[tokio::test]
async fn a_signal_ends_it_well_and_what_was_stored_is_there_after_the_next_start() {
    let home = tempfile::tempdir().unwrap();
    ModelFolder::new(home.path(), "models/m").bert();
    let database = match TestDatabase::is_server() || cfg!(not(feature = "embedded")) {
        true => Some(TestDatabase::create().await),
        false => None,
    };
    let url = database.as_ref().map(TestDatabase::url);
    let mut first = Running::start(home.path(), url);
    assert!(first.ask("GET /health/ready", "").starts_with("HTTP/1.1 200"));
    let created = first.ask(&format!("POST {BASE_MODELS}"), &new_model("m").to_string());
    assert!(created.starts_with("HTTP/1.1 201"), "{created}");
    first.signal(Signal::TERM);
    assert_eq!(first.exit_code(), Some(0));
    first.await_line("stopped");
    let mut second = Running::start(home.path(), url);
    let read = second.ask(&format!("GET {BASE_MODELS}/m"), "");
    assert!(read.starts_with("HTTP/1.1 200"), "{read}");
    second.signal(Signal::INT);
    assert_eq!(second.exit_code(), Some(0));
    if let Some(database) = database {
        database.remove().await;
    }
}

/// Registers under a key; `None` if no whole answer came.
#[cfg(feature = "embedded")]
fn keyed(address: &str, name: &str) -> Option<(String, Value)> {
    use std::io::{Read as _, Write as _};

    let mut body = new_model(name);
    body["path"] = "m".into();
    let body = body.to_string();
    let mut stream = std::net::TcpStream::connect(address).ok()?;
    let head =
        format!("POST {BASE_MODELS} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nIdempotency-Key: {name}");
    let kind = format!("Content-Type: application/json\r\nContent-Length: {}", body.len());
    write!(stream, "{head}\r\n{kind}\r\n\r\n{body}").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.to_owned(), serde_json::from_str(body).ok()?))
}

#[cfg(feature = "embedded")]
#[test]
fn what_was_answered_before_a_kill_is_answered_again() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    let home = tempfile::tempdir().unwrap();
    ModelFolder::new(home.path(), "models/m").bert();
    let mut first = Running::start(home.path(), None);
    let count = Arc::new(AtomicUsize::new(0));
    let client = |client: usize| {
        let (address, count) = (first.address().to_owned(), count.clone());
        std::thread::spawn(move || {
            let mut answered = Vec::new();
            for number in 0.. {
                let name = format!("m{client}-{number}");
                let Some((head, record)) = keyed(&address, &name) else { return (answered, name) };
                assert!(head.starts_with("HTTP/1.1 201"), "{head}");
                answered.push((name, record));
                count.fetch_add(1, Ordering::Relaxed);
            }
            unreachable!("the service is killed before the numbers end")
        })
    };
    let clients: Vec<_> = (0..4).map(client).collect();
    while count.load(Ordering::Relaxed) < 40 {
        std::thread::sleep(Duration::from_millis(5));
    }
    first.signal(Signal::KILL);
    assert_eq!(first.exit_code(), None, "a signal ended it");
    let second = Running::start(home.path(), None);
    for (answered, cut_off) in clients.into_iter().map(|client| client.join().unwrap()) {
        for (name, record) in answered {
            let (head, again) = keyed(second.address(), &name).unwrap();
            assert!(head.starts_with("HTTP/1.1 201") && head.contains("idempotency-replayed: true"), "{head}");
            assert_eq!(again, record);
        }
        // The one that was cut off was done or not done; either way it can be sent again.
        let (head, record) = keyed(second.address(), &cut_off).unwrap();
        assert!(head.starts_with("HTTP/1.1 201"), "{head}");
        assert_eq!(keyed(second.address(), &cut_off).unwrap().1, record);
    }
}

#[cfg(feature = "embedded")]
#[test]
fn a_data_folder_that_cannot_be_used_is_told_with_the_cause() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("file"), "").unwrap();
    let told = refusal(&run(home.path(), &["--listen", "127.0.0.1:0", "--data-dir", "file"]));
    assert!(told.contains("os error") && told.contains("--data-dir"), "{told}");
}

#[cfg(feature = "embedded")]
#[test]
fn a_data_folder_serves_one_service_at_a_time() {
    let home = tempfile::tempdir().unwrap();
    let _running = Running::start(home.path(), None);
    let told = refusal(&run(home.path(), &["--listen", "127.0.0.1:0"]));
    assert!(told.contains("--data-dir"), "{told}");
}

#[test]
fn the_folders_below_a_root_can_be_registered() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("root");
    std::fs::create_dir(&root).unwrap();
    ModelFolder::new(&root, "m").bert();
    ModelFolder::new(&root, "soon").file("README.md", "x");
    let output = run(home.path(), &["folders", "root", "--register=incomplete", "--dry-run", "--json"]);
    assert!(output.status.success(), "{output:?}");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&told["items"][0]["path"], &told["items"][0]["status"]), (&json!("models/m"), &json!(200)));
    assert_eq!((&told["registered"], &told["refused"], &told["remaining"]), (&json!(0), &json!(0), &json!(0)));
    let output = run(home.path(), &["folders", "root", "--register"]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "PATH      STATUS  NAME OR REASON\nmodels/m  201     m\n1 folders: 1 registered, 0 refused; 0 more are left\n"
    );
    let output = run(home.path(), &["folders", "root", "--register"]);
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "PATH  STATUS  NAME OR REASON\n0 folders: 0 registered, 0 refused; 0 more are left\n"
    );
    let running = Running::start(home.path(), None);
    assert!(refusal(&run(home.path(), &["folders", "root", "--register"])).contains("in use by another process"));
    assert!(running.ask("GET /api/v1/base-models/m", "").contains("\"path\":\"models/m\""));
}

#[test]
fn a_service_starts_itself_to_render() {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("models")).unwrap();
    ModelFolder::new(&home.path().join("models"), "m").bert();
    let running = Running::start(home.path(), None);
    assert!(running.ask(&format!("POST {BASE_MODELS}"), &new_model("m").to_string()).contains("201 Created"));
    let preview = format!("POST {BASE_MODELS}/m/deployment-template/preview");
    let answer = running.ask(&preview, r#"{"template": "[{{ .Prompt }}]"}"#);
    assert!(answer.contains("200 OK") && answer.contains("[And of Italy?]"), "{answer}");
}
