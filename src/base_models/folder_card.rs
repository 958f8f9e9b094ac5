//! The card of a folder, ready to be stored with a record.

use super::facts::Facts;
use super::model::StoredCard;
use crate::app::Service;
use crate::cards::{Card, KeptFile, ModelPath};
use crate::error::{ApiError, ApiResult, Fault};
use crate::reading::{Reading, ReadingError};

/// What a folder gave.
pub struct FolderCard {
    /// The path in the form it is kept in.
    pub path: String,
    pub card: Card,
    /// The same card as the database keeps it.
    pub stored: StoredCard,
    /// What of it the register can be asked for.
    pub facts: Facts,
    /// The JSON files it was made of.
    pub files: Vec<KeptFile>,
}

impl FolderCard {
    /// Reads the folder at that path. A path that leads to none is a fault of the request.
    pub async fn read(service: &Service, path: &str) -> ApiResult<Self> {
        let fault = |detail: String| ApiError::ValidationFailed(vec![Fault::at("/path", "path", detail)]);
        let path = ModelPath::parse(path).map_err(|error| fault(error.to_string()))?;
        let Reading { path, extraction } = service.folders.card(path).await.map_err(|error| match error {
            ReadingError::Folder(error) => {
                fault(format!("{error} below the models root: put the model's files there, or mend the path"))
            }
            other => ApiError::StorageUnavailable(other.into()),
        })?;
        let stored = StoredCard::new(&extraction.card).map_err(|error| ApiError::Internal(error.into()))?;
        let facts = Facts::of(&extraction.card);
        Ok(Self { path: path.to_string(), card: extraction.card, stored, facts, files: extraction.files })
    }
    /// Bytes of what is stored of it.
    pub fn size(&self) -> usize {
        self.stored.size() + self.files.iter().map(|file| file.content.len()).sum::<usize>()
    }
}
