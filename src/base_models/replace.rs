//! Putting another description of a base model in the place of the one that is stored.

use super::folder_card::FolderCard;
use super::input::NewBaseModel;
use super::model::{BaseModel, Row, UNIQUE_NAMES};
use super::register::taken;
use crate::app::Service;
use crate::database::Connection;
use crate::error::{ApiResult, OnConstraint as _};

/// Replaces what is stored of a base model if that is something else; another path is read at once. `None` if the record
/// changed in between.
pub async fn replace(service: &Service, current: BaseModel, after: NewBaseModel) -> ApiResult<Option<BaseModel>> {
    let before = current.as_input();
    if after == before {
        return Ok(Some(current));
    }
    let folder = match after.path == before.path {
        true => None,
        false => Some(FolderCard::read(service, &after.path).await?),
    };
    let mut row = Row::from(after);
    if let Some(folder) = &folder {
        row.path = folder.path.clone();
    }
    let (id, revision) = (current.id, current.revision);
    let write = async |db: &mut Connection| BaseModel::update(id, revision, &row, folder.as_ref(), db).await;
    let updated = service.database.write(write).await;
    match updated.on_constraint(&UNIQUE_NAMES)? {
        Some(updated) => Ok(updated),
        None => taken(service, &row, Some(id)).await.map(|()| None),
    }
}
