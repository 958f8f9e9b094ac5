//! A folder as it is told: what lies there, joined with what is registered.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::cards::{FolderFinding, FolderKind, FoundFolder};
use crate::trained_model_names::train_name_characters;

/// A folder, or a single `.gguf` file, below the models root.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ModelFolderEntry {
    /// As it is registered, relative to the models root.
    #[schema(max_length = 8192, example = "models/Llama-3.2-1B-Instruct")]
    pub path: String,
    pub state: FolderState,
    /// What it was recognised as; `null` if it was not.
    pub kind: Option<FolderKind>,
    /// `model_type` of transformers, or the architecture of GGUF.
    #[schema(max_length = 100, example = "llama")]
    pub family: Option<String>,
    /// Bytes of its files; `null` where they were not looked at.
    #[schema(example = 2_471_645_608_u64)]
    pub size_bytes: Option<u64>,
    /// Other paths that lead to the same folder: links, and the snapshot that a repository of a download cache stands for.
    #[schema(max_items = 50000)]
    pub links: Vec<String>,
    /// Why it is no model, or not a whole one; `null` if it is one.
    pub reason: Option<FolderFinding>,
    /// The base models that are registered with this folder or with something in it.
    #[schema(max_items = 1000)]
    pub registered_as: Vec<RegisteredAs>,
    /// Names that are free and keep all rules; `null` for what is registered or cannot be.
    pub proposal: Option<ProposedNames>,
}

/// Whether a folder is registered, or can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FolderState {
    /// A base model is registered with it.
    Registered,
    /// A whole model that is not registered.
    Available,
    /// Recognised, but not all of the model is there: `reason` says what is missing. It can be registered nevertheless.
    Incomplete,
    /// Not recognised: `reason` says why.
    Unusable,
}

impl FolderState {
    pub const ALL: [Self; 4] = [Self::Registered, Self::Available, Self::Incomplete, Self::Unusable];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Available => "available",
            Self::Incomplete => "incomplete",
            Self::Unusable => "unusable",
        }
    }

    pub fn of(found: &FoundFolder, is_registered: bool) -> Self {
        if is_registered {
            Self::Registered
        } else if found.is_available() {
            Self::Available
        } else if found.is_incomplete() {
            Self::Incomplete
        } else {
            Self::Unusable
        }
    }
}

/// A base model that is registered with a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RegisteredAs {
    pub id: Uuid,
    #[schema(max_length = 40, example = "llama3.2-1b")]
    pub technical_name: String,
    #[schema(max_length = 200, example = "Llama-3.2-1B-Instruct")]
    pub model_name: String,
    /// Where the base model is found.
    #[schema(max_length = 100, example = "/api/v1/base-models/0192f0c1-2b6e-7c3a-9f00-2f6d1e6f0a11")]
    pub href: String,
}

/// Names under which a folder could be registered now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProposedNames {
    #[schema(min_length = 1, max_length = 40, example = "llama-3.2-1b-instruct")]
    pub technical_name: String,
    #[schema(min_length = 1, max_length = 200, example = "Llama-3.2-1B-Instruct")]
    pub model_name: String,
    /// Characters that this technical name leaves for the name of a training.
    #[schema(minimum = 0, maximum = 80, example = 14)]
    pub train_name_characters: u32,
}

impl ProposedNames {
    pub fn new(technical_name: String, model_name: String) -> Self {
        Self { train_name_characters: train_name_characters(&technical_name), technical_name, model_name }
    }
}
