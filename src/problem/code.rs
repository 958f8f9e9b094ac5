//! The stable names of errors, what each means and what to do about it.

use serde::Serialize;
use utoipa::ToSchema;

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
    Unwritable,
    MethodNotAllowed,
    AlreadyExists,
    PreconditionFailed,
    PreconditionRequired,
    RequestInProgress,
    IdempotencyKeyReused,
    BatchTooLarge,
    BodyTooLarge,
    UnsupportedMediaType,
    HostNotAllowed,
    ValidationFailed,
    StorageUnavailable,
    ReadOnly,
    DatabaseUnavailable,
    Overloaded,
    NotReady,
    Internal,
    Refused,
}

impl ErrorCode {
    pub const ALL: [Self; 28] = [
        Self::MalformedBody,
        Self::InvalidParameter,
        Self::BodyTimeout,
        Self::UnknownPath,
        Self::NotFound,
        Self::NoDeploymentTemplate,
        Self::NoSuchFile,
        Self::NoSuchJob,
        Self::FolderGone,
        Self::Unwritable,
        Self::MethodNotAllowed,
        Self::AlreadyExists,
        Self::PreconditionFailed,
        Self::PreconditionRequired,
        Self::RequestInProgress,
        Self::IdempotencyKeyReused,
        Self::BatchTooLarge,
        Self::BodyTooLarge,
        Self::UnsupportedMediaType,
        Self::HostNotAllowed,
        Self::ValidationFailed,
        Self::StorageUnavailable,
        Self::ReadOnly,
        Self::DatabaseUnavailable,
        Self::Overloaded,
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
            Self::Unwritable => "UNWRITABLE",
            Self::MethodNotAllowed => "METHOD_NOT_ALLOWED",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::PreconditionFailed => "PRECONDITION_FAILED",
            Self::PreconditionRequired => "PRECONDITION_REQUIRED",
            Self::RequestInProgress => "REQUEST_IN_PROGRESS",
            Self::IdempotencyKeyReused => "IDEMPOTENCY_KEY_REUSED",
            Self::BatchTooLarge => "BATCH_TOO_LARGE",
            Self::BodyTooLarge => "BODY_TOO_LARGE",
            Self::UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
            Self::HostNotAllowed => "HOST_NOT_ALLOWED",
            Self::ValidationFailed => "VALIDATION_FAILED",
            Self::StorageUnavailable => "STORAGE_UNAVAILABLE",
            Self::ReadOnly => "READ_ONLY",
            Self::DatabaseUnavailable => "DATABASE_UNAVAILABLE",
            Self::Overloaded => "OVERLOADED",
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
            Self::Unwritable => "A Modelfile cannot hold it",
            Self::MethodNotAllowed => "The method is not known at this address",
            Self::AlreadyExists => "The name is taken",
            Self::PreconditionFailed => "The base model is in another state",
            Self::PreconditionRequired => "A condition is needed",
            Self::RequestInProgress => "The request is still running",
            Self::IdempotencyKeyReused => "The idempotency key was used for another request",
            Self::BatchTooLarge => "The batch is too much for one request",
            Self::BodyTooLarge => "The body is too large",
            Self::UnsupportedMediaType => "The media type is not understood",
            Self::HostNotAllowed => "The host name is not one of this service",
            Self::ValidationFailed => "The body breaks a rule",
            Self::StorageUnavailable => "The models root did not answer",
            Self::ReadOnly => "The database takes no changes",
            Self::DatabaseUnavailable => "The database did not answer",
            Self::Overloaded => "Too many requests at one time",
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
            Self::Unwritable => {
                "A Modelfile has no escapes: a value that has a line that ends in three quotation marks, or a character that \
                 Ollama leaves out, such as a control character, cannot be written into it. Change the deployment template, or \
                 ask for another one with `template`."
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
                "The base model is not in a state that the conditions allow. Either `If-Match` names a state that is not the \
                 current one, because somebody changed the base model in between: read it again, decide whether your change \
                 still holds, and send it with the new `ETag`. Or `If-None-Match` names the state that is there: with `*` it \
                 demands that there is none yet."
            }
            Self::PreconditionRequired => {
                "This service is set up to take changes only from who says which state they change, so that nobody's change is \
                 lost. Read the base model, and send the change with its `ETag` as `If-Match`. A PUT that is to create sends \
                 `If-None-Match: *`."
            }
            Self::RequestInProgress => {
                "A request with the same `Idempotency-Key` is still running. Send it again after the seconds in \
                 `Retry-After`, and you are given its answer."
            }
            Self::IdempotencyKeyReused => {
                "The `Idempotency-Key` was sent before, within 24 hours, with another body. A key stands for one request: make \
                 a new one, such as a UUID, for each request, and use it again only to repeat that request."
            }
            Self::BatchTooLarge => {
                "The folders of the batch could not be read within the time, or what is kept of them is more than the memory \
                 that one request may take; `detail` says which. Nothing was stored. Send fewer items at a time."
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
            Self::ReadOnly => {
                "The database only answers reads at present, because it is a standby or its operator set it so. Nothing was \
                 stored. Try again after the seconds in `Retry-After`; if it lasts, ask the operator of the database."
            }
            Self::DatabaseUnavailable => {
                "The database did not answer in time or cannot be reached. Try again after the seconds in `Retry-After`; \
                 if it lasts, look at `/health/ready`."
            }
            Self::Overloaded => {
                "The service works on as many requests as it can. Nothing was done. Try again after the seconds in \
                 `Retry-After`, and with fewer requests at one time."
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
