//! What each operation can answer instead of what it was asked for: the statuses, and an example of every problem.
//!
//! The examples are made by the errors themselves, so that they say what the service says.

use actix_web::ResponseError as _;
use actix_web::http::StatusCode;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Address, responses};
use crate::answer::PROBLEM;
use crate::error::{ApiError, Conflict, ErrorCode, Fault};
use crate::templates::modelfile::Unwritable;

const REQUEST_ID: &str = "0192f0c1-2b6e-7c3a-9f00-2f6d1e6f0a11";
const BASE_MODELS: &str = "/api/v1/base-models";
const BASE_MODEL: &str = "/api/v1/base-models/llama3.2-1b";

/// Any operation can be answered so.
const ANYWHERE: [(&str, &str); 4] = [
    ("400", "The request cannot be read; `errors` says where"),
    ("406", "Nothing that the request accepts can be answered, such as an `Accept-Encoding` without any coding"),
    ("421", "The host name is not one of this service"),
    ("500", "A fault of the service; the log has the cause under `request_id`"),
];

/// An error with this code, and where it could be met.
fn sample(code: ErrorCode) -> (ApiError, &'static str) {
    let unknown = || anyhow::anyhow!("an example");
    match code {
        ErrorCode::MalformedBody => {
            let detail = "is not known; the members are technical_name, model_name, path, description, tags, properties, \
                          deployment_template";
            (ApiError::MalformedBody(vec![Fault::at("/name", "unknown", detail)]), BASE_MODELS)
        }
        ErrorCode::InvalidParameter => {
            let detail = "must be a whole number from 0 to 1000";
            (ApiError::InvalidParameter(vec![Fault::parameter("page_size", "type", detail)]), BASE_MODELS)
        }
        ErrorCode::BodyTimeout => (ApiError::BodyTimeout, BASE_MODELS),
        ErrorCode::UnknownPath => (ApiError::UnknownPath, "/api/v1/base-models/"),
        ErrorCode::NotFound => (ApiError::NotFound("llama3.2-1b".to_owned()), BASE_MODEL),
        ErrorCode::NoDeploymentTemplate => {
            (ApiError::NoDeploymentTemplate, "/api/v1/base-models/llama3.2-1b/deployment-template")
        }
        ErrorCode::NoSuchFile => (
            ApiError::NoSuchFile("model.safetensors".to_owned()),
            "/api/v1/base-models/llama3.2-1b/files/model.safetensors",
        ),
        ErrorCode::NoSuchJob => (ApiError::NoSuchJob("latest".to_owned()), "/api/v1/jobs/latest"),
        ErrorCode::FolderGone => (
            ApiError::FolderGone("models/Llama-3.2-1B-Instruct".to_owned()),
            "/api/v1/base-models/llama3.2-1b/card/refresh",
        ),
        ErrorCode::Unwritable => (
            ApiError::Unwritable(Unwritable { command: "TEMPLATE".to_owned() }),
            "/api/v1/base-models/llama3.2-1b/modelfile",
        ),
        ErrorCode::MethodNotAllowed => (ApiError::MethodNotAllowed("GET, HEAD, OPTIONS, POST".to_owned()), BASE_MODELS),
        ErrorCode::AlreadyExists => {
            let (field, id) = ("technical_name", Uuid::from_u128(0x0192_f0c1_2b6e_7c3a_9f00_2f6d_1e6f_0a11));
            let conflict = Conflict { field, id, href: format!("{BASE_MODELS}/{id}") };
            (ApiError::AlreadyExists(vec![conflict]), BASE_MODELS)
        }
        ErrorCode::PreconditionFailed => (ApiError::PreconditionFailed { current: Some(2) }, BASE_MODEL),
        ErrorCode::PreconditionRequired => (ApiError::PreconditionRequired, BASE_MODEL),
        ErrorCode::RequestInProgress => (ApiError::RequestInProgress, BASE_MODELS),
        ErrorCode::IdempotencyKeyReused => (ApiError::IdempotencyKeyReused, BASE_MODELS),
        ErrorCode::BatchTooLarge => {
            let limit = "the folders of this batch could not be read within 2 minutes";
            (ApiError::BatchTooLarge(limit), "/api/v1/base-models/batch")
        }
        ErrorCode::BodyTooLarge => (ApiError::BodyTooLarge { limit: 1 << 20 }, BASE_MODELS),
        ErrorCode::UnsupportedMediaType => {
            let accepted = "application/merge-patch+json, application/json";
            (ApiError::UnsupportedMediaType { accepted }, BASE_MODEL)
        }
        ErrorCode::HostNotAllowed => (ApiError::HostNotAllowed, BASE_MODELS),
        ErrorCode::ValidationFailed => {
            let fault = Fault::at("/technical_name", "length", "must be 1 to 40 characters long");
            (ApiError::ValidationFailed(vec![fault]), BASE_MODELS)
        }
        ErrorCode::StorageUnavailable => (ApiError::StorageUnavailable(unknown()), BASE_MODELS),
        ErrorCode::ReadOnly => (ApiError::ReadOnly(unknown()), BASE_MODELS),
        ErrorCode::DatabaseUnavailable => (ApiError::DatabaseUnavailable(unknown()), BASE_MODELS),
        ErrorCode::Overloaded => (ApiError::Overloaded, BASE_MODELS),
        ErrorCode::NotReady => {
            let fault = Fault::at("/database", "timeout", "did not answer within half a second");
            (ApiError::NotReady(vec![fault]), "/health/ready")
        }
        ErrorCode::Internal => (ApiError::Internal(unknown()), BASE_MODELS),
        ErrorCode::Refused => (ApiError::Refused(StatusCode::NOT_ACCEPTABLE), BASE_MODELS),
    }
}

/// Whether an operation can be answered with this code, if it answers its status at all.
fn can_meet(at: &Address, code: ErrorCode) -> bool {
    match code {
        ErrorCode::MalformedBody => at.has_body,
        ErrorCode::UnknownPath => !at.path.starts_with("/api/"),
        ErrorCode::NotFound => at.path.contains("{base_model}"),
        ErrorCode::NoDeploymentTemplate => {
            let reads = at.path.ends_with("/deployment-template") || at.path.ends_with("/modelfile");
            at.path.ends_with("/preview") || reads && at.method == "get"
        }
        ErrorCode::Unwritable => at.path.ends_with("/modelfile"),
        ErrorCode::NoSuchFile => at.path.contains("/files/"),
        ErrorCode::NoSuchJob => at.path.contains("/jobs/"),
        ErrorCode::FolderGone => at.path.ends_with("/refresh"),
        ErrorCode::NotReady => at.path == "/health/ready",
        ErrorCode::AlreadyExists => at.has_body && !at.path.ends_with("/batch"),
        ErrorCode::RequestInProgress | ErrorCode::IdempotencyKeyReused => {
            at.method == "post" && !at.path.ends_with("/preview")
        }
        ErrorCode::BatchTooLarge => at.path.ends_with("/batch"),
        ErrorCode::ValidationFailed => at.has_body,
        ErrorCode::ReadOnly => at.path.starts_with("/api/") && at.method != "get",
        ErrorCode::DatabaseUnavailable | ErrorCode::Overloaded => at.path.starts_with("/api/"),
        ErrorCode::StorageUnavailable => at.path.starts_with("/api/") && !at.path.contains("/jobs"),
        ErrorCode::InvalidParameter
        | ErrorCode::BodyTimeout
        | ErrorCode::MethodNotAllowed
        | ErrorCode::PreconditionFailed
        | ErrorCode::PreconditionRequired
        | ErrorCode::BodyTooLarge
        | ErrorCode::UnsupportedMediaType
        | ErrorCode::HostNotAllowed
        | ErrorCode::Internal
        | ErrorCode::Refused => true,
    }
}

/// What is told of a code.
struct Sample {
    code: ErrorCode,
    status: StatusCode,
    headers: Vec<String>,
    problem: Value,
}

impl Sample {
    fn of(code: ErrorCode) -> Self {
        let (error, instance) = sample(code);
        let mut errors = vec![error];
        if code == ErrorCode::UnsupportedMediaType {
            errors.push(ApiError::UnsupportedContentEncoding { accepted: "gzip" });
        }
        let told = errors.iter().flat_map(ApiError::headers).filter(|(name, _)| name != "connection");
        let headers = told.map(|(name, _)| name.to_string()).collect();
        let (status, problem) = errors
            .first()
            .map(|error| (error.status_code(), json!(error.problem(instance, REQUEST_ID))))
            .unwrap_or_default();
        Self { code, status, headers, problem }
    }

    fn reference(&self) -> (String, Value) {
        let name = self.code.as_str();
        (name.to_owned(), json!({"$ref": format!("#/components/examples/{name}")}))
    }

    fn example(&self) -> (String, Value) {
        (self.code.as_str().to_owned(), json!({"summary": self.code.title(), "value": self.problem}))
    }
}

/// Adds the problems that any operation can meet, and an example of each problem to each status.
pub fn complete(document: &mut Value) {
    let samples = ErrorCode::ALL.map(Sample::of);
    let mut used = Map::new();
    responses(document, |at, responses| {
        for (status, description) in ANYWHERE {
            responses.entry(status).or_insert_with(|| json!({"description": description}));
        }
        for (status, response) in responses.iter_mut().filter(|(status, _)| status.starts_with(['4', '5'])) {
            let met = samples.iter().filter(|sample| sample.status.as_str() == status && can_meet(at, sample.code));
            let met: Vec<&Sample> = met.collect();
            used.extend(met.iter().map(|sample| sample.example()));
            let examples: Map<String, Value> = met.iter().map(|sample| sample.reference()).collect();
            let problem = json!({"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples});
            let headers = met.iter().flat_map(|sample| &sample.headers).map(|name| (name.clone(), json!({})));
            if let Some(response) = response.as_object_mut() {
                response.insert("content".to_owned(), json!({PROBLEM: problem}));
                // The module `headers` says what they are.
                response.insert("headers".to_owned(), headers.collect());
            }
        }
    });
    if let Some(components) = document.get_mut("components").and_then(Value::as_object_mut) {
        components.insert("examples".to_owned(), Value::Object(used));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_an_example_of_its_own() {
        for code in ErrorCode::ALL {
            let (error, _) = sample(code);
            assert_eq!(error.code(), code, "the sample of {} is of another code", code.as_str());
        }
    }
}
