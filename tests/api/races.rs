//! Many clients at one time.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{BASE_MODELS, Setup, TestApp, new_model};

async fn start() -> TestApp {
    TestApp::start_with(Setup { workers: 4, ..Setup::default() }).await
}

fn count(statuses: &[u16], status: u16) -> usize {
    statuses.iter().filter(|&&given| given == status).count()
}

#[tokio::test]
async fn of_many_equal_registrations_one_is_made() {
    let app = start().await;
    app.folder("m").bert();
    let body = new_model("m");
    let answers = join_all((0..32).map(|_| app.post(BASE_MODELS, &body))).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!((count(&statuses, 201), count(&statuses, 409)), (1, 31), "{statuses:?}");
    let created = answers.iter().find(|answer| answer.status == 201).unwrap().json();
    for answer in answers.iter().filter(|answer| answer.status == 409) {
        let conflicts = answer.json()["conflicts"].clone();
        assert_eq!(conflicts.as_array().unwrap().len(), 2, "{conflicts}");
        assert!(conflicts.as_array().unwrap().iter().all(|held| held["id"] == created["id"]), "{conflicts}");
    }
    assert_eq!(app.count().await, 1);
}

#[tokio::test]
async fn of_many_changes_to_one_state_one_is_made() {
    let app = start().await;
    let tag = app.register("m").await["etag"].as_str().unwrap().to_owned();
    let change = |number: usize| {
        let request = app.request(Method::PATCH, &format!("{BASE_MODELS}/m")).header("if-match", &tag);
        app.send(request.json(&json!({"description": format!("change {number}")})))
    };
    let answers = join_all((0..100).map(change)).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!((count(&statuses, 200), count(&statuses, 412)), (1, 99), "{statuses:?}");
    let made = answers.iter().find(|answer| answer.status == 200).unwrap().json();
    assert_eq!(app.get(&format!("{BASE_MODELS}/m")).await.json(), made);
}

/// Reads the counter and adds one, until nobody was faster.
async fn increment(app: &TestApp, address: &str) {
    loop {
        let read = app.get(address).await.expect_status(200);
        let count = read.json()["properties"]["count"].as_i64().unwrap();
        let change = app.request(Method::PATCH, address).header("if-match", read.etag());
        let answer = app.send(change.json(&json!({"properties": {"count": count + 1}}))).await;
        match answer.status {
            200 => return,
            412 => {}
            _ => panic!("{}", answer.text()),
        }
    }
}

#[tokio::test]
async fn no_increment_of_a_counter_is_lost() {
    let app = start().await;
    app.register("m").await;
    let address = format!("{BASE_MODELS}/m");
    app.patch(&address, &json!({"properties": {"count": 0}})).await.expect_status(200);
    let client = async || {
        for _ in 0..10 {
            increment(&app, &address).await;
        }
    };
    join_all((0..8).map(|_| client())).await;
    let record = app.get(&address).await.json();
    assert_eq!((&record["properties"]["count"], &record["revision"]), (&json!(80), &json!(82)));
}

#[tokio::test]
async fn changes_without_a_condition_do_not_undo_each_other() {
    let app = start().await;
    app.register("m").await;
    let address = format!("{BASE_MODELS}/m");
    let body = |number: usize| json!({"properties": {format!("p{number}"): number}});
    let answers = join_all((0..24).map(|number| async move { (number, body(number)) }).map(|change| async {
        let (number, body) = change.await;
        (number, app.patch(&address, &body).await)
    }))
    .await;
    let properties = app.get(&address).await.json()["properties"].clone();
    for (number, answer) in answers {
        // Whoever was overtaken too often is told to try again, and nothing of that change is there.
        let expected = if answer.status == 503 { Value::Null } else { json!(number) };
        assert!([200, 503].contains(&answer.status), "{}", answer.text());
        assert_eq!(properties.get(format!("p{number}")).cloned().unwrap_or_default(), expected);
    }
}

#[tokio::test]
async fn of_many_renames_to_one_name_one_is_made() {
    let app = start().await;
    for number in 0..12 {
        app.register(&format!("m{number}")).await;
    }
    let body = json!({"technical_name": "Wanted"});
    let addresses: Vec<String> = (0..12).map(|number| format!("{BASE_MODELS}/m{number}")).collect();
    let answers = join_all(addresses.iter().map(|address| app.patch(address, &body))).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!((count(&statuses, 200), count(&statuses, 409)), (1, 11), "{statuses:?}");
    assert_eq!(app.count().await, 12);
}

#[tokio::test]
async fn of_many_deletions_one_is_made() {
    let app = start().await;
    app.register("m").await;
    let address = format!("{BASE_MODELS}/m");
    let answers = join_all((0..16).map(|_| app.delete(&address))).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!((count(&statuses, 204), count(&statuses, 404)), (1, 15), "{statuses:?}");
}
