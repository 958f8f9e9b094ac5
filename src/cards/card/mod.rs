//! The card: what a model folder says of the model in it, and where it says so.
//!
//! Every member is always present; what is not known is `null`, or an empty list. Numbers are
//! exact: counts are 64-bit integers from the file to the answer.

mod architecture;
mod weights;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::Source;
use super::warning::CardWarning;
pub use architecture::*;
pub use weights::*;

/// The shape of the card; it grows by one when a reader of older cards could misread a newer one.
pub const SCHEMA_VERSION: u32 = 1;

/// What was read from a model folder.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Card {
    /// Version of the card's shape.
    #[schema(example = 1)]
    pub schema_version: u32,
    pub status: CardStatus,
    /// When the folder was read.
    pub extracted_at: DateTime<Utc>,
    /// Program and version that read the folder.
    #[schema(example = "base-models 0.1.0")]
    pub extractor: String,
    /// Digest of everything that was read: equal fingerprint, equal card.
    #[schema(example = "9f2b6c1de3a74f5f8d0c5b7a1e4c3d2b")]
    pub fingerprint: String,
    /// The model's family: `model_type` of transformers, `general.architecture` of GGUF.
    #[schema(example = "llama")]
    pub family: Option<String>,
    /// Model classes, as `config.json` names them.
    pub architectures: Vec<String>,
    /// The library the folder is laid out for: `transformers`, `diffusers`, `sentence-transformers`, `gguf`, `peft`, ...
    #[schema(example = "transformers")]
    pub library: Option<String>,
    /// The task, in the words of the Hugging Face Hub: `text-generation`, `fill-mask`, ...
    #[schema(example = "text-generation")]
    pub task: Option<String>,
    pub modalities: Modalities,
    /// What the model can be asked to do.
    pub capabilities: Vec<Capability>,
    #[schema(example = "A multilingual model for dialogue.")]
    pub description: Option<String>,
    #[schema(example = "3.2")]
    pub version: Option<String>,
    pub license: License,
    /// Languages, as the author wrote them (mostly ISO 639-1).
    pub languages: Vec<String>,
    pub tags: Vec<String>,
    pub authors: Vec<String>,
    pub datasets: Vec<String>,
    /// The models this one was made from.
    pub base_models: Vec<String>,
    pub references: Vec<String>,
    #[schema(example = "May state what is not so.")]
    pub limitations: Option<String>,
    pub training_objectives: Vec<String>,
    #[schema(example = "pytorch")]
    pub training_framework: Option<String>,
    /// When the author says the model was released.
    #[schema(example = "2024-09-25")]
    pub released_at: Option<String>,
    pub architecture: Architecture,
    pub weights: Weights,
    pub tokenizer: Tokenizer,
    pub chat_template: ChatTemplate,
    pub generation: Generation,
    /// Set for an adapter (LoRA and others), which is not a model of its own.
    pub adapter: Option<Adapter>,
    /// Set for a model that makes embeddings.
    pub embedding: Option<Embedding>,
    /// Where each value comes from, by JSON Pointer into this card.
    pub sources: BTreeMap<String, Source>,
    pub warnings: Vec<CardWarning>,
    /// The files of the folder, those that were read first.
    pub files: Vec<CardFile>,
}

impl Card {
    /// The card of a folder in which nothing was found yet.
    pub fn empty() -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            extracted_at: Utc::now(),
            extractor: concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).to_owned(),
            ..Self::default()
        }
    }
}

/// How much of what a model folder should hold was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CardStatus {
    /// Everything expected is there and could be read.
    Complete,
    /// Something expected is missing or unreadable: `warnings` say what.
    Partial,
    /// Nothing was recognised.
    #[default]
    Empty,
}

impl CardStatus {
    pub const ALL: [Self; 3] = [Self::Complete, Self::Partial, Self::Empty];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Partial => "partial",
            Self::Empty => "empty",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

/// What goes in and what comes out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Modalities {
    pub input: Vec<Modality>,
    pub output: Vec<Modality>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Modality {
    Text,
    Image,
    Audio,
    Video,
    Embedding,
}

/// Something the model can be asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// Continues a text.
    Completion,
    /// Has a chat template.
    Chat,
    /// Its chat template knows tools.
    Tools,
    /// Its chat template knows a thinking part.
    Thinking,
    /// Takes images.
    Vision,
    /// Takes audio.
    Audio,
    /// Makes embeddings.
    Embedding,
    /// Fills in the middle of a text.
    Insert,
    /// Ranks documents against a query.
    Rerank,
}

impl Capability {
    pub const ALL: [Self; 9] = [
        Self::Completion,
        Self::Chat,
        Self::Tools,
        Self::Thinking,
        Self::Vision,
        Self::Audio,
        Self::Embedding,
        Self::Insert,
        Self::Rerank,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Completion => "completion",
            Self::Chat => "chat",
            Self::Tools => "tools",
            Self::Thinking => "thinking",
            Self::Vision => "vision",
            Self::Audio => "audio",
            Self::Embedding => "embedding",
            Self::Insert => "insert",
            Self::Rerank => "rerank",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct License {
    /// Identifier as the Hub writes it, in lower case: `apache-2.0`, `llama3.1`, `other`.
    #[schema(example = "llama3.2")]
    pub id: Option<String>,
    #[schema(example = "Llama 3.2 Community License")]
    pub name: Option<String>,
    #[schema(example = "LICENSE.txt")]
    pub link: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Tokenizer {
    #[schema(example = "PreTrainedTokenizerFast")]
    pub class: Option<String>,
    #[schema(example = 128256)]
    pub vocab_size: Option<u64>,
    #[schema(example = 131072)]
    pub max_length: Option<u64>,
    #[schema(example = "<|begin_of_text|>")]
    pub bos_token: Option<String>,
    #[schema(example = "<|eot_id|>")]
    pub eos_token: Option<String>,
    #[schema(example = "<|finetune_right_pad_id|>")]
    pub pad_token: Option<String>,
}

/// Jinja chat templates, as the author wrote them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct ChatTemplate {
    #[schema(example = "{% for message in messages %}{{ message.content }}{% endfor %}")]
    pub default: Option<String>,
    /// Further templates by their names, such as `tool_use` or `rag`.
    pub named: BTreeMap<String, String>,
}

/// How the author suggests to sample.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Generation {
    #[schema(example = 0.6)]
    pub temperature: Option<f64>,
    #[schema(example = 0.9)]
    pub top_p: Option<f64>,
    #[schema(example = 20)]
    pub top_k: Option<u64>,
    #[schema(example = 0.05)]
    pub min_p: Option<f64>,
    #[schema(example = 1.1)]
    pub repetition_penalty: Option<f64>,
    #[schema(example = 2048)]
    pub max_new_tokens: Option<u64>,
    pub do_sample: Option<bool>,
    pub eos_token_ids: Vec<u64>,
}

/// What an adapter changes, and of which model.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Adapter {
    /// `LORA`, `IA3`, `PREFIX_TUNING`, ...
    #[serde(rename = "type")]
    #[schema(example = "LORA")]
    pub kind: Option<String>,
    #[schema(example = 16)]
    pub rank: Option<u64>,
    #[schema(example = 32.0)]
    pub alpha: Option<f64>,
    pub target_modules: Vec<String>,
}

/// How a text becomes a vector.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Embedding {
    #[schema(example = 384)]
    pub dimension: Option<u64>,
    /// `cls`, `mean`, `max`, `lasttoken`, ...
    #[schema(example = "mean")]
    pub pooling: Option<String>,
    /// Longest text, in tokens.
    #[schema(example = 256)]
    pub max_tokens: Option<u64>,
    /// `cosine`, `dot`, ...
    #[schema(example = "cosine")]
    pub similarity: Option<String>,
}

/// A file of the folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CardFile {
    /// Path inside the model folder.
    #[schema(example = "config.json")]
    pub path: String,
    #[schema(example = 877)]
    pub size_bytes: u64,
    pub kind: FileKind,
    /// Whether its content was read for the card.
    pub read: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    Config,
    Tokenizer,
    ChatTemplate,
    Processor,
    WeightsIndex,
    Weights,
    Readme,
    License,
    Code,
    Other,
}
