//! Why a folder is no model, or not a whole one.

use std::io;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The reason, for a program and for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FolderFinding {
    pub code: FindingCode,
    /// What was found, and what to do about it.
    #[schema(example = "holds a README and no files of a model; fetch the rest of the repository")]
    pub detail: String,
}

/// Stable name of a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingCode {
    /// The model is described, but its weights are not there.
    NoWeights,
    /// Files are Git LFS pointers instead of their content.
    LfsPointers,
    /// A download was left unfinished.
    PartialDownload,
    /// The numbering of the weights promises files that are not there.
    MissingShards,
    /// Links leave the models root, lead nowhere or run in a circle.
    LinkRefused,
    /// Only a README, a licence and the like.
    OnlyReadme,
    /// Nothing at all.
    Empty,
    /// Other files than those of a model.
    NotAModel,
    /// Weights, a tokenizer or the like, and nothing that says of which model.
    NoConfiguration,
    /// The configuration cannot be read.
    BrokenConfiguration,
    /// The configuration is of a schema that is not known here.
    ForeignConfiguration,
    /// A GGUF file whose header cannot be read.
    BrokenWeights,
    /// The folder cannot be read.
    Unreadable,
    /// The path holds characters that no registered path may have, or is too long.
    BadPath,
    /// A limit ended the survey here.
    LimitReached,
}

impl FindingCode {
    pub const ALL: [Self; 15] = [
        Self::NoWeights,
        Self::LfsPointers,
        Self::PartialDownload,
        Self::MissingShards,
        Self::LinkRefused,
        Self::OnlyReadme,
        Self::Empty,
        Self::NotAModel,
        Self::NoConfiguration,
        Self::BrokenConfiguration,
        Self::ForeignConfiguration,
        Self::BrokenWeights,
        Self::Unreadable,
        Self::BadPath,
        Self::LimitReached,
    ];

    /// Whether nothing of such a folder can be registered, even where its kind was recognised.
    pub fn bars(self) -> bool {
        matches!(self, Self::Unreadable | Self::BadPath | Self::LimitReached)
    }

    /// Whether a model is there whose description did not arrive.
    pub(super) fn is_damage(self) -> bool {
        matches!(self, Self::LfsPointers | Self::PartialDownload | Self::LinkRefused)
    }

    /// Whether the folder has nothing to do with models, so that many such are told as one.
    pub(super) fn is_dull(self) -> bool {
        matches!(self, Self::NotAModel | Self::Empty)
    }
}

impl FolderFinding {
    pub(super) fn new(code: FindingCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }

    pub(super) fn unreadable(error: &io::Error) -> Self {
        Self::new(FindingCode::Unreadable, format!("cannot be read ({}); give the service the right to", error.kind()))
    }
}

/// The first of these names, and how many more there are.
pub(super) fn some_of<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let mut names = names.into_iter();
    let first = names.next().unwrap_or_default();
    match names.count() {
        0 => first.to_owned(),
        1 => format!("{first} and one more"),
        more => format!("{first} and {more} more"),
    }
}
