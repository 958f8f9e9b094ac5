//! What the OpenAPI document says beyond the handlers: the service, what operations share, and what each gets without
//! saying it itself: bounds, headers, the problems that any can meet, an example of everything.

mod examples;
mod headers;
mod problems;
mod schemas;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use utoipa::openapi::{Content, Ref, RefOr, Response};
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
    tags(
        (name = "base models", description = "The register: list, register, change, delete."),
        (name = "model folders", description = "What lies below the models root, registered or not."),
        (name = "trained model names", description = "What becomes of a technical name when a model is trained and deployed."),
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
    /// Tags of the states you have, such as `"3"`; 304 if the current one is among them.
    // The page of the API fills examples in, so they are conditions that hold.
    #[param(rename = "If-None-Match", required = false, max_length = 1024, example = "\"0\"")]
    if_none_match: String,
}

/// Headers of an operation that changes one base model.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it describes the headers in the OpenAPI document")]
pub struct ChangeHeaders {
    /// The tag of the state you know, such as `"3"`; 412 if there is a newer one. `*` is any state.
    #[param(rename = "If-Match", required = false, max_length = 1024, example = "*")]
    if_match: String,
}

/// The document as it is published: what the handlers say, and what holds for all of them.
pub fn published(document: &utoipa::openapi::OpenApi) -> Value {
    let mut document = serde_json::to_value(document).unwrap_or_default();
    schemas::complete(&mut document);
    problems::complete(&mut document);
    headers::complete(&mut document);
    headers::complete_conditions(&mut document);
    examples::complete(&mut document);
    if let Some(members) = document.as_object_mut() {
        // Whoever reaches the service may use it: no operation asks for a token.
        members.entry("security").or_insert(json!([]));
        members.insert(
            "servers".to_owned(),
            json!([{"url": "/", "description": "This service, local or in production", "x-internal": true}]),
        );
    }
    document
}

/// Where an operation is found.
struct Address {
    path: String,
    method: String,
    has_body: bool,
    /// Whether it can be done once only, by an `Idempotency-Key`.
    is_keyed: bool,
}

/// Visits the responses of every operation.
fn responses(document: &mut Value, mut visit: impl FnMut(&Address, &mut Map<String, Value>)) {
    for (address, operation) in operations(document) {
        if let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) {
            visit(&address, responses);
        }
    }
}

/// Visits the body that each operation takes.
fn bodies(document: &mut Value, visit: impl FnMut(&mut Value)) {
    operations(document).filter_map(|(_, operation)| operation.get_mut("requestBody")).for_each(visit);
}

/// Visits every parameter of every operation.
fn parameters(document: &mut Value, visit: impl FnMut(&mut Value)) {
    let lists = operations(document).filter_map(|(_, operation)| operation.get_mut("parameters")?.as_array_mut());
    lists.flatten().for_each(visit);
}

fn operations(document: &mut Value) -> impl Iterator<Item = (Address, &mut Value)> {
    let paths = document.get_mut("paths").and_then(Value::as_object_mut).into_iter().flatten();
    paths.flat_map(|(path, item)| {
        item.as_object_mut().into_iter().flatten().map(|(method, operation)| {
            let has_body = operation.get("requestBody").is_some();
            let parameters = operation.get("parameters").and_then(Value::as_array);
            let is_keyed = parameters
                .into_iter()
                .flatten()
                .any(|parameter| parameter.get("name") == Some(&json!("Idempotency-Key")));
            (Address { path: path.clone(), method: method.clone(), has_body, is_keyed }, operation)
        })
    })
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
            ("428", "This service is set up to demand `If-Match`"),
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
            (
                "422",
                "The body breaks a rule, and `errors` has every fault, or the `Idempotency-Key` was sent with another body",
            ),
        ])
    }
}

/// Problems of an operation that takes an `Idempotency-Key`.
pub struct IdempotencyProblems;

impl IntoResponses for IdempotencyProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            ("409", "The first request under this `Idempotency-Key` is still running"),
            ("422", "The `Idempotency-Key` was sent with another body"),
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
