//! Cards: a model folder goes in, its facts come out, each with where it came from.
//!
//! This module is a library of its own: it knows neither HTTP nor the database and does not wait for
//! anything but the disk. A folder is untrusted input. Nothing of it is run, imported or unpickled,
//! sizes that a file declares are checked against the file before memory is taken for them, and a
//! part that cannot be read costs that part, never the card.

mod capabilities;
mod card;
mod configuration;
#[cfg(test)]
mod documented;
mod draft;
mod facts;
mod files;
mod folder;
#[doc(hidden)]
pub mod fuzzing;
mod integrity;
pub(crate) mod json;
mod kind;
mod limits;
mod memory;
mod model_path;
mod ollama;
mod status;
mod survey;
#[cfg(test)]
mod testing;
mod warning;
mod weights;
mod words;

use std::io;

pub use card::*;
pub use facts::Source;
pub use folder::{FolderError, ModelFolder, ModelsRoot};
pub use integrity::{
    CheckName, CheckStatus, DigestProgress, FileDigest, Integrity, IntegrityCheck, integrity, verify_digests,
};
pub use limits::Limits;
pub use memory::{KvCache, LoraTraining, Memory, MemoryRequest, Quantity, Training, UnknownType, memory};
pub use model_path::{BadPath, ModelPath};
pub use ollama::{ConversionCode, Convertible, Deployment, OllamaConversion};
pub use survey::{FindingCode, FolderFinding, FolderKind, FoundFolder, Survey, SurveyLimits, SurveyProgress, survey};
pub use warning::{CardWarning, WarningCode};

use draft::Draft;
use kind::Kind;

/// What a reading of a folder gives: the card, and the JSON files it was made of, byte for byte.
#[derive(Debug)]
pub struct Extraction {
    pub card: Card,
    pub files: Vec<KeptFile>,
}

/// A file as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptFile {
    pub path: String,
    pub content: Vec<u8>,
}

/// Reads a folder. Only a folder that cannot be listed at all is an error.
pub fn extract(folder: &ModelFolder, limits: &Limits) -> io::Result<Extraction> {
    let mut draft = Draft::new(folder, limits, Card::empty())?;
    files::list(&mut draft);
    let kind = Kind::of(&mut draft);
    let words = words::read(&mut draft);
    configuration::read(&mut draft, kind);
    weights::read(&mut draft, kind);
    words::complete(&mut draft, &words);
    capabilities::read(&mut draft, &words);
    status::judge(&mut draft, kind);
    let (card, files) = draft.finish();
    Ok(Extraction { card, files })
}
