//! What can go wrong, and how it is told: RFC 9457 problems.
//!
//! There are two texts: one for the client, which says how to mend the request and shows nothing of
//! the inside, and one for the log, with the whole chain of causes. Status and code follow from the
//! error by exhaustive matches, so that a new error is not forgotten in either.

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use diesel::result::{DatabaseErrorKind, Error as QueryError};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::database::DatabaseError;

pub type ApiResult<T> = Result<T, ApiError>;

/// Everything a request can end in besides what it asked for.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    #[error("the body cannot be read: {}", summary(.0))]
    MalformedBody(Vec<Fault>),
    #[error("a parameter cannot be read: {}", summary(.0))]
    InvalidParameter(Vec<Fault>),
    #[error("the body did not arrive in time")]
    BodyTimeout,
    #[error("there is nothing at this address")]
    UnknownPath,
    #[error("there is no base model {0:?}")]
    NotFound(String),
    #[error("the base model has no deployment template")]
    NoDeploymentTemplate,
    #[error("no file {0:?} is kept")]
    NoSuchFile(String),
    #[error("there is no job {0:?}")]
    NoSuchJob(String),
    #[error("the folder {0:?} is gone")]
    FolderGone(String),
    #[error("the method is not known at this address")]
    MethodNotAllowed(String),
    #[error("a name is taken")]
    AlreadyExists(Vec<Conflict>),
    #[error("the base model has changed since")]
    PreconditionFailed { current: i64 },
    #[error("the body has more than {limit} bytes")]
    BodyTooLarge { limit: usize },
    #[error("the media type is not one of {accepted}")]
    UnsupportedMediaType { accepted: &'static str },
    #[error("the content encoding is not one of {accepted}")]
    UnsupportedContentEncoding { accepted: &'static str },
    #[error("the host name is not one of this service")]
    HostNotAllowed,
    #[error("the body breaks a rule: {}", summary(.0))]
    ValidationFailed(Vec<Fault>),
    #[error("the models root did not answer")]
    StorageUnavailable(#[source] anyhow::Error),
    #[error("the database did not answer")]
    DatabaseUnavailable(#[source] anyhow::Error),
    #[error("not ready: {}", summary(.0))]
    NotReady(Vec<Fault>),
    #[error("something went wrong inside")]
    Internal(#[source] anyhow::Error),
    /// An answer that a library made; only its status is known.
    #[error("refused with status {0}")]
    Refused(StatusCode),
}

/// The stable name of an error. Its page is at `/problems/{code}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErrorCode {
    MalformedBody,
    InvalidParameter,
    BodyTimeout,
    UnknownPath,
    NotFound,
    NoDeploymentTemplate,
    NoSuchFile,
    NoSuchJob,
    FolderGone,
    MethodNotAllowed,
    AlreadyExists,
    PreconditionFailed,
    BodyTooLarge,
    UnsupportedMediaType,
    HostNotAllowed,
    ValidationFailed,
    StorageUnavailable,
    DatabaseUnavailable,
    NotReady,
    Internal,
    Refused,
}

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

impl ErrorCode {
    pub const ALL: [Self; 21] = [
        Self::MalformedBody,
        Self::InvalidParameter,
        Self::BodyTimeout,
        Self::UnknownPath,
        Self::NotFound,
        Self::NoDeploymentTemplate,
        Self::NoSuchFile,
        Self::NoSuchJob,
        Self::FolderGone,
        Self::MethodNotAllowed,
        Self::AlreadyExists,
        Self::PreconditionFailed,
        Self::BodyTooLarge,
        Self::UnsupportedMediaType,
        Self::HostNotAllowed,
        Self::ValidationFailed,
        Self::StorageUnavailable,
        Self::DatabaseUnavailable,
        Self::NotReady,
        Self::Internal,
        Self::Refused,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::MalformedBody => "MALFORMED_BODY",
            Self::InvalidParameter => "INVALID_PARAMETER",
            Self::BodyTimeout => "BODY_TIMEOUT",
            Self::UnknownPath => "UNKNOWN_PATH",
            Self::NotFound => "NOT_FOUND",
            Self::NoDeploymentTemplate => "NO_DEPLOYMENT_TEMPLATE",
            Self::NoSuchFile => "NO_SUCH_FILE",
            Self::NoSuchJob => "NO_SUCH_JOB",
            Self::FolderGone => "FOLDER_GONE",
            Self::MethodNotAllowed => "METHOD_NOT_ALLOWED",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::PreconditionFailed => "PRECONDITION_FAILED",
            Self::BodyTooLarge => "BODY_TOO_LARGE",
            Self::UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
            Self::HostNotAllowed => "HOST_NOT_ALLOWED",
            Self::ValidationFailed => "VALIDATION_FAILED",
            Self::StorageUnavailable => "STORAGE_UNAVAILABLE",
            Self::DatabaseUnavailable => "DATABASE_UNAVAILABLE",
            Self::NotReady => "NOT_READY",
            Self::Internal => "INTERNAL",
            Self::Refused => "REFUSED",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::MalformedBody => "The body cannot be read",
            Self::InvalidParameter => "A parameter cannot be read",
            Self::BodyTimeout => "The body did not arrive in time",
            Self::UnknownPath => "There is nothing at this address",
            Self::NotFound => "There is no such base model",
            Self::NoDeploymentTemplate => "There is no deployment template",
            Self::NoSuchFile => "There is no such file",
            Self::NoSuchJob => "There is no such job",
            Self::FolderGone => "The model's folder is gone",
            Self::MethodNotAllowed => "The method is not known at this address",
            Self::AlreadyExists => "The name is taken",
            Self::PreconditionFailed => "The base model has changed since",
            Self::BodyTooLarge => "The body is too large",
            Self::UnsupportedMediaType => "The media type is not understood",
            Self::HostNotAllowed => "The host name is not one of this service",
            Self::ValidationFailed => "The body breaks a rule",
            Self::StorageUnavailable => "The models root did not answer",
            Self::DatabaseUnavailable => "The database did not answer",
            Self::NotReady => "The service is not ready",
            Self::Internal => "Something went wrong inside",
            Self::Refused => "The request was refused",
        }
    }

    /// What the code means and what to do about it: the text of its page.
    pub fn explanation(self) -> &'static str {
        match self {
            Self::MalformedBody => {
                "The body is not JSON, has a member that is not known, a member of the wrong type, or lacks one that is \
                 needed. `errors` names each by a JSON Pointer. Mend them and send the request again."
            }
            Self::InvalidParameter => {
                "A query parameter is not known, is given twice, or has a value that cannot be read. `errors` names each \
                 and says what is allowed."
            }
            Self::BodyTimeout => "The body has to arrive within 10 seconds. Send the request again on a better line.",
            Self::UnknownPath => {
                "No operation has this address. Addresses have no trailing slash. `/openapi.json` lists them all."
            }
            Self::NotFound => {
                "No base model has this id or technical name. It may have been deleted. Technical names are found \
                 whatever their letter case."
            }
            Self::NoDeploymentTemplate => {
                "The base model has no deployment template yet. Give it one with PUT at the same address."
            }
            Self::NoSuchJob => "No job has this id. `GET /api/v1/jobs` lists those there are.",
            Self::FolderGone => {
                "The folder that the base model was registered with is not below the models root any more. Put it back, or \
                 PATCH the base model's `path`."
            }
            Self::NoSuchFile => {
                "No file of this path was read for the card and kept. `GET .../files` lists those there are; other files \
                 of the folder are not given out."
            }
            Self::MethodNotAllowed => {
                "The address exists, but not with this method. The `Allow` header lists those it has."
            }
            Self::AlreadyExists => {
                "Technical names and model names are unique in the whole register, whatever their letter case. `conflicts` \
                 names who holds each of them. Choose another name, or change or delete that base model."
            }
            Self::PreconditionFailed => {
                "The `If-Match` header names a state that is not the current one: somebody changed the base model in \
                 between. Read it again, decide whether your change still holds, and send it with the new `ETag`."
            }
            Self::BodyTooLarge => "The body has more bytes than this operation takes; `detail` says how many it takes.",
            Self::UnsupportedMediaType => {
                "The `Content-Type` or `Content-Encoding` is not one this operation takes; `detail` lists those it takes."
            }
            Self::HostNotAllowed => {
                "While access is local, only requests to a local host name are answered, so that no web page can reach \
                 this service through a name of its own. Use `localhost`, or start it with `--allowed-hosts`."
            }
            Self::ValidationFailed => {
                "The body can be read but breaks a rule. `errors` has every fault, by JSON Pointer, with how to mend it. \
                 Nothing was stored."
            }
            Self::StorageUnavailable => {
                "The folder of the models did not answer in time or cannot be read. Nothing was stored. Try again after \
                 the seconds in `Retry-After`; if it lasts, look at `/health/ready`."
            }
            Self::DatabaseUnavailable => {
                "The database did not answer in time or cannot be reached. Try again after the seconds in `Retry-After`; \
                 if it lasts, look at `/health/ready`."
            }
            Self::NotReady => {
                "Something the service needs is not there: `errors` names each. Answers that do not need it are still \
                 given. The service becomes ready by itself when it is back."
            }
            Self::Internal => {
                "This is a fault of the service. Tell its operator the `request_id`; the log has the cause."
            }
            Self::Refused => "The request was refused before it reached an operation; `status` says why.",
        }
    }
}

impl ApiError {
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::MalformedBody(_) => ErrorCode::MalformedBody,
            Self::InvalidParameter(_) => ErrorCode::InvalidParameter,
            Self::BodyTimeout => ErrorCode::BodyTimeout,
            Self::UnknownPath => ErrorCode::UnknownPath,
            Self::NotFound(_) => ErrorCode::NotFound,
            Self::NoDeploymentTemplate => ErrorCode::NoDeploymentTemplate,
            Self::NoSuchFile(_) => ErrorCode::NoSuchFile,
            Self::NoSuchJob(_) => ErrorCode::NoSuchJob,
            Self::FolderGone(_) => ErrorCode::FolderGone,
            Self::MethodNotAllowed(_) => ErrorCode::MethodNotAllowed,
            Self::AlreadyExists(_) => ErrorCode::AlreadyExists,
            Self::PreconditionFailed { .. } => ErrorCode::PreconditionFailed,
            Self::BodyTooLarge { .. } => ErrorCode::BodyTooLarge,
            Self::UnsupportedMediaType { .. } | Self::UnsupportedContentEncoding { .. } => {
                ErrorCode::UnsupportedMediaType
            }
            Self::HostNotAllowed => ErrorCode::HostNotAllowed,
            Self::ValidationFailed(_) => ErrorCode::ValidationFailed,
            Self::StorageUnavailable(_) => ErrorCode::StorageUnavailable,
            Self::DatabaseUnavailable(_) => ErrorCode::DatabaseUnavailable,
            Self::NotReady(_) => ErrorCode::NotReady,
            Self::Internal(_) => ErrorCode::Internal,
            Self::Refused(_) => ErrorCode::Refused,
        }
    }

    /// The text for the client.
    fn detail(&self) -> String {
        match self {
            Self::MalformedBody(faults)
            | Self::InvalidParameter(faults)
            | Self::ValidationFailed(faults)
            | Self::NotReady(faults) => summary(faults),
            Self::BodyTimeout => "the whole body must arrive within 10 seconds".to_owned(),
            Self::UnknownPath => "no operation has this address; `/openapi.json` lists them all".to_owned(),
            Self::NotFound(asked) => format!("no base model has the id or technical name {asked:?}"),
            Self::NoDeploymentTemplate => {
                "this base model has no deployment template; PUT one to this address".to_owned()
            }
            Self::NoSuchJob(id) => format!("no job has the id {id:?}"),
            Self::FolderGone(path) => format!("there is no folder {path:?} any more; put it back, or PATCH `path`"),
            Self::NoSuchFile(path) => {
                format!("no file {path:?} is kept with this card; `GET .../files` lists those there are")
            }
            Self::MethodNotAllowed(allow) => format!("this address takes {allow}"),
            Self::AlreadyExists(conflicts) => taken(conflicts),
            Self::PreconditionFailed { current } => {
                format!(
                    "`If-Match` must be the current tag \"{current}\"; read the base model again before you change it"
                )
            }
            Self::BodyTooLarge { limit } => format!("the body must have at most {limit} bytes"),
            Self::UnsupportedMediaType { accepted } => format!("`Content-Type` must be {accepted}"),
            Self::UnsupportedContentEncoding { accepted } => format!("`Content-Encoding` must be one of {accepted}"),
            Self::HostNotAllowed => {
                "`Host` must be a local name while access is local; see `--allowed-hosts`".to_owned()
            }
            Self::StorageUnavailable(_) => "the models root did not answer; nothing was stored, try again".to_owned(),
            Self::DatabaseUnavailable(_) => "the database did not answer; try again".to_owned(),
            Self::Internal(_) => "the log of the service has the cause under this `request_id`".to_owned(),
            Self::Refused(status) => status.canonical_reason().unwrap_or("the request was refused").to_lowercase(),
        }
    }

    /// The problem this error is told as.
    pub fn problem(&self, instance: &str, request_id: &str) -> Problem {
        let (code, status, detail) = (self.code(), self.status_code(), self.detail());
        let (errors, conflicts) = match self {
            Self::MalformedBody(faults)
            | Self::InvalidParameter(faults)
            | Self::ValidationFailed(faults)
            | Self::NotReady(faults) => (faults.clone(), Vec::new()),
            Self::AlreadyExists(conflicts) => (conflicts.iter().map(Conflict::fault).collect(), conflicts.clone()),
            _ => (Vec::new(), Vec::new()),
        };
        Problem {
            kind: format!("/problems/{}", code.as_str()),
            title: code.title().to_owned(),
            status: status.as_u16(),
            code,
            detail,
            instance: instance.to_owned(),
            request_id: request_id.to_owned(),
            errors,
            conflicts,
        }
    }

    /// Headers that go with the status.
    pub fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        let value = |text: &str| HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""));
        match self {
            Self::MethodNotAllowed(allow) => vec![(header::ALLOW, value(allow))],
            Self::UnsupportedMediaType { accepted } if accepted.contains("merge-patch") => {
                vec![(HeaderName::from_static("accept-patch"), value(accepted))]
            }
            Self::UnsupportedContentEncoding { accepted } => vec![(header::ACCEPT_ENCODING, value(accepted))],
            Self::StorageUnavailable(_) | Self::DatabaseUnavailable(_) | Self::NotReady(_) => {
                vec![(header::RETRY_AFTER, HeaderValue::from_static("1"))]
            }
            Self::BodyTimeout => vec![(header::CONNECTION, HeaderValue::from_static("close"))],
            Self::PreconditionFailed { current } => vec![(header::ETAG, value(&format!("\"{current}\"")))],
            _ => Vec::new(),
        }
    }
}

impl Conflict {
    fn fault(&self) -> Fault {
        let detail = format!("is taken by the base model {}; choose another, or change that one", self.id);
        Fault::at(format!("/{}", self.field), "already_exists", detail)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::MalformedBody(_) | Self::InvalidParameter(_) => StatusCode::BAD_REQUEST,
            Self::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::UnknownPath
            | Self::NotFound(_)
            | Self::NoDeploymentTemplate
            | Self::NoSuchFile(_)
            | Self::NoSuchJob(_)
            | Self::FolderGone(_) => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::AlreadyExists(_) => StatusCode::CONFLICT,
            Self::PreconditionFailed { .. } => StatusCode::PRECONDITION_FAILED,
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType { .. } | Self::UnsupportedContentEncoding { .. } => {
                StatusCode::UNSUPPORTED_MEDIA_TYPE
            }
            Self::HostNotAllowed => StatusCode::MISDIRECTED_REQUEST,
            Self::ValidationFailed(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::StorageUnavailable(_) | Self::DatabaseUnavailable(_) | Self::NotReady(_) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Refused(status) => *status,
        }
    }

    /// Only the status: `answer::problems` knows the request and makes the body.
    fn error_response(&self) -> HttpResponse<BoxBody> {
        HttpResponse::new(self.status_code())
    }
}

/// Turns the violation of one named constraint into its answer; everything else passes on.
pub trait OnConstraint<T> {
    fn on_constraint(self, names: &[&str]) -> Result<Option<T>, DatabaseError>;
}

impl<T> OnConstraint<T> for Result<T, DatabaseError> {
    /// `None` when one of these constraints refused the row.
    fn on_constraint(self, names: &[&str]) -> Result<Option<T>, DatabaseError> {
        match self {
            Ok(value) => Ok(Some(value)),
            Err(DatabaseError::Query(QueryError::DatabaseError(DatabaseErrorKind::UniqueViolation, information)))
                if information.constraint_name().is_some_and(|name| names.contains(&name)) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

impl From<DatabaseError> for ApiError {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Query(ref query) if !is_passing(query) => Self::Internal(error.into()),
            other => Self::DatabaseUnavailable(other.into()),
        }
    }
}

/// Whether the same statement may succeed a little later.
fn is_passing(error: &QueryError) -> bool {
    match error {
        QueryError::DatabaseError(kind, information) => match kind {
            DatabaseErrorKind::ClosedConnection
            | DatabaseErrorKind::UnableToSendCommand
            | DatabaseErrorKind::SerializationFailure
            | DatabaseErrorKind::ReadOnlyTransaction => true,
            // The driver tells the other SQLSTATEs by their words only.
            DatabaseErrorKind::Unknown => [
                "timeout",
                "terminat",
                "recovery mode",
                "shutting down",
                "starting up",
                "too many",
                "disk",
                "connection",
                "deadlock",
            ]
            .iter()
            .any(|words| information.message().contains(words)),
            _ => false,
        },
        QueryError::BrokenTransactionManager => true,
        _ => false,
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

fn summary(faults: &[Fault]) -> String {
    let one = |fault: &Fault| match (&fault.pointer, &fault.parameter) {
        (Some(pointer), _) if pointer != "#" => format!("`{}` {}", pointer.trim_start_matches("#/"), fault.detail),
        (_, Some(parameter)) => format!("`{parameter}` {}", fault.detail),
        _ => fault.detail.clone(),
    };
    faults.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn taken(conflicts: &[Conflict]) -> String {
    let fields: Vec<String> = conflicts.iter().map(|conflict| format!("`{}`", conflict.field)).collect();
    let verb = if fields.len() == 1 { "is" } else { "are" };
    format!("{} {verb} taken; `conflicts` names who holds each", fields.join(" and "))
}
