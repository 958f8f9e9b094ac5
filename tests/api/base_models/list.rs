//! Lists: their order, their pages, and what may be asked.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{BASE_MODELS, TestApp};

fn names(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|item| item["technical_name"].as_str().unwrap().to_owned()).collect()
}

/// Puts so many rows into the table, all with the same time, so that only the id tells them apart.
async fn fill(app: &TestApp, count: usize) {
    app.sql(&format!(
        "INSERT INTO base_models (id, technical_name, model_name, model_name_key, path, card)
         SELECT gen_random_uuid(), 'm' || n, 'M ' || n, 'm ' || n, 'models/m', '{{}}' FROM generate_series(1, {count}) n"
    ))
    .await;
}

#[tokio::test]
async fn the_newest_come_first_and_whole() {
    let app = TestApp::start().await;
    let empty = app.get(BASE_MODELS).await.expect_status(200);
    assert_eq!(empty.json(), json!({"items": [], "next_page_token": null, "total": null}));
    assert_eq!(empty.header("link"), None);
    let mut created = Vec::new();
    for name in ["a", "b", "c"] {
        created.insert(0, app.register(name).await);
    }
    assert_eq!(app.get(BASE_MODELS).await.json(), json!({"items": created, "next_page_token": null, "total": null}));
}

#[tokio::test]
async fn pages_follow_one_another_by_token_and_by_link() {
    let app = TestApp::start().await;
    fill(&app, 7).await;
    let whole = names(&app.get(BASE_MODELS).await.json());
    for size in 1..=8 {
        let (mut walked, mut next) = (Vec::new(), Some(format!("{BASE_MODELS}?page_size={size}")));
        while let Some(address) = next {
            let answer = app.get(&address).await.expect_status(200);
            let page = answer.json();
            assert!(page["items"].as_array().unwrap().len() <= size);
            walked.extend(names(&page));
            let link = answer
                .header("link")
                .map(|link| link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap());
            let token = page["next_page_token"].as_str();
            assert_eq!(
                link,
                token.map(|token| format!("{BASE_MODELS}?page_size={size}&page_token={token}")).as_deref()
            );
            next = link.map(str::to_owned);
        }
        assert_eq!(walked, whole, "in pages of {size}");
    }
}

#[tokio::test]
async fn a_walk_sees_every_row_that_stays_once_whatever_comes_and_goes() {
    let app = TestApp::start().await;
    fill(&app, 40).await;
    let mut staying: BTreeSet<String> = (1..=40).map(|number| format!("m{number}")).collect();
    let (mut seen, mut token, mut round) = (Vec::new(), None::<String>, 0);
    loop {
        let after = token.as_ref().map(|token| format!("&page_token={token}")).unwrap_or_default();
        let page = app.get(&format!("{BASE_MODELS}?page_size=3{after}")).await.expect_status(200).json();
        seen.extend(names(&page));
        token = page["next_page_token"].as_str().map(str::to_owned);
        if token.is_none() {
            break;
        }
        round += 1;
        app.register(&format!("new{round}")).await;
        // The last row of the page just read is what the token names; one that was not reached yet goes too.
        let unseen = staying.iter().find(|name| !seen.contains(name)).cloned();
        for name in [seen.last().cloned(), unseen].into_iter().flatten() {
            app.delete(&format!("{BASE_MODELS}/{name}")).await.expect_status(204);
            staying.remove(&name);
        }
    }
    let distinct: BTreeSet<String> = seen.iter().cloned().collect();
    assert_eq!(distinct.len(), seen.len(), "a row was seen twice: {seen:?}");
    assert!(distinct.is_superset(&staying), "missed: {:?}", staying.difference(&distinct));
}

#[tokio::test]
async fn a_page_has_50_rows_unless_asked_and_1000_at_most() {
    let app = TestApp::start().await;
    fill(&app, 1003).await;
    for (asked, expected) in [
        ("", 50),
        ("?page_size=0", 50),
        ("?page_size=1", 1),
        ("?page_size=1000", 1000),
        ("?page_size=1001", 1000),
        ("?page_size=1000000000", 1000),
        ("?page_size=2147483647", 1000),
    ] {
        let page = app.get(&format!("{BASE_MODELS}{asked}")).await.expect_status(200).json();
        assert_eq!(names(&page).len(), expected, "{asked}");
        assert!(page["next_page_token"].is_string(), "{asked}");
    }
}

#[tokio::test]
async fn what_is_no_page_size_is_refused() {
    let app = TestApp::start().await;
    for asked in ["-1", "abc", "1.5", "", "%20", "1e3", "0x10", "99999999999999999999999", "1;2"] {
        let answer = app.get(&format!("{BASE_MODELS}?page_size={asked}")).await;
        assert_eq!(answer.status, 400, "{asked}: {}", answer.text());
        assert_eq!(answer.expect_problem(400, "INVALID_PARAMETER").pointers(), ["page_size"], "{asked}");
    }
}

#[tokio::test]
async fn a_token_that_this_list_did_not_give_is_refused() {
    let app = TestApp::start().await;
    fill(&app, 3).await;
    let page = app.get(&format!("{BASE_MODELS}?page_size=1")).await.json();
    let token = page["next_page_token"].as_str().unwrap();
    let foreign = TestApp::start().await;
    foreign.get(&format!("{BASE_MODELS}?page_token={token}")).await.expect_problem(400, "INVALID_PARAMETER");
    let flipped = |at: usize| {
        let other = if token.as_bytes()[at] == b'A' { 'B' } else { 'A' };
        format!("{}{other}{}", &token[..at], &token[at + 1..])
    };
    let long = "A".repeat(8193);
    let tampered = [
        &flipped(0),
        &flipped(token.len() / 2),
        &flipped(token.len() - 2),
        &token[1..],
        "",
        "x",
        "%00",
        &long,
        "e30",
        "é",
    ];
    for token in tampered {
        let answer = app.get(&format!("{BASE_MODELS}?page_token={token}")).await;
        assert_eq!(answer.expect_problem(400, "INVALID_PARAMETER").pointers(), ["page_token"], "{token}");
    }
    app.get(&format!("{BASE_MODELS}?page_size=2&page_token={token}")).await.expect_status(200);
}

#[tokio::test]
async fn a_parameter_that_is_unknown_or_given_twice_is_refused() {
    let app = TestApp::start().await;
    for (query, parameters) in [
        ("limit=1", vec!["limit"]),
        ("page_size=1&page_size=2", vec!["page_size"]),
        ("page_size=1&page_size=1", vec!["page_size"]),
        ("page_token=a&page_token=a", vec!["page_token"]),
        ("Page_Size=1", vec!["Page_Size"]),
        ("page_size=x&limit=1&offset=2", vec!["limit", "offset", "page_size"]),
        ("=", vec![""]),
    ] {
        let answer = app.get(&format!("{BASE_MODELS}?{query}")).await.expect_problem(400, "INVALID_PARAMETER");
        assert_eq!(answer.pointers(), parameters, "{query}");
    }
    app.get(&format!("{BASE_MODELS}?")).await.expect_status(200);
}
