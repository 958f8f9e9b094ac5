//! An answer, held to what is promised of every answer.

use reqwest::header::{HeaderMap, HeaderName};
use serde_json::Value;

/// The whole answer to one request.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub async fn of(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.expect("the whole body").to_vec();
        Self { status, headers, body }
    }

    /// Fails with the body, which mostly says why, if the status is another.
    #[track_caller]
    pub fn expect_status(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    /// Fails unless it is this problem.
    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.code().as_str()), (status, code), "{}", self.text());
        self
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("no JSON ({error}): {}", self.text()))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name.parse::<HeaderName>().unwrap()).map(|value| value.to_str().unwrap())
    }

    #[track_caller]
    pub fn etag(&self) -> String {
        self.header("etag").expect("an ETag").to_owned()
    }

    /// The code of the problem.
    pub fn code(&self) -> String {
        serde_json::from_slice::<Value>(&self.body).unwrap_or_default()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// What the entries of `errors` point at, sorted.
    #[track_caller]
    pub fn pointers(&self) -> Vec<String> {
        let body = self.json();
        let errors = body["errors"].as_array().expect("errors");
        let place = |error: &Value| error["pointer"].as_str().or(error["parameter"].as_str()).unwrap().to_owned();
        let mut pointers: Vec<String> = errors.iter().map(place).collect();
        pointers.sort();
        pointers
    }

    /// What holds for every answer of the application, whatever was asked.
    ///
    /// `secret` is a text that no answer may show, such as the place of the models root.
    #[track_caller]
    pub fn check(&self, path: &str, secret: &str) {
        let text = self.text();
        assert!(!text.contains(secret), "{path} shows the inside: {text}");
        assert!(!format!("{:?}", self.headers).contains(secret), "{path} shows the inside: {:?}", self.headers);
        for header in ["x-request-id", "content-security-policy", "x-content-type-options", "referrer-policy"] {
            assert!(self.headers.contains_key(header), "{path} answers {} without {header}", self.status);
        }
        assert!(self.headers.contains_key("cache-control"), "{path} does not say whether it may be kept");
        if self.status >= 400 {
            self.check_problem(path);
        }
    }

    #[track_caller]
    fn check_problem(&self, path: &str) {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{path}: {}", self.text());
        assert_eq!(self.header("cache-control"), Some("no-store"), "{path}");
        if self.status == 503 {
            assert!(self.header("retry-after").unwrap().parse::<u32>().unwrap() >= 1, "{path}");
        }
        if self.body.is_empty() {
            return;
        }
        let problem = self.json();
        let text = |name: &str| problem[name].as_str().unwrap_or_else(|| panic!("{path}: {name}: {problem}"));
        assert_eq!(text("type"), format!("/problems/{}", text("code")), "{path}");
        assert_eq!(problem["status"], self.status, "{path}");
        assert_eq!(Some(text("request_id")), self.header("x-request-id"), "{path}");
        assert_eq!(text("instance"), path.split('?').next().unwrap());
        assert!(!text("title").is_empty() && !text("detail").is_empty(), "{problem}");
        let name = text("code");
        assert!(name.len() <= 63 && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'), "{name}");
        for error in problem["errors"].as_array().expect("errors") {
            assert!(error["pointer"].is_string() ^ error["parameter"].is_string(), "{error}");
            assert!(error["code"].is_string() && error["detail"].is_string(), "{error}");
        }
        assert!(problem["conflicts"].is_array(), "{problem}");
    }
}
