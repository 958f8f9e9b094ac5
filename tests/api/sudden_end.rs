//! The end that nobody can prepare for: the process is killed in the middle of its work.

use std::path::Path;
use std::sync::mpsc::{Sender, channel};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::{BASE_MODELS, ModelFolder, Running, TestDatabase, ask};

/// So many register at the same time.
const CLIENTS: usize = 4;

/// Registers one base model after another until the service is gone, and sends the names that it acknowledged.
fn register_until_the_end(address: &str, prefix: &str, acknowledged: &Sender<String>) {
    for number in 0.. {
        let name = format!("{prefix}-{number}");
        let body = json!({"technical_name": name, "model_name": name, "path": "models/m"}).to_string();
        let Ok(answer) = ask(address, &format!("POST {BASE_MODELS}"), &body) else { return };
        if answer.is_empty() {
            return;
        }
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
        acknowledged.send(name).unwrap();
    }
}

/// Kills the service while clients register, after another number of acknowledgements in each round; all the names
/// that it acknowledged.
fn kill_under_load(mut service: Running, round: usize) -> Vec<String> {
    let (sender, receiver) = channel();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (address, sender) = (service.address().to_owned(), sender.clone());
            std::thread::spawn(move || register_until_the_end(&address, &format!("r{round}-c{client}"), &sender))
        })
        .collect();
    drop(sender);
    let mut names: Vec<String> = receiver.iter().take(1 + (round * 37) % 100).collect();
    service.signal(Signal::KILL);
    assert_eq!(service.exit_code(), None, "it was killed");
    clients.into_iter().for_each(|client| client.join().unwrap());
    names.extend(receiver);
    names
}

fn assert_stored(service: &Running, name: &str) {
    let answer = service.ask(&format!("GET {BASE_MODELS}/{name}"), "");
    assert!(answer.starts_with("HTTP/1.1 200"), "{name} was acknowledged: {answer}");
    let record: Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!((&record["technical_name"], &record["card"]["family"]), (&json!(name), &json!("bert")));
}

fn kill_rounds(home: &Path, database_url: Option<&str>, rounds: usize) {
    ModelFolder::new(home, "models/m").bert();
    let mut acknowledged = Vec::new();
    for round in 0..rounds {
        acknowledged.extend(kill_under_load(Running::start(home, database_url), round));
        let again = Running::start(home, database_url);
        acknowledged.iter().for_each(|name| assert_stored(&again, name));
    }
    println!("{} registrations acknowledged in {rounds} rounds, all of them stored", acknowledged.len());
}

async fn survive(rounds: usize) {
    let home = tempfile::tempdir().unwrap();
    let database = match TestDatabase::is_server() || cfg!(not(feature = "embedded")) {
        true => Some(TestDatabase::create().await),
        false => None,
    };
    kill_rounds(home.path(), database.as_ref().map(TestDatabase::url), rounds);
    if let Some(database) = database {
        database.remove().await;
    }
}

#[tokio::test]
async fn what_was_acknowledged_before_it_was_killed_is_there() {
    survive(2).await;
}

#[tokio::test]
#[ignore = "takes a minute: run it with `cargo test what_was_acknowledged -- --ignored --nocapture`"]
async fn what_was_acknowledged_is_there_after_ten_such_ends() {
    survive(10).await;
}
