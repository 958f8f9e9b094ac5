//! A survey: which folders below the models root hold a model, and what is wrong with those that do not.
//!
//! Each folder gets a look that is far cheaper than its card: its list of files, its configuration, the
//! beginning of a GGUF file, and files so small that they are pointers. What belongs to a model (the
//! parts of a pipeline, the modules of an encoder, checkpoints) is part of its folder and not told apart.

mod finding;
mod look;
#[cfg(test)]
mod tests;
mod walk;

use std::io;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::folder::ModelsRoot;
use super::kind::Kind;
pub use finding::{FindingCode, FolderFinding};
use walk::Walk;

/// Bounds on one survey: a hostile or huge tree costs no more than this.
#[derive(Debug, Clone)]
pub struct SurveyLimits {
    /// Folders above a model.
    pub depth: usize,
    /// Entries of one folder.
    pub entries: usize,
    /// Entries of all folders together.
    pub all_entries: usize,
    /// Folders that are told.
    pub folders: usize,
    /// Time for the whole.
    pub time: Duration,
    /// Time for one folder.
    pub look: Duration,
}

impl Default for SurveyLimits {
    fn default() -> Self {
        Self {
            depth: 16,
            entries: 200_000,
            all_entries: 5_000_000,
            folders: 50_000,
            time: Duration::from_secs(25),
            look: Duration::from_secs(2),
        }
    }
}

/// How far a survey is.
#[derive(Debug, Clone, Copy, Default)]
pub struct SurveyProgress {
    /// Entries that were looked at.
    pub entries: usize,
    /// Folders that will be told.
    pub folders: usize,
}

/// What was found, sorted by path.
#[derive(Debug, Default)]
pub struct Survey {
    pub folders: Vec<FoundFolder>,
}

/// A folder, or a single file, that holds a model or should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundFolder {
    /// As it is registered: `models/X`.
    pub path: String,
    /// Other paths that lead to the same.
    pub links: Vec<String>,
    /// What it was recognised as.
    pub kind: Option<FolderKind>,
    pub family: Option<String>,
    /// Bytes of its files.
    pub size_bytes: Option<u64>,
    /// Why it is no model, or not a whole one.
    pub finding: Option<FolderFinding>,
}

impl FoundFolder {
    /// Whether it can be registered and all of it is there.
    pub fn is_available(&self) -> bool {
        self.kind.is_some() && self.finding.is_none()
    }

    /// Whether it can be registered although not all of it is there.
    pub fn is_incomplete(&self) -> bool {
        self.kind.is_some() && self.finding.as_ref().is_some_and(|finding| !finding.code.bars())
    }
}

/// What a folder is laid out as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FolderKind {
    Transformers,
    SentenceTransformers,
    /// A pipeline of diffusers.
    Diffusers,
    /// One part of a pipeline of diffusers.
    DiffusersComponent,
    /// An adapter of PEFT, which is not a model of its own.
    Adapter,
    /// The formats in which Mistral and Meta publish.
    Native,
    Gguf,
    /// Weights without a description.
    Safetensors,
    Modelscope,
}

impl FolderKind {
    pub const ALL: [Self; 9] = [
        Self::Transformers,
        Self::SentenceTransformers,
        Self::Diffusers,
        Self::DiffusersComponent,
        Self::Adapter,
        Self::Native,
        Self::Gguf,
        Self::Safetensors,
        Self::Modelscope,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Transformers => "transformers",
            Self::SentenceTransformers => "sentence_transformers",
            Self::Diffusers => "diffusers",
            Self::DiffusersComponent => "diffusers_component",
            Self::Adapter => "adapter",
            Self::Native => "native",
            Self::Gguf => "gguf",
            Self::Safetensors => "safetensors",
            Self::Modelscope => "modelscope",
        }
    }

    fn of(kind: Kind) -> Option<Self> {
        match kind {
            Kind::Pipeline => Some(Self::Diffusers),
            Kind::SentenceTransformers => Some(Self::SentenceTransformers),
            Kind::Transformers => Some(Self::Transformers),
            Kind::Component => Some(Self::DiffusersComponent),
            Kind::Adapter => Some(Self::Adapter),
            Kind::Native => Some(Self::Native),
            Kind::Gguf => Some(Self::Gguf),
            Kind::Safetensors => Some(Self::Safetensors),
            Kind::ModelScope => Some(Self::Modelscope),
            Kind::Foreign | Kind::Nothing => None,
        }
    }
}

/// Walks through the models root. Only a root that cannot be opened at all is an error.
pub fn survey(
    root: &ModelsRoot,
    limits: &SurveyLimits,
    progress: &mut dyn FnMut(SurveyProgress),
) -> io::Result<Survey> {
    let branch = root.branch()?;
    let mut folders = Walk::new(limits, progress).through(&branch);
    folders.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(Survey { folders })
}
