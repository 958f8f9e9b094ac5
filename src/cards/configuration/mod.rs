//! The configuration of a model: what its JSON files say of the network, its tokens and its sampling.
//!
//! One file of this module for each kind of file read, and one for each group of facts of
//! `config.json`, which holds most of them. Each value takes its source along; what the class of the
//! model supplies, or what is worked out of other values, says so.

mod adapter_config;
mod attention;
mod classes;
mod component;
mod config_json;
mod context;
mod dtype;
mod experts;
mod generation_config;
mod layers;
mod model_index;
mod modelscope;
mod params_json;
mod params_parts;
mod quantization;
mod remote_code;
mod rope;
pub mod sentence_transformers;
pub mod settings;
mod shape;
mod state_space;
mod task;
mod tokenizer_config;
mod towers;

use super::card::ArchitectureKind;
use super::draft::{Draft, fill};
use super::facts::{Fact, Source};
use super::kind::Kind;
use super::warning::WarningCode;

pub fn read(draft: &mut Draft<'_>, kind: Kind) {
    of_kind(draft, kind);
    quantization::of_side_files(draft);
    modelscope::read(draft, kind);
    if kind != Kind::Pipeline {
        generation_config::read(draft);
        tokenizer_config::read(draft);
    }
    warn_of_class_defaults(draft);
}

fn of_kind(draft: &mut Draft<'_>, kind: Kind) {
    match kind {
        Kind::Pipeline => model_index::read(draft),
        Kind::SentenceTransformers => sentence_transformers::read(draft),
        Kind::Transformers => {
            config_json::read(draft, "config.json");
            params_json::compare(draft);
        }
        Kind::Component => component::read(draft),
        Kind::Adapter => adapter_config::read(draft),
        Kind::Native => params_json::read(draft),
        Kind::Gguf => {
            library(draft, "gguf", Source::derived("there are GGUF files and no other description"));
            config_json::read_family(draft);
        }
        Kind::Foreign => config_json::read_foreign(draft),
        Kind::Safetensors | Kind::ModelScope | Kind::Nothing => {}
    }
    if kind == Kind::Transformers {
        adapter_config::warn_beside_model(draft);
    }
}

/// Notes the library, and what it means for the kind of network where that is settled by it.
fn library(draft: &mut Draft<'_>, name: &str, source: Source) {
    let kind = match name {
        "diffusers" => Some(ArchitectureKind::Diffusion),
        "peft" => Some(ArchitectureKind::Adapter),
        _ => None,
    };
    fill!(draft, architecture.kind, kind.map(|kind| Fact::new(kind, source.clone())));
    fill!(draft, library, Some(Fact::new(name.to_owned(), source)));
}

/// The sizes of which a user should know that the folder itself does not state them.
const TOLD: [&str; 8] = [
    "/architecture/hidden_size",
    "/architecture/num_hidden_layers",
    "/architecture/num_attention_heads",
    "/architecture/num_key_value_heads",
    "/architecture/head_dim",
    "/architecture/intermediate_size",
    "/architecture/vocab_size",
    "/architecture/context_length",
];

fn warn_of_class_defaults(draft: &mut Draft<'_>) {
    let is_default = |source: &Source| source.derived.as_ref().is_some_and(|how| how.starts_with(classes::DEFAULT_OF));
    let defaults: Vec<&str> =
        TOLD.into_iter().filter(|pointer| draft.card.sources.get(*pointer).is_some_and(is_default)).collect();
    let Some(first) = defaults.first() else { return };
    let names: Vec<&str> = defaults.iter().filter_map(|pointer| pointer.rsplit('/').next()).collect();
    let detail = format!("the folder does not state {}: the defaults of the class are used", names.join(", "));
    draft.warn(WarningCode::ClassDefaultUsed, Some(first), detail, ["config.json"]);
}
