//! Clients that go away in the middle: what they asked for is done or not done.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{BASE_MODELS, RawConnection, TestApp, eventually, new_model};

const REQUESTS: u64 = 300;
/// Some are cut before the server has read them, some after it has answered.
const LONGEST: u64 = 20_000;

#[tokio::test]
async fn a_registration_that_is_cut_off_is_whole_or_absent() {
    let app = TestApp::start().await;
    app.folder("m").bert();
    let numbers: Vec<u64> = (0..REQUESTS).collect();
    for batch in numbers.chunks(10) {
        join_all(batch.iter().map(|&number| cut_off(&app, number))).await;
    }
    // The last ones may still be at work.
    let mut before = usize::MAX;
    let count = eventually("the registrations end", async || {
        let page = app.get(&format!("{BASE_MODELS}?page_size=1000")).await;
        // What is still at work may take every connection; what lasts fails the test by its end.
        let count = (page.status == 200).then(|| page.json()["items"].as_array().unwrap().len())?;
        let is_still = std::mem::replace(&mut before, count) == count;
        tokio::time::sleep(Duration::from_millis(200)).await;
        is_still.then_some(count)
    })
    .await;
    assert!(count > 0, "every single one was cut off too early to say anything");
    let page = app.get(&format!("{BASE_MODELS}?page_size=1000")).await.json();
    for record in page["items"].as_array().unwrap() {
        let name = record["technical_name"].as_str().unwrap();
        assert_eq!(record["model_name"], format!("Model {name}"));
        assert_eq!(record["card"]["family"], "bert", "{name}");
        assert_eq!(record["revision"], 1, "{name}");
    }
    app.sql(
        "DO $$ BEGIN
             IF EXISTS (SELECT FROM base_models WHERE id NOT IN (SELECT base_model_id FROM base_model_files)) THEN
                 RAISE 'a record without the files of its card';
             END IF;
             IF EXISTS (SELECT FROM pg_stat_activity
                        WHERE datname = current_database() AND state LIKE 'idle in transaction%') THEN
                 RAISE 'a transaction was left open';
             END IF;
         END $$",
    )
    .await;
    let reads = join_all((0..20).map(|_| app.get(BASE_MODELS))).await;
    assert!(reads.iter().all(|answer| answer.status == 200), "the pool is whole");
    app.create(&json!({"technical_name": "after", "model_name": "After", "path": "m"})).await;
}

async fn cut_off(app: &TestApp, number: u64) {
    let mut body = new_model(&format!("m{number}"));
    body["path"] = json!("m");
    let body = body.to_string();
    let head = format!(
        "POST {BASE_MODELS} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut connection = RawConnection::open(app.address()).await;
    connection.send(format!("{head}{body}").as_bytes()).await;
    // Spread over the whole time, and the same in each run.
    tokio::time::sleep(Duration::from_micros(number * 7919 % LONGEST)).await;
    connection.reset();
}
