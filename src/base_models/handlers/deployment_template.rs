use actix_web::http::header::{ContentType, ETag};
use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, put};
use serde_json::json;

use super::read;
use super::update::change;
use crate::app::{
    BodyProblems, ChangeHeaders, ChangeProblems, ReadHeaders, ReadProblems, Service, Unavailable, detached,
};
use crate::base_models::input::{MAX_TEMPLATE, Template};
use crate::base_models::reference::Asked;
use crate::error::{ApiError, ApiResult};
use crate::extract::{Conditions, Text, ValidQuery, tag};

/// Get the deployment template
///
/// The Go template of an Ollama Modelfile, as it was given.
#[utoipa::path(
    tag = "deployment templates",
    params(Asked, ReadHeaders),
    responses(
        (status = OK, body = Template, content_type = "text/plain", description = "The template", headers(("ETag" = String, description = "The tag of the base model's state")), example = json!("{{ .System }} {{ .Prompt }}")),
        (status = NOT_MODIFIED, description = "The base model has not changed"),
        ReadProblems,
        Unavailable,
    )
)]
#[get("/base-models/{base_model}/deployment-template")]
pub async fn get_deployment_template(
    service: Data<Service>,
    asked: Asked,
    _: ValidQuery<()>,
    conditions: Conditions,
) -> ApiResult<HttpResponse> {
    read(&service, &asked, &conditions, async |base_model| {
        let template = base_model.deployment_template.clone().ok_or(ApiError::NoDeploymentTemplate)?;
        Ok(HttpResponse::Ok().content_type(ContentType::plaintext()).body(template))
    })
    .await
}

/// Set the deployment template
///
/// Takes the text itself, so that `curl -T template.gotmpl` and a page's file upload both work: `application/octet-stream`
/// is taken like `text/plain`, and so is a body without a type. 64 KiB at most. A template that does not parse,
/// or names functions or fields that Ollama does not give, is refused with line and column.
#[utoipa::path(
    tag = "deployment templates",
    params(Asked, ChangeHeaders),
    request_body(content = Template, content_type = "text/plain", description = "The template", example = json!("{{ .System }} {{ .Prompt }}")),
    responses(
        (status = NO_CONTENT, description = "It is set", headers(("ETag" = String, description = "The tag of the new state"))),
        ChangeProblems,
        BodyProblems,
        Unavailable,
    )
)]
#[put("/base-models/{base_model}/deployment-template")]
pub async fn put_deployment_template(
    service: Data<Service>,
    asked: Asked,
    _: ValidQuery<()>,
    conditions: Conditions,
    Text(template): Text<MAX_TEMPLATE>,
) -> ApiResult<HttpResponse> {
    let patch = json!({"deployment_template": template});
    let updated = detached(async move { change(&service, &asked, &conditions, &patch).await }).await?;
    Ok(HttpResponse::NoContent().insert_header(ETag(tag(updated.revision))).finish())
}

/// Remove the deployment template
///
/// The base model has none afterwards, as if none had been given.
#[utoipa::path(
    tag = "deployment templates",
    params(Asked, ChangeHeaders),
    responses(
        (status = NO_CONTENT, description = "There is none now", headers(("ETag" = String, description = "The tag of the new state"))),
        ChangeProblems,
        Unavailable,
    )
)]
#[delete("/base-models/{base_model}/deployment-template")]
pub async fn delete_deployment_template(
    service: Data<Service>,
    asked: Asked,
    _: ValidQuery<()>,
    conditions: Conditions,
) -> ApiResult<HttpResponse> {
    let patch = json!({"deployment_template": null});
    let updated = detached(async move { change(&service, &asked, &conditions, &patch).await }).await?;
    Ok(HttpResponse::NoContent().insert_header(ETag(tag(updated.revision))).finish())
}
