//! What a dry run answers.

use serde::Serialize;
use utoipa::ToSchema;

use super::input::{Property, PropertyName};
use super::model::{BaseModel, Properties, StoredCard};
use super::notices::Notices;
use crate::cards::Card;

/// A base model as it would be registered: without what only a registered one has.
#[derive(Debug, Serialize, ToSchema)]
pub struct BaseModelDraft {
    #[schema(min_length = 1, max_length = 40, example = "llama3.2-1b")]
    pub technical_name: String,
    #[schema(min_length = 1, max_length = 200, example = "Llama-3.2-1B-Instruct")]
    pub model_name: String,
    #[schema(max_length = 1031, example = "models/Llama-3.2-1B-Instruct")]
    pub path: String,
    #[schema(max_length = 16384, example = "Small model of the chat team")]
    pub description: Option<String>,
    #[schema(max_items = 32)]
    pub tags: Vec<String>,
    #[schema(value_type = std::collections::BTreeMap<PropertyName, Property>)]
    pub properties: Properties,
    #[schema(max_length = 65536, example = "{{ .System }} {{ .Prompt }}")]
    pub deployment_template: Option<String>,
    #[schema(value_type = Vec<String>, max_items = 1, example = json!([]))]
    pub notices: Notices,
    #[schema(value_type = Card)]
    pub card: StoredCard,
}

impl From<BaseModel> for BaseModelDraft {
    fn from(stored: BaseModel) -> Self {
        Self {
            technical_name: stored.technical_name,
            model_name: stored.model_name,
            path: stored.path,
            description: stored.description,
            tags: stored.tags,
            properties: stored.properties,
            deployment_template: stored.deployment_template,
            notices: stored.notices,
            card: stored.card,
        }
    }
}
