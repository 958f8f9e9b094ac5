//! Problems: their form, their pages, their request ids; and the answer to a panic.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpResponse, HttpServer, web};
use base_models::access::Hosts;
use base_models::error::ErrorCode;
use base_models::{answer, telemetry};
use insta::assert_json_snapshot;
use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, BASE_MODELS, Setup, TestApp, new_model};

#[tokio::test]
async fn a_problem_says_what_is_wrong_and_how_to_mend_it() {
    let app = TestApp::start().await;
    let request = app.request(Method::GET, &format!("{BASE_MODELS}/absent?x=1")).header("x-request-id", "my-id");
    let parameter = app.send(request).await;
    assert_json_snapshot!(parameter.json(), @r#"
    {
      "code": "INVALID_PARAMETER",
      "conflicts": [],
      "detail": "`x` is not a parameter of this operation; there are none",
      "errors": [
        {
          "code": "unknown",
          "detail": "is not a parameter of this operation; there are none",
          "parameter": "x",
          "pointer": null
        }
      ],
      "instance": "/api/v1/base-models/absent",
      "request_id": "my-id",
      "status": 400,
      "title": "A parameter cannot be read",
      "type": "/problems/INVALID_PARAMETER"
    }
    "#);
    let absent = app.get(&format!("{BASE_MODELS}/absent")).await;
    assert_json_snapshot!(absent.json(), {".request_id" => "[id]"}, @r#"
    {
      "code": "NOT_FOUND",
      "conflicts": [],
      "detail": "no base model has the id or technical name \"absent\"",
      "errors": [],
      "instance": "/api/v1/base-models/absent",
      "request_id": "[id]",
      "status": 404,
      "title": "There is no such base model",
      "type": "/problems/NOT_FOUND"
    }
    "#);
}

#[tokio::test]
async fn every_type_leads_to_a_page() {
    let app = TestApp::start().await;
    for code in ErrorCode::ALL {
        let name = code.as_str();
        assert_eq!(json!(code), json!(name), "the code in the body is the one in the address");
        let page = app.get(&format!("/problems/{name}")).await.expect_status(200);
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        assert!(page.text().contains(name) && page.text().contains(code.title()), "{}", page.text());
    }
    app.get("/problems/%3Cscript%3E").await.expect_problem(404, "UNKNOWN_PATH");
    app.get("/problems/INTERNAL?x=1").await.expect_problem(400, "INVALID_PARAMETER");
}

#[tokio::test]
async fn a_plain_request_id_is_kept_and_any_other_replaced() {
    let app = TestApp::start().await;
    let (longest, long, huge) = ("a".repeat(128), "a".repeat(129), "a".repeat(10_000));
    for (given, kept) in [
        ("abc", true),
        ("A/b+c_d=e.f-9", true),
        (&longest, true),
        ("", false),
        (&long, false),
        (&huge, false),
        ("a b", false),
        ("a\tb", false),
        ("a\"b", false),
        ("{}", false),
        ("a;b", false),
    ] {
        for path in ["/version", "/nothing"] {
            let answer = app.send(app.request(Method::GET, path).header("x-request-id", given)).await;
            let told = answer.header("x-request-id").unwrap();
            assert_eq!(told == given, kept, "{given:?} became {told:?}");
            assert!(kept || uuid::Uuid::try_parse(told).is_ok(), "{told}");
        }
    }
    let bytes = app.request(Method::GET, "/version").header("x-request-id", &b"\xff\xfe"[..]);
    assert!(uuid::Uuid::try_parse(app.send(bytes).await.header("x-request-id").unwrap()).is_ok());
}

#[tokio::test]
async fn the_page_of_the_api_may_load_its_own_scripts_and_nothing_else_anything() {
    let app = TestApp::start().await;
    let page = app.get("/swagger-ui/").await.expect_status(200);
    assert!(page.header("content-security-policy").unwrap().contains("script-src 'self'"));
    assert!(!page.text().contains("https://") && !page.text().contains("<script>"), "{}", page.text());
    app.get("/swagger-ui/swagger-ui-bundle.js").await.expect_status(200);
    for path in [BASE_MODELS, "/version", "/problems/INTERNAL", "/nothing"] {
        let policy = app.get(path).await;
        assert_eq!(
            policy.header("content-security-policy"),
            Some("default-src 'none'; frame-ancestors 'none'"),
            "{path}"
        );
        assert_eq!(policy.header("server"), None);
    }
}

#[tokio::test]
async fn only_local_host_names_are_answered_to_while_access_is_local() {
    let app = TestApp::start().await;
    let ask = |app: &TestApp, host: &str| app.request(Method::GET, BASE_MODELS).header("host", host);
    for host in ["localhost", "127.0.0.1:80", "[::1]:8080", "a.localhost"] {
        app.send(ask(&app, host)).await.expect_status(200);
    }
    for host in ["example.org", "localhost.example.org", "127.0.0.1.nip.io:80", "169.254.169.254", ""] {
        let answer = app.send(ask(&app, host)).await;
        assert!(answer.status == 421 || host.is_empty() && answer.status == 400, "{host}: {}", answer.status);
    }
    let open = TestApp::start_with(Setup { hosts: Hosts::Any, ..Setup::default() }).await;
    open.send(ask(&open, "example.org")).await.expect_status(200);
}

/// Makes every registration end in this error of the database.
async fn refuse(app: &TestApp, state: &str, message: &str) {
    app.sql(&format!(
        "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}', MESSAGE = '{message}'; END $$; \
         CREATE OR REPLACE TRIGGER refuse BEFORE INSERT ON base_models FOR EACH ROW EXECUTE FUNCTION refuse()"
    ))
    .await;
}

#[tokio::test]
async fn what_the_database_says_is_told_by_its_class() {
    let app = TestApp::start().await;
    app.folder("m").bert();
    for (state, message, status, code) in [
        ("25006", "cannot execute INSERT in a read-only transaction", 503, "READ_ONLY"),
        ("40001", "could not serialize access due to concurrent update", 503, "DATABASE_UNAVAILABLE"),
        ("40P01", "deadlock detected", 503, "DATABASE_UNAVAILABLE"),
        ("53100", "could not extend file \"base/1/2\": No space left on device", 503, "DATABASE_UNAVAILABLE"),
        ("53200", "out of memory", 503, "DATABASE_UNAVAILABLE"),
        ("53300", "sorry, too many clients already", 503, "DATABASE_UNAVAILABLE"),
        ("55P03", "canceling statement due to lock timeout", 503, "DATABASE_UNAVAILABLE"),
        ("57014", "canceling statement due to statement timeout", 503, "DATABASE_UNAVAILABLE"),
        ("57014", "canceling statement due to user request", 503, "DATABASE_UNAVAILABLE"),
        ("57P03", "the database system is in recovery mode", 503, "DATABASE_UNAVAILABLE"),
        ("23514", "new row violates check constraint", 422, "VALIDATION_FAILED"),
        ("22021", "invalid byte sequence for encoding UTF8: 0x00", 422, "VALIDATION_FAILED"),
        ("22P05", "unsupported Unicode escape sequence", 422, "VALIDATION_FAILED"),
        ("54000", "index row size 2712 exceeds btree version 4 maximum 2704", 422, "VALIDATION_FAILED"),
        ("XX000", "the secret words of the database", 500, "INTERNAL"),
    ] {
        refuse(&app, state, message).await;
        let answer = app.post(BASE_MODELS, &new_model("m")).await.expect_problem(status, code);
        assert!(!answer.text().contains(message), "{}", answer.text());
        assert_eq!(answer.header("retry-after").is_some(), status == 503, "{state}");
    }
    app.get(BASE_MODELS).await.expect_status(200);
    app.sql("DROP TRIGGER refuse ON base_models").await;
    app.post(BASE_MODELS, &new_model("m")).await.expect_status(201);
}

#[tokio::test]
async fn a_change_that_stood_in_the_way_of_another_is_tried_again() {
    let app = TestApp::start().await;
    app.folder("m").bert();
    for (name, state, message) in [("m", "40P01", "deadlock detected"), ("n", "40001", "could not serialize access")] {
        // A sequence counts also what is rolled back.
        app.sql(&format!(
            "CREATE SEQUENCE tries_{name}; \
             CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             IF nextval('tries_{name}') < 3 THEN RAISE EXCEPTION USING ERRCODE = '{state}', MESSAGE = '{message}'; END IF; \
             RETURN NEW; END $$; \
             CREATE OR REPLACE TRIGGER refuse BEFORE INSERT ON base_models FOR EACH ROW EXECUTE FUNCTION refuse()"
        ))
        .await;
        let mut body = new_model(name);
        body["path"] = json!("m");
        app.post(BASE_MODELS, &body).await.expect_status(201);
    }
    assert_eq!(app.count().await, 2);
}

#[tokio::test]
async fn a_panic_is_a_problem_and_the_server_lives_on() {
    let (sender, address) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let app = || {
                App::new()
                    .route("/panic", web::get().to(panic))
                    .route("/fine", web::get().to(HttpResponse::Ok))
                    .wrap(from_fn(answer::problems))
                    .wrap(from_fn(answer::headers))
                    .wrap(from_fn(telemetry::request))
            };
            let server = HttpServer::new(app).workers(1).disable_signals().bind(("127.0.0.1", 0)).unwrap();
            let address = server.addrs()[0];
            let server = server.run();
            sender.send((address, server.handle())).unwrap();
            server.await.unwrap();
        });
    });
    let (address, handle) = address.recv().unwrap();
    let get = async |path: &str| Answer::of(reqwest::get(format!("http://{address}{path}")).await.unwrap()).await;
    for _ in 0..3 {
        let answer = get("/panic").await;
        answer.check("/panic", "the secret words");
        answer.expect_problem(500, "INTERNAL");
        let fine = get("/fine").await.expect_status(200);
        assert_eq!(fine.headers.get(CONTENT_TYPE.as_str()), None);
    }
    handle.stop(false).await;
    thread.join().unwrap();
}

async fn panic() -> HttpResponse {
    panic!("the secret words")
}
