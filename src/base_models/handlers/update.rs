use actix_web::web::Data;
use actix_web::{HttpResponse, patch};
use serde_json::Value;

use super::{answer, find};
use crate::app::{BodyProblems, ChangeHeaders, ChangeProblems, Service, Unavailable, detached};
use crate::base_models::input::{BaseModelChanges, NewBaseModel};
use crate::base_models::model::BaseModel;
use crate::base_models::reference::Asked;
use crate::base_models::replace::replace;
use crate::error::{ApiError, ApiResult, Problem};
use crate::extract::{Conditions, Members, Patch, ValidQuery};

/// How often a change is tried when somebody else is faster.
pub const TRIES: usize = 5;

/// Change a base model
///
/// Takes a merge patch (RFC 7396): what is absent stays, `null` clears. A changed `path` is read at once. Send the tag of
/// the state you know as `If-Match`, and nobody's change is lost: 412 if there is a newer one. A patch that changes
/// nothing leaves the tag as it is.
#[utoipa::path(
    tag = "base models",
    params(Asked, ChangeHeaders),
    request_body(
        content((BaseModelChanges = "application/merge-patch+json"), (BaseModelChanges = "application/json")),
        description = "The members to change",
    ),
    responses(
        (status = OK, body = BaseModel, description = "The base model as it is now", headers(("ETag" = String, description = "The tag of this state"))),
        (status = CONFLICT, body = Problem, content_type = "application/problem+json",
            description = "A name is taken; `conflicts` names who holds it"),
        ChangeProblems,
        BodyProblems,
        Unavailable,
    )
)]
#[patch("/base-models/{base_model}")]
pub async fn update_base_model(
    service: Data<Service>,
    asked: Asked,
    _: ValidQuery<()>,
    conditions: Conditions,
    Patch(patch): Patch,
) -> ApiResult<HttpResponse> {
    let updated = detached(async move { change(&service, &asked, &conditions, &patch).await }).await?;
    Ok(answer(HttpResponse::Ok(), &updated))
}

/// Applies a patch to the state that is there, and again to the next one if that was changed in between.
pub async fn change(service: &Service, asked: &Asked, conditions: &Conditions, patch: &Value) -> ApiResult<BaseModel> {
    for _ in 0..TRIES {
        let current = find(service, asked).await?;
        conditions.check_change(current.revision)?;
        let after = patched(&current.as_input(), patch)?;
        if let Some(updated) = replace(service, current, after).await? {
            return Ok(updated);
        }
    }
    Err(overtaken())
}

/// Others were faster, each time.
pub fn overtaken() -> ApiError {
    ApiError::DatabaseUnavailable(anyhow::anyhow!("the record changed {TRIES} times while it was being changed"))
}

/// The record as the patch would have it, judged like a new one.
fn patched(before: &NewBaseModel, patch: &Value) -> ApiResult<NewBaseModel> {
    let mut document = serde_json::to_value(before).map_err(|error| ApiError::Internal(error.into()))?;
    json_patch::merge(&mut document, patch);
    // The merge takes out what is null, known or not; the reading has to see it to refuse what is not known.
    if let (Some(members), Some(changes)) = (document.as_object_mut(), patch.as_object()) {
        for name in changes.keys() {
            members.entry(name).or_insert(Value::Null);
        }
    }
    // A template that was stored before templates were checked does not stand in the way of other changes.
    let kept = Value::from(before.deployment_template.clone());
    let is_kept = *document.get("deployment_template").unwrap_or(&Value::Null) == kept;
    if let (true, Some(members)) = (is_kept, document.as_object_mut()) {
        members.insert("deployment_template".to_owned(), Value::Null);
    }
    let mut after: NewBaseModel = Members::read(document)?;
    if is_kept {
        after.deployment_template = before.deployment_template.clone();
    }
    Ok(after)
}
