use actix_web::web::Data;
use actix_web::{HttpResponse, delete};

use super::find;
use crate::app::{ChangeHeaders, ChangeProblems, Service, Unavailable, detached};
use crate::base_models::model::BaseModel;
use crate::base_models::reference::Asked;
use crate::error::ApiResult;
use crate::extract::{Conditions, ValidQuery};

/// Delete a base model
///
/// Takes it out of the register. The model's files are not touched.
#[utoipa::path(
    tag = "base models",
    params(Asked, ChangeHeaders),
    responses(
        (status = NO_CONTENT, description = "It is gone"),
        ChangeProblems,
        Unavailable,
    )
)]
#[delete("/base-models/{base_model}")]
pub async fn delete_base_model(
    service: Data<Service>,
    asked: Asked,
    _: ValidQuery<()>,
    conditions: Conditions,
) -> ApiResult<HttpResponse> {
    detached(async move { delete(&service, &asked, &conditions).await }).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Deletes the state that fulfils the conditions, or the next one if that was changed in between.
async fn delete(service: &Service, asked: &Asked, conditions: &Conditions) -> ApiResult<()> {
    loop {
        let current = find(service, asked).await?;
        conditions.check_change(current.revision)?;
        let (id, revision) = (current.id, current.revision);
        if service.database.write(async |db| BaseModel::delete(id, revision, db).await).await? {
            return Ok(());
        }
    }
}
