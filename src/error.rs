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
use uuid::Uuid;

use crate::database::DatabaseError;
pub use crate::problem::{Conflict, ErrorCode, Fault, Problem};
use crate::templates::modelfile::Unwritable;

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
    #[error(transparent)]
    Unwritable(Unwritable),
    #[error("the method is not known at this address")]
    MethodNotAllowed(String),
    #[error("a name is taken")]
    AlreadyExists(Vec<Conflict>),
    #[error("the base model is not in the state that the conditions demand")]
    PreconditionFailed { current: Option<i64> },
    #[error("a condition is needed")]
    PreconditionRequired,
    #[error("the request is running already")]
    RequestInProgress,
    #[error("the idempotency key was used for another request")]
    IdempotencyKeyReused,
    #[error("the batch is too much for one request")]
    BatchTooLarge(&'static str),
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
    #[error("the database takes no changes")]
    ReadOnly(#[source] anyhow::Error),
    #[error("the database did not answer")]
    DatabaseUnavailable(#[source] anyhow::Error),
    #[error("too many requests at one time")]
    Overloaded,
    #[error("not ready: {}", summary(.0))]
    NotReady(Vec<Fault>),
    #[error("something went wrong inside")]
    Internal(#[source] anyhow::Error),
    /// An answer that a library made; only its status is known.
    #[error("refused with status {0}")]
    Refused(StatusCode),
    /// A page of another origin asked whether it may send a request, and may not.
    #[error("refused a page of another origin: {0}")]
    CrossOrigin(String),
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
            Self::Unwritable(_) => ErrorCode::Unwritable,
            Self::MethodNotAllowed(_) => ErrorCode::MethodNotAllowed,
            Self::AlreadyExists(_) => ErrorCode::AlreadyExists,
            Self::PreconditionFailed { .. } => ErrorCode::PreconditionFailed,
            Self::PreconditionRequired => ErrorCode::PreconditionRequired,
            Self::RequestInProgress => ErrorCode::RequestInProgress,
            Self::IdempotencyKeyReused => ErrorCode::IdempotencyKeyReused,
            Self::BatchTooLarge(_) => ErrorCode::BatchTooLarge,
            Self::BodyTooLarge { .. } => ErrorCode::BodyTooLarge,
            Self::UnsupportedMediaType { .. } | Self::UnsupportedContentEncoding { .. } => {
                ErrorCode::UnsupportedMediaType
            }
            Self::HostNotAllowed => ErrorCode::HostNotAllowed,
            Self::ValidationFailed(_) => ErrorCode::ValidationFailed,
            Self::StorageUnavailable(_) => ErrorCode::StorageUnavailable,
            Self::ReadOnly(_) => ErrorCode::ReadOnly,
            Self::DatabaseUnavailable(_) => ErrorCode::DatabaseUnavailable,
            Self::Overloaded => ErrorCode::Overloaded,
            Self::NotReady(_) => ErrorCode::NotReady,
            Self::Internal(_) => ErrorCode::Internal,
            Self::Refused(_) | Self::CrossOrigin(_) => ErrorCode::Refused,
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
            Self::Unwritable(unwritable) => format!("{unwritable}; change the deployment template"),
            Self::MethodNotAllowed(allow) => format!("this address takes {allow}"),
            Self::AlreadyExists(conflicts) => taken(conflicts),
            Self::PreconditionFailed { current: Some(current) } => format!(
                "the current tag is \"{current}\": `If-Match` must name it, and `If-None-Match` must not; read the base model \
                 again before you change it"
            ),
            Self::PreconditionFailed { current: None } => {
                "there is no base model of this name, so `If-Match` cannot hold; leave it out to register one"
                    .to_owned()
            }
            Self::PreconditionRequired => {
                "`If-Match` must name the state that you change: send the `ETag` of your last read".to_owned()
            }
            Self::RequestInProgress => {
                "the first request under this `Idempotency-Key` is still running; send it again a little later"
                    .to_owned()
            }
            Self::IdempotencyKeyReused => {
                "this `Idempotency-Key` was sent with another body; each request needs a key of its own".to_owned()
            }
            Self::BatchTooLarge(limit) => format!("{limit}; nothing was stored: send fewer items at a time"),
            Self::BodyTooLarge { limit } => format!("the body must have at most {limit} bytes"),
            Self::UnsupportedMediaType { accepted } => format!("`Content-Type` must be {accepted}"),
            Self::UnsupportedContentEncoding { accepted } => format!("`Content-Encoding` must be one of {accepted}"),
            Self::HostNotAllowed => {
                "`Host` must be a local name while access is local; see `--allowed-hosts`".to_owned()
            }
            Self::StorageUnavailable(_) => "the models root did not answer; nothing was stored, try again".to_owned(),
            Self::ReadOnly(_) => "the database takes no changes at present; reads are answered".to_owned(),
            Self::DatabaseUnavailable(_) => "the database did not answer; try again".to_owned(),
            Self::Overloaded => "too many requests are worked on; nothing was done, try again".to_owned(),
            Self::Internal(_) => "the log of the service has the cause under this `request_id`".to_owned(),
            Self::Refused(StatusCode::NOT_ACCEPTABLE) => {
                "`Accept-Encoding` must allow one of br, gzip, zstd, identity".to_owned()
            }
            Self::CrossOrigin(why) => {
                format!("{why}; `--cors-origins` names the origins whose pages may use this service")
            }
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
            Self::StorageUnavailable(_)
            | Self::ReadOnly(_)
            | Self::DatabaseUnavailable(_)
            | Self::NotReady(_)
            | Self::Overloaded
            | Self::RequestInProgress => {
                vec![(header::RETRY_AFTER, retry_after())]
            }
            Self::BodyTimeout => vec![(header::CONNECTION, HeaderValue::from_static("close"))],
            Self::PreconditionFailed { current: Some(current) } => {
                vec![(header::ETAG, value(&format!("\"{current}\"")))]
            }
            _ => Vec::new(),
        }
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
            Self::AlreadyExists(_) | Self::Unwritable(_) | Self::RequestInProgress => StatusCode::CONFLICT,
            Self::PreconditionFailed { .. } => StatusCode::PRECONDITION_FAILED,
            Self::PreconditionRequired => StatusCode::PRECONDITION_REQUIRED,
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType { .. } | Self::UnsupportedContentEncoding { .. } => {
                StatusCode::UNSUPPORTED_MEDIA_TYPE
            }
            Self::HostNotAllowed => StatusCode::MISDIRECTED_REQUEST,
            Self::ValidationFailed(_) | Self::IdempotencyKeyReused | Self::BatchTooLarge(_) => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Self::StorageUnavailable(_)
            | Self::ReadOnly(_)
            | Self::DatabaseUnavailable(_)
            | Self::NotReady(_)
            | Self::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Refused(status) => *status,
            Self::CrossOrigin(_) => StatusCode::BAD_REQUEST,
        }
    }

    /// Only the status: `answer::problems` knows the request and makes the body.
    fn error_response(&self) -> HttpResponse<BoxBody> {
        HttpResponse::new(self.status_code())
    }
}

/// Seconds after which it is worth trying again: not the same for all, or all would come back at once.
pub fn retry_after() -> HeaderValue {
    HeaderValue::from(1 + i16::try_from(Uuid::now_v7().as_u128() % 3).unwrap_or_default())
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
            Err(DatabaseError::Query(error)) if violates(&error, names) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Whether one of these constraints refused the row.
pub fn violates(error: &QueryError, names: &[&str]) -> bool {
    match error {
        QueryError::DatabaseError(DatabaseErrorKind::UniqueViolation, information) => {
            information.constraint_name().is_some_and(|name| names.contains(&name))
        }
        _ => false,
    }
}

impl From<DatabaseError> for ApiError {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Query(QueryError::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, _)) => {
                Self::ReadOnly(error.into())
            }
            DatabaseError::Query(ref query) if is_refusal(query) => {
                tracing::warn!("the database refused a value that no rule had refused: {query}");
                let detail = "holds a value that the database does not take; leave out what is unusual";
                Self::ValidationFailed(vec![Fault::at("", "database", detail)])
            }
            DatabaseError::Query(ref query) if !is_passing(query) => Self::Internal(error.into()),
            other => Self::DatabaseUnavailable(other.into()),
        }
    }
}

/// Whether it is a value that the database does not take: one that breaks a check, or cannot be stored or indexed.
fn is_refusal(error: &QueryError) -> bool {
    match error {
        QueryError::DatabaseError(DatabaseErrorKind::CheckViolation, _) => true,
        // The driver tells these SQLSTATEs by their words only.
        QueryError::DatabaseError(DatabaseErrorKind::Unknown, information) => {
            ["invalid byte sequence", "Unicode", "index row", "value too long", "out of range"]
                .iter()
                .any(|words| information.message().contains(words))
        }
        _ => false,
    }
}

/// Whether the same statement may succeed a little later.
fn is_passing(error: &QueryError) -> bool {
    match error {
        QueryError::DatabaseError(kind, information) => match kind {
            DatabaseErrorKind::ClosedConnection
            | DatabaseErrorKind::UnableToSendCommand
            | DatabaseErrorKind::SerializationFailure => true,
            // The driver tells the other SQLSTATEs by their words only.
            DatabaseErrorKind::Unknown => [
                "timeout",
                "canceling",
                "terminat",
                "recovery mode",
                "shutting down",
                "starting up",
                "too many",
                "disk",
                "No space left",
                "out of memory",
                "out of shared memory",
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
