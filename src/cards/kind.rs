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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cards::testing::folder_of;
    use crate::cards::{Card, Limits};

    const MODEL: &str = r#"{"model_type": "llama", "hidden_size": 8}"#;
    const MODULES: &str = r#"[{"type": "sentence_transformers.models.Transformer", "path": ""}]"#;

    fn kind(files: &[(&str, &str)]) -> Kind {
        let (_held, folder) = folder_of(files);
        let limits = Limits::default();
        Kind::of(&mut Draft::new(&folder, &limits, Card::empty()).unwrap())
    }

    #[test]
    fn the_first_mark_decides() {
        let index = ("model_index.json", r#"{"_class_name": "FluxPipeline"}"#);
        assert_eq!(kind(&[index, ("config.json", MODEL)]), Kind::Pipeline);
        assert_eq!(kind(&[("modules.json", MODULES), ("config.json", MODEL)]), Kind::SentenceTransformers);
        assert_eq!(kind(&[("config.json", MODEL), ("params.json", "{}"), ("a.gguf", "x")]), Kind::Transformers);
        assert_eq!(kind(&[("adapter_config.json", "{}"), ("params.json", "{}")]), Kind::Adapter);
        assert_eq!(kind(&[("params.json", "{}"), ("consolidated.safetensors", "x")]), Kind::Native);
        assert_eq!(kind(&[("a.gguf", "x"), ("a.safetensors", "x")]), Kind::Gguf);
        assert_eq!(kind(&[("a.safetensors", "x"), ("configuration.json", "{}")]), Kind::Safetensors);
        assert_eq!(kind(&[("configuration.json", "{}")]), Kind::ModelScope);
        assert_eq!(kind(&[("README.md", "x")]), Kind::Nothing);
    }

    #[test]
    fn a_configuration_is_judged_by_what_it_holds() {
        let of = |config: &str| kind(&[("config.json", config)]);
        assert_eq!(of(r#"{"_class_name": "UNet", "_diffusers_version": "0.27"}"#), Kind::Component);
        assert_eq!(of(r#"{"model_type": "opt", "num_layers": 12}"#), Kind::Foreign);
        assert_eq!(of("[]"), Kind::Nothing);
        assert_eq!(of("{broken"), Kind::Nothing);
    }

    #[test]
    fn a_bare_type_beside_a_gguf_file_leaves_it_the_word() {
        assert_eq!(kind(&[("config.json", r#"{"model_type": "llama"}"#), ("a.Q4_0.gguf", "x")]), Kind::Gguf);
    }

    #[test]
    fn files_below_do_not_make_the_folder_one_of_their_kind() {
        assert_eq!(kind(&[("sub/config.json", MODEL), ("sub/a.gguf", "x")]), Kind::Nothing);
    }
}
