//! Reading the folder of a record again, and telling what changed.

use diesel::QueryResult;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::folder_card::FolderCard;
use super::model::{BaseModel, Row};
use crate::app::Service;
use crate::database::Connection;
use crate::error::{ApiError, ApiResult};

/// Members that say when and by what a card was made, not what it says.
const CIRCUMSTANCES: [&str; 3] = ["extracted_at", "extractor", "fingerprint"];

/// A difference between two cards.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CardChange {
    /// Where it is, as a JSON Pointer into the card.
    #[schema(example = "/weights/shards/found")]
    pub path: String,
    /// What stood there; `null` if nothing did.
    #[schema(value_type = Object, nullable, example = json!(3))]
    pub before: Value,
    /// What stands there now; `null` if nothing does.
    #[schema(value_type = Object, nullable, example = json!(4))]
    pub after: Value,
}

/// A record after its folder was read again.
pub struct Refreshed {
    pub base_model: BaseModel,
    pub changes: Vec<CardChange>,
}

/// Reads the folder of a record and stores the card if it is another one. `None` if the record changed meanwhile.
pub async fn refresh(service: &Service, current: BaseModel) -> ApiResult<Option<Refreshed>> {
    let reading = Reading::of(service, current).await?;
    if reading.is_same() {
        return Ok(Some(Refreshed { base_model: reading.current, changes: Vec::new() }));
    }
    let updated = service.database.write(async |db| reading.store(db).await).await?;
    Ok(updated.map(|base_model| Refreshed { base_model, changes: reading.changes }))
}

/// A record and what its folder holds now.
pub struct Reading {
    pub current: BaseModel,
    pub changes: Vec<CardChange>,
    /// What the folder gave, unless that is what is stored.
    folder: Option<FolderCard>,
}

impl Reading {
    /// Reads the folder of a record.
    pub async fn of(service: &Service, current: BaseModel) -> ApiResult<Self> {
        let folder = FolderCard::read(service, &current.path).await.map_err(|error| match error {
            // The path was good when it was stored: it is the folder that is gone, not the request that is wrong.
            ApiError::ValidationFailed(_) => ApiError::FolderGone(current.path.clone()),
            other => other,
        })?;
        let before: Value = current.card.parse().map_err(internal)?;
        let is_same = |name: &str, now: &str| before.get(name).and_then(Value::as_str) == Some(now);
        if is_same("fingerprint", &folder.card.fingerprint) && is_same("extractor", &folder.card.extractor) {
            return Ok(Self { current, changes: Vec::new(), folder: None });
        }
        let after = serde_json::to_value(&folder.card).map_err(internal)?;
        Ok(Self { current, changes: changes(&before, &after), folder: Some(folder) })
    }

    /// Whether the folder gave what is stored.
    pub fn is_same(&self) -> bool {
        self.folder.is_none()
    }

    /// Stores what the folder gave. `None` if the record changed meanwhile.
    pub async fn store(&self, db: &mut Connection) -> QueryResult<Option<BaseModel>> {
        let row = Row::from(self.current.as_input());
        BaseModel::update(self.current.id, self.current.revision, &row, self.folder.as_ref(), db).await
    }
}

fn internal(error: serde_json::Error) -> ApiError {
    ApiError::Internal(error.into())
}

/// What is different between two cards, leaving out the circumstances of their making.
pub fn changes(before: &Value, after: &Value) -> Vec<CardChange> {
    let mut changes = Vec::new();
    compare("", before, after, &mut changes);
    changes
}

fn compare(path: &str, before: &Value, after: &Value, changes: &mut Vec<CardChange>) {
    match (before, after) {
        _ if before == after => {}
        (Value::Object(old), Value::Object(new)) if !path.starts_with("/sources/") => {
            let added = new.keys().filter(|name| !old.contains_key(*name));
            for name in
                old.keys().chain(added).filter(|name| !(path.is_empty() && CIRCUMSTANCES.contains(&name.as_str())))
            {
                let path = format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
                compare(&path, old.get(name).unwrap_or(&Value::Null), new.get(name).unwrap_or(&Value::Null), changes);
            }
        }
        // Lists of different lengths are told whole: what moved where is anybody's guess.
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                compare(&format!("{path}/{index}"), old, new, changes);
            }
        }
        _ => changes.push(CardChange { path: path.to_owned(), before: before.clone(), after: after.clone() }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn differences_are_told_by_pointer_with_both_values() {
        let before = json!({"extracted_at": "a", "fingerprint": "1", "tags": ["x"], "old": 1, "architectures": ["A"],
            "weights": {"shards": {"found": 3}}, "sources": {"/a": {"file": "x", "pointer": "/a"}}});
        let after = json!({"extracted_at": "b", "fingerprint": "2", "tags": ["x"], "new": null, "architectures": [],
            "weights": {"shards": {"found": 4}}, "sources": {"/a": {"file": "y", "pointer": "/a"}}});
        let mut told: Vec<_> =
            changes(&before, &after).into_iter().map(|change| (change.path, change.before, change.after)).collect();
        told.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(
            told,
            [
                ("/architectures".to_owned(), json!(["A"]), json!([])),
                ("/old".to_owned(), json!(1), Value::Null),
                (
                    "/sources/~1a".to_owned(),
                    json!({"file": "x", "pointer": "/a"}),
                    json!({"file": "y", "pointer": "/a"})
                ),
                ("/weights/shards/found".to_owned(), json!(3), json!(4)),
            ]
        );
    }
}
