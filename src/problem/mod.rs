//! How an error is told: as a problem (RFC 9457) whose `type` leads to a page of this service.

mod code;
pub mod page;

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

pub use code::ErrorCode;

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Fault {
    /// The member of the body, as a JSON Pointer in a URI fragment (RFC 6901).
    #[schema(example = "#/technical_name")]
    pub pointer: Option<String>,
    /// The query or path parameter.
    #[schema(example = "page_size")]
    pub parameter: Option<String>,
    /// The rule that is broken.
    #[schema(example = "length")]
    pub code: String,
    /// What is wrong and how to mend it.
    #[schema(example = "must be 1 to 40 characters long")]
    pub detail: String,
}

impl Fault {
    pub fn at(pointer: impl AsRef<str>, code: impl Into<String>, detail: impl Into<String>) -> Self {
        let pointer = format!("#{}", fragment(pointer.as_ref()));
        Self { pointer: Some(pointer), parameter: None, code: code.into(), detail: detail.into() }
    }

    pub fn parameter(name: impl Into<String>, code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: None, parameter: Some(name.into()), code: code.into(), detail: detail.into() }
    }
}

/// A name that another base model holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Conflict {
    /// The member of the body whose value is taken.
    #[schema(example = "technical_name")]
    pub field: &'static str,
    /// The base model that holds it.
    pub id: Uuid,
    /// Where that base model is found.
    #[schema(example = "/api/v1/base-models/0192f0c1-2b6e-7c3a-9f00-2f6d1e6f0a11")]
    pub href: String,
}

/// What is wrong and how to mend it (RFC 9457).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// Address of a page about this kind of problem.
    #[serde(rename = "type")]
    #[schema(example = "/problems/ALREADY_EXISTS")]
    pub kind: String,
    /// The kind of problem in a few words.
    #[schema(example = "The name is taken")]
    pub title: String,
    /// The status of the answer.
    #[schema(example = 409, minimum = 400, maximum = 599)]
    pub status: u16,
    pub code: ErrorCode,
    /// What is wrong this time, and how to mend it.
    #[schema(example = "`technical_name` is taken by another base model; choose another or change that one")]
    pub detail: String,
    /// The address that was asked.
    #[schema(example = "/api/v1/base-models")]
    pub instance: String,
    /// Names this request in the log; give it when asking for help.
    #[schema(example = "0192f0c1-2b6e-7c3a-9f00-2f6d1e6f0a11")]
    pub request_id: String,
    /// Each fault of the request.
    pub errors: Vec<Fault>,
    /// For a name that is taken: who holds it.
    pub conflicts: Vec<Conflict>,
}

impl Conflict {
    pub fn fault(&self) -> Fault {
        let detail = format!("is taken by the base model {}; choose another, or change that one", self.id);
        Fault::at(format!("/{}", self.field), "already_exists", detail)
    }
}

/// A JSON Pointer as a URI fragment: what a fragment cannot hold is percent-encoded (RFC 6901, section 6).
fn fragment(pointer: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?".contains(&byte);
    pointer.bytes().fold(String::new(), |mut text, byte| {
        if plain(byte) {
            text.push(char::from(byte))
        } else {
            text.push_str(&format!("%{byte:02X}"))
        }
        text
    })
}
