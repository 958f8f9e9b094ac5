//! How an address names a base model: by its id or by its technical name.

use uuid::Uuid;

use super::names;

/// What stands in an address for a base model. No technical name looks like an id, so it is one or the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    Id(Uuid),
    /// The technical name, folded.
    TechnicalName(String),
    /// Neither; nothing can have it.
    Nothing,
}

impl From<&str> for Reference {
    fn from(text: &str) -> Self {
        match Uuid::try_parse(text) {
            Ok(id) => Self::Id(id),
            Err(_) if names::is_technical_name(text) => Self::TechnicalName(names::technical_name_key(text)),
            Err(_) => Self::Nothing,
        }
    }
}
