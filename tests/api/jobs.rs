//! Jobs: watched, listed, cancelled, and taken up again after a restart.

use reqwest::Method;
use serde_json::json;

use crate::support::{BASE_MODELS, JOBS, TestApp, eventually};

#[tokio::test]
async fn they_are_listed_newest_first_in_pages() {
    let app = TestApp::start().await;
    app.get(&format!("{JOBS}/latest")).await.expect_problem(404, "NO_SUCH_JOB");
    let mut ids = Vec::new();
    for _ in 0..3 {
        let taken = app.send(app.request(Method::POST, &format!("{BASE_MODELS}/refresh"))).await.expect_status(202);
        ids.push(taken.json()["id"].clone());
    }
    ids.reverse();
    assert_eq!(app.get(&format!("{JOBS}/latest")).await.json()["id"], ids[0]);
    let first = app.get(&format!("{JOBS}?page_size=2")).await.expect_status(200);
    let token = first.json()["next_page_token"].as_str().unwrap().to_owned();
    assert!(first.header("link").unwrap().contains(&token));
    let second = app.get(&format!("{JOBS}?page_size=2&page_token={token}")).await.json();
    let seen =
        [&first.json()["items"][0]["id"], &first.json()["items"][1]["id"], &second["items"][0]["id"]].map(Clone::clone);
    assert_eq!(seen.to_vec(), ids);
    assert_eq!(second["next_page_token"], json!(null));
    app.get(&format!("{BASE_MODELS}?page_token={token}")).await.expect_problem(400, "INVALID_PARAMETER");
}

#[tokio::test]
async fn one_that_its_instance_left_is_taken_up_where_it_was() {
    let app = TestApp::start().await;
    app.register("done").await;
    app.register("open").await;
    let of =
        async |name: &str| app.get(&format!("{BASE_MODELS}/{name}")).await.json()["id"].as_str().unwrap().to_owned();
    let (done, open) = (of("done").await, of("open").await);
    assert!(done < open);
    // As another instance leaves it that is killed after its first folder: claimed, with its progress.
    app.sql(&format!(
        "INSERT INTO jobs (id, kind, subject, state, total, done, position, result, claimed_by, claimed_until, started_at) \
         VALUES (gen_random_uuid(), 'refresh_cards', '{{\"base_models\":[],\"families\":[],\"card_statuses\":[],\"tags\":[]}}', \
         'running', 2, 1, '{done}', '{{\"changed\":1,\"unchanged\":0,\"failed\":0,\"failures\":[]}}', gen_random_uuid(), \
         now() - interval '1 second', now())"
    ))
    .await;
    let job = eventually("the job ends", async || {
        let job = app.get(&format!("{JOBS}/latest")).await.json();
        (job["state"] == "succeeded").then_some(job)
    })
    .await;
    assert_eq!((&job["total"], &job["done"]), (&json!(2), &json!(2)));
    assert_eq!((&job["result"]["changed"], &job["result"]["unchanged"]), (&json!(1), &json!(1)));
}

#[tokio::test]
async fn one_that_is_cancelled_stays_so() {
    let app = TestApp::start().await;
    // Claimed by somebody else for an hour: nobody works on it here.
    app.sql(
        "INSERT INTO jobs (id, kind, subject, state, claimed_by, claimed_until) VALUES (gen_random_uuid(), \
         'refresh_cards', '{\"base_models\":[],\"families\":[],\"card_statuses\":[],\"tags\":[]}', 'running', \
         gen_random_uuid(), now() + interval '1 hour')",
    )
    .await;
    let cancel = async || app.send(app.request(Method::POST, &format!("{JOBS}/latest/cancel"))).await;
    let job = cancel().await.expect_status(200).json();
    assert_eq!(job["state"], "cancelled");
    assert!(job["finished_at"].is_string());
    assert_eq!(cancel().await.expect_status(200).json(), job);
}

#[tokio::test]
async fn an_unknown_one_is_not_found() {
    let app = TestApp::start().await;
    for id in ["00000000-0000-0000-0000-000000000000", "first", "%00", "..%2Fbase-models"] {
        app.get(&format!("{JOBS}/{id}")).await.expect_problem(404, "NO_SUCH_JOB");
        let cancel = app.request(Method::POST, &format!("{JOBS}/{id}/cancel"));
        app.send(cancel).await.expect_problem(404, "NO_SUCH_JOB");
    }
}
