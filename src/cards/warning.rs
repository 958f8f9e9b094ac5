//! What a card can warn of. A folder that is odd is not an error: it is a card with warnings.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Something about the folder that a user of the card should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CardWarning {
    pub code: WarningCode,
    /// The value of the card that is concerned, as a JSON Pointer into it.
    #[schema(example = "/weights")]
    pub path: Option<String>,
    /// What is wrong, and what to do about it.
    #[schema(example = "the folder holds no weights")]
    pub detail: String,
    /// The files that are concerned.
    pub files: Vec<String>,
}

/// Stable name of a warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WarningCode {
    /// Two files say different things; the card has the first.
    ConflictingValues,
    /// Files that the index or the numbering promises are absent.
    MissingShards,
    /// Weight files that the index does not name.
    ExtraShards,
    /// The index and the files disagree on tensors or sizes.
    IndexMismatch,
    /// A file is a Git LFS pointer instead of its content.
    LfsPointer,
    /// A download was left unfinished.
    PartialDownload,
    /// A file is empty.
    ZeroBytes,
    /// A file is shorter than its header says.
    TruncatedFile,
    /// A header breaks the rules of its format.
    InvalidHeader,
    /// The model only runs with code from its folder or from elsewhere.
    NeedsRemoteCode,
    /// Loading these weights runs code (pickle).
    PickleWeights,
    /// The file is JSON only to Python: NaN, Infinity, a byte order mark, a key given twice.
    NonStandardJson,
    /// A file could not be read or parsed.
    UnreadableFile,
    /// A symbolic link leads out of the models root, to nothing, or round in a circle.
    LinkRefused,
    /// A value is the default of the model's class, because the folder does not state it.
    ClassDefaultUsed,
    /// The model class is not one that is known here.
    UnknownArchitecture,
    /// The configuration is of another schema than those known here.
    ForeignSchema,
    /// No weights were found.
    NoWeights,
    /// A limit on size, count or time stopped the reading.
    BudgetExceeded,
}
