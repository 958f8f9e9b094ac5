//! Registering one base model: reading its folder, storing it, and telling who holds its names if they are taken.

use actix_web::HttpResponse;
use uuid::Uuid;

use super::folder_card::FolderCard;
use super::input::NewBaseModel;
use super::model::{BaseModel, Row, UNIQUE_NAMES};
use crate::app::Service;
use crate::database::{Connection, DatabaseError};
use crate::error::{ApiError, ApiResult, OnConstraint as _};
use crate::idempotency::Once;

/// A base model whose folder was read, ready to be stored.
pub struct Registration {
    pub row: Row,
    pub folder: FolderCard,
}

impl Registration {
    /// Reads the folder. A path that leads to none is a fault of the request.
    pub async fn read(service: &Service, new: NewBaseModel) -> ApiResult<Self> {
        let folder = FolderCard::read(service, &new.path).await?;
        let row = Row { path: folder.path.clone(), ..Row::from(new) };
        Ok(Self { row, folder })
    }

    /// Inserts, and says who holds the names if they are taken.
    pub async fn store(&self, service: &Service) -> ApiResult<BaseModel> {
        let write = async |db: &mut Connection| BaseModel::insert(&self.row, &self.folder, db).await;
        self.unless_taken(service, async || service.database.write(write).await).await
    }

    /// What would be stored, rules of the database and all.
    pub async fn try_store(&self, service: &Service) -> ApiResult<BaseModel> {
        let write = async |db: &mut Connection| BaseModel::try_insert(&self.row, &self.folder, db).await;
        self.unless_taken(service, async || service.database.write(write).await).await
    }

    /// Inserts and keeps the answer under the request's key.
    pub async fn store_once(
        &self,
        service: &Service,
        once: &Once,
        answer: impl Fn(&BaseModel) -> HttpResponse,
    ) -> ApiResult<HttpResponse> {
        let insert = async |db: &mut Connection| {
            BaseModel::insert(&self.row, &self.folder, db).await.map(|created| Some(answer(&created)))
        };
        let answer = self.unless_taken(service, async || once.write(service, insert).await).await?;
        answer.ok_or_else(|| ApiError::Internal(anyhow::anyhow!("a base model that was registered has no answer")))
    }

    /// Says who holds the names if the write finds them taken. A holder that is gone by then is tried again.
    async fn unless_taken<T>(
        &self,
        service: &Service,
        write: impl AsyncFn() -> Result<T, DatabaseError>,
    ) -> ApiResult<T> {
        for _ in 0..3 {
            if let Some(written) = write().await.on_constraint(&UNIQUE_NAMES)? {
                return Ok(written);
            }
            taken(service, &self.row, None).await?;
        }
        Err(ApiError::Internal(anyhow::anyhow!("a name was taken and free again three times over")))
    }
}

/// An error if another record than `except` holds a name of this row.
pub async fn taken(service: &Service, row: &Row, except: Option<Uuid>) -> ApiResult<()> {
    let conflicts = service.database.read(async |db| BaseModel::conflicts(row, except, db).await).await?;
    if conflicts.is_empty() { Ok(()) } else { Err(ApiError::AlreadyExists(conflicts)) }
}
