//! What kind of folder it is: decided first, because which fields can be filled follows from it.
//!
//! A folder may look like several at once; the first that fits, in the order of `Kind`, is what the
//! loaders would take it for.

use super::configuration::{sentence_transformers, settings};
use super::draft::Draft;
use super::facts::Field;

/// The kinds of model folder, in the order in which they are recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `model_index.json`: a diffusers pipeline, whose parts lie in sub-folders.
    Pipeline,
    /// `modules.json`: a transformers model, maybe in a sub-folder, and what turns its output into a vector.
    SentenceTransformers,
    /// `config.json` of transformers.
    Transformers,
    /// `config.json` of one part of a diffusers pipeline.
    Component,
    /// `adapter_config.json`: changes to a model that is not here.
    Adapter,
    /// `params.json`, as Mistral and Meta publish their own formats.
    Native,
    /// `.gguf` files, which hold their own configuration.
    Gguf,
    /// `.safetensors` files and nothing that describes them.
    Safetensors,
    /// ModelScope's `configuration.json` alone.
    ModelScope,
    /// `config.json` of a schema that is not known here.
    Foreign,
    /// Nothing that is known here.
    Nothing,
}

/// The files that describe a pipeline.
pub const PIPELINES: [&str; 2] = ["model_index.json", "modular_model_index.json"];

impl Kind {
    pub fn of(draft: &mut Draft<'_>) -> Self {
        if PIPELINES.iter().any(|file| is_pipeline(draft, file)) {
            return Self::Pipeline;
        }
        if sentence_transformers::modules(draft).is_some() {
            return Self::SentenceTransformers;
        }
        let configured = draft.json("config.json").and_then(|document| of_config(&document.root()));
        match configured {
            // A configuration that names a family and no more leaves the description to the GGUF file.
            Some(Self::Foreign) if has_weights(draft, ".gguf") => Self::Gguf,
            Some(kind) if kind != Self::Foreign => kind,
            foreign => of_files(draft, foreign),
        }
    }
}

fn is_pipeline(draft: &mut Draft<'_>, file: &str) -> bool {
    draft
        .json(file)
        .is_some_and(|document| document.root().get("_class_name").is_some_and(|name| name.strings().is_some()))
}

/// What the root's `config.json` is, if it is an object.
fn of_config(root: &Field<'_>) -> Option<Kind> {
    root.value.as_object()?;
    let is_component = root.get("_class_name").is_some() && root.get("model_type").is_none();
    Some(if is_component {
        Kind::Component
    } else if settings::is_of_transformers(root) {
        Kind::Transformers
    } else {
        Kind::Foreign
    })
}

fn of_files(draft: &Draft<'_>, foreign: Option<Kind>) -> Kind {
    if draft.has("adapter_config.json") {
        Kind::Adapter
    } else if draft.has("params.json") {
        Kind::Native
    } else if has_weights(draft, ".gguf") {
        Kind::Gguf
    } else if let Some(foreign) = foreign {
        foreign
    } else if has_weights(draft, ".safetensors") {
        Kind::Safetensors
    } else if draft.has("configuration.json") {
        Kind::ModelScope
    } else {
        Kind::Nothing
    }
}

/// Whether the folder itself, not one below it, has a file that ends so.
pub fn has_weights(draft: &Draft<'_>, end: &str) -> bool {
    draft.listing.files.iter().any(|entry| !entry.path.contains('/') && entry.path.to_lowercase().ends_with(end))
}
