//! What the OpenAPI document says beyond the handlers: the service, and the problems they share.

use std::collections::BTreeMap;

use utoipa::openapi::{Content, Ref, RefOr, Response, Schema};
use utoipa::{IntoParams, IntoResponses, OpenApi};

use crate::answer::PROBLEM;
use crate::error::Problem;

/// The parts of the document that no handler gives.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Base Models",
        description = "The register of an organisation's foundation models. A base model is registered with two names and the folder \
            its files lie in; the service reads the folder and makes a model card of it, which training and inference \
            pipelines query. Nothing is fetched from the internet.\n\nErrors are problems (RFC 9457): `code` is stable, \
            `errors` names every fault, `type` leads to a page that explains it.",
        contact(name = "The Base Models maintainers"),
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    servers((url = "/", description = "This service")),
    tags(
        (name = "base models", description = "The register: list, register, change, delete."),
        (name = "cards", description = "What was read from the models' folders."),
        (name = "deployment templates", description = "The Go template of an Ollama Modelfile, as text."),
        (name = "integrity", description = "Whether a model's folder is complete and can be loaded."),
        (name = "memory", description = "What serving and training a model take."),
        (name = "jobs", description = "Work that takes longer than a request."),
        (name = "operation", description = "Health and version, for those who keep the service alive."),
    ),
    components(schemas(Problem))
)]
pub struct Documentation;

/// Headers of an operation that reads one base model.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it describes the headers in the OpenAPI document")]
pub struct ReadHeaders {
    /// Tags of the states you have; 304 if the current one is among them.
    #[param(rename = "If-None-Match", required = false, max_length = 1024)]
    if_none_match: String,
}

/// Headers of an operation that changes one base model.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it describes the headers in the OpenAPI document")]
pub struct ChangeHeaders {
    /// The tag of the state you know; 412 if there is a newer one.
    #[param(rename = "If-Match", required = false, max_length = 1024)]
    if_match: String,
}

/// What is only ever sent to the service. In every answer each member is present, and `null` where nothing is known.
const BODIES: [&str; 2] = ["NewBaseModel", "BaseModelChanges"];

/// Says of every answer that each of its members is always there.
pub fn require_all_members(document: &mut utoipa::openapi::OpenApi) {
    let Some(components) = &mut document.components else { return };
    for (name, schema) in &mut components.schemas {
        if let RefOr::T(Schema::Object(object)) = schema
            && !BODIES.contains(&name.as_str())
        {
            object.required = object.properties.keys().cloned().collect();
        }
    }
}

fn problems(problems: &[(&str, &str)]) -> BTreeMap<String, RefOr<Response>> {
    let response = |description: &str| {
        let mut response = Response::new(description);
        response.content.insert(PROBLEM.to_owned(), Content::new(Some(Ref::from_schema_name("Problem"))).into());
        RefOr::T(response)
    };
    problems.iter().map(|(status, description)| ((*status).to_owned(), response(description))).collect()
}

/// Problems of an operation that reads one base model.
pub struct ReadProblems;

impl IntoResponses for ReadProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            ("404", "There is no such base model, or it has no such part"),
            ("412", "It is not in the state that `If-Match` names"),
        ])
    }
}

/// Problems of an operation that changes one base model.
pub struct ChangeProblems;

impl IntoResponses for ChangeProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            ("404", "There is no such base model, or its folder is gone"),
            ("412", "It has changed since the state that `If-Match` names"),
        ])
    }
}

/// Problems of an operation that takes a body.
pub struct BodyProblems;

impl IntoResponses for BodyProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            ("408", "The body did not arrive within 10 seconds"),
            ("413", "The body is too large"),
            ("415", "The body is of another type, or encoded in a way that is not known"),
            ("422", "The body breaks a rule; `errors` has every fault"),
        ])
    }
}

/// Problems that any operation under the API can meet.
pub struct Unavailable;

impl IntoResponses for Unavailable {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            ("400", "The request cannot be read; `errors` says where"),
            ("421", "The host name is not one of this service"),
            ("500", "A fault of the service; the log has the cause under `request_id`"),
            ("503", "The database or the models root did not answer; try again"),
        ])
    }
}

/// Problems of an operation that needs neither the database nor the models root.
pub struct AnyProblems;

impl IntoResponses for AnyProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            ("400", "The request cannot be read; `errors` says where"),
            ("421", "The host name is not one of this service"),
        ])
    }
}

/// Problems of the pages about problems.
pub struct NoSuchProblem;

impl IntoResponses for NoSuchProblem {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[("400", "The request cannot be read; `errors` says where"), ("404", "There is no such code")])
    }
}
