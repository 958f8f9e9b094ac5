//! `sort`: orders, and the tokens that are bound to them.

use serde_json::{Value, json};

use crate::support::{BASE_MODELS, TestApp};

async fn names(app: &TestApp, query: &str) -> Vec<String> {
    let page = app.get(&format!("{BASE_MODELS}?{query}")).await.expect_status(200).json();
    page["items"].as_array().unwrap().iter().map(|item| item["technical_name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn fields_go_either_way_and_the_unknown_comes_last() {
    let app = TestApp::start().await;
    app.sql(
        "INSERT INTO base_models (id, technical_name, model_name, model_name_key, path, card, facts_version, family, parameters)
         SELECT gen_random_uuid(), name, name, name, 'models/m', '{}', 1, family, parameters FROM (VALUES
         ('a', 'qwen2', 7), ('b', 'llama', 7), ('C', NULL, 70), ('d', 'llama', NULL)) AS rows (name, family, parameters)",
    )
    .await;
    for (sort, order) in [
        ("technical_name", ["a", "b", "C", "d"]),
        ("-technical_name", ["d", "C", "b", "a"]),
        ("parameters,technical_name", ["a", "b", "C", "d"]),
        ("-parameters,technical_name", ["C", "a", "b", "d"]),
        ("-parameters,-technical_name", ["C", "b", "a", "d"]),
        ("family,technical_name", ["b", "d", "a", "C"]),
        ("-family,parameters", ["a", "b", "d", "C"]),
        ("-family,family,-parameters", ["a", "b", "d", "C"]),
        ("card_status,-model_name", ["d", "b", "a", "C"]),
    ] {
        assert_eq!(names(&app, &format!("sort={sort}")).await, order, "{sort}");
    }
}

#[tokio::test]
async fn what_cannot_be_ordered_by_is_refused_with_what_can() {
    let app = TestApp::start().await;
    for sort in ["", "x", "tag", "--family", "family desc", "card.family", "family,task,license,library"] {
        let answer = app.get(&format!("{BASE_MODELS}?sort={sort}")).await.expect_problem(400, "INVALID_PARAMETER");
        assert_eq!(answer.pointers(), ["sort"], "{sort}");
    }
    let answer = app.get(&format!("{BASE_MODELS}?sort=size")).await;
    assert!(answer.text().contains("they are technical_name, model_name, family"), "{}", answer.text());
}

#[tokio::test]
async fn a_token_is_of_one_query_and_the_link_asks_for_it_again() {
    let app = TestApp::start().await;
    for name in ["a", "b", "c"] {
        app.register(name).await;
    }
    let asked =
        "family=bert&family=llama&filter=NOT+tag%3A%22x+y%22&sort=-technical_name&fields=technical_name&q=model";
    let answer = app.get(&format!("{BASE_MODELS}?page_size=1&{asked}")).await.expect_status(200);
    let token = answer.json()["next_page_token"].as_str().unwrap().to_owned();
    assert_eq!(
        answer.header("link").unwrap(),
        format!("<{BASE_MODELS}?{asked}&page_size=1&page_token={token}>; rel=\"next\"")
    );
    let same = "q=MODEL&sort=-technical_name&filter=-tag:'X Y'&family=llama&family=bert&family=bert&page_size=2";
    assert_eq!(names(&app, &format!("{same}&page_token={token}")).await, ["b", "a"], "the same list, said otherwise");
    for other in [
        "",
        "family=bert&filter=NOT+tag%3A%22x+y%22&sort=-technical_name&q=model",
        "family=bert&family=llama&filter=NOT+tag%3A%22x+z%22&sort=-technical_name&q=model",
        "family=bert&family=llama&filter=NOT+tag%3A%22x+y%22&sort=technical_name&q=model",
        "family=bert&family=llama&filter=NOT+tag%3A%22x+y%22&sort=-technical_name&q=mode",
        "family=bert&family=llama&filter=NOT+tag%3A%22x+y%22&sort=-technical_name",
    ] {
        let answer = app.get(&format!("{BASE_MODELS}?{other}&page_token={token}")).await;
        assert_eq!(answer.expect_problem(400, "INVALID_PARAMETER").pointers()[0], "page_token", "{other}");
    }
    let jobs = app.get(&format!("/api/v1/jobs?page_token={token}")).await;
    jobs.expect_problem(400, "INVALID_PARAMETER");
    assert_eq!(Value::Null, app.get(&format!("{BASE_MODELS}?sort=technical_name")).await.json()["next_page_token"]);
    assert_eq!(json!(3), names(&app, "sort=technical_name").await.len());
}
