//! `config.json` of transformers: most of what a card knows of the network stands here.
//!
//! We trust its keys for the shape of the model, its type and its quantisation, and name what it wants
//! run. `_name_or_path` is not read: it is a path of the author's machine more often than a name.

use crate::cards::card::ArchitectureKind;
use crate::cards::draft::{Draft, fill};
use crate::cards::facts::{Fact, Field, Source};
use crate::cards::warning::WarningCode;

use super::settings::Settings;
use super::{
    attention, classes, context, dtype, experts, layers, params_json, quantization, remote_code, rope, shape,
    state_space, task, towers,
};

/// Classes that are told: most files name one.
const MAX_CLASSES: usize = 16;

pub fn read(draft: &mut Draft<'_>, file: &str) {
    let own = draft.json(file).is_some_and(|document| document.root().get("ssm_cfg").is_some());
    let name = if own { "mamba-ssm" } else { "transformers" };
    super::library(draft, name, Source::file(file).by("by the keys of the file"));
    read_below(draft, file);
    let Some(document) = draft.json(file) else { return };
    task::of_config(draft, &Settings::of(document.root()));
    kind(draft, file);
}

/// The same for the model inside a library that settles what it is for.
pub fn read_below(draft: &mut Draft<'_>, file: &str) {
    let Some(document) = draft.json(file) else { return };
    let settings = Settings::of(document.root());
    identity(draft, &settings, file);
    remote_code::warn(draft, &document.root());
    network(draft, &settings);
    dtype::fill(draft, &settings);
    quantization::of_config(draft, &settings);
    quantization::warn_of_unknown(draft, &settings, file);
}

fn identity(draft: &mut Draft<'_>, settings: &Settings<'_>, file: &str) {
    fill!(draft, family, family(&settings.root));
    let architectures = settings.root.get("architectures").and_then(|field| field.strings());
    let architectures = architectures.map(|fact| fact.map(|names| names.into_iter().take(MAX_CLASSES).collect()));
    draft.fill_list("/architectures", architectures, |card| &mut card.architectures);
    warn_of_unknown(draft, settings, file);
}

fn family(root: &Field<'_>) -> Option<Fact<String>> {
    let stated = root.get("model_type").and_then(|field| field.string()).filter(|family| !family.value.is_empty());
    stated.or_else(|| {
        let speculators = root.get("speculators_config")?;
        Some(Fact::new("speculators".to_owned(), speculators.source().by("by its key")))
    })
}

/// A class that is not known here is read by the common keys; its own may be missed.
fn warn_of_unknown(draft: &mut Draft<'_>, settings: &Settings<'_>, file: &str) {
    let known = settings.root_class.is_known() || settings.class.is_known();
    let named = draft.card.architectures.iter().any(|name| classes::is_known(name));
    if !known && !named && !shape::is_attention_free(settings) {
        let family = draft.card.family.clone().unwrap_or_else(|| "none".to_owned());
        let detail = format!("the model type ({family}) is not one that is known here: it was read by the common keys");
        draft.warn(WarningCode::UnknownArchitecture, Some("/architectures"), detail, [file]);
    }
}

fn network(draft: &mut Draft<'_>, settings: &Settings<'_>) {
    shape::fill(draft, settings);
    context::fill(draft, settings);
    rope::fill(draft, settings);
    layers::fill(draft, settings);
    state_space::fill(draft, settings);
    attention::fill(draft, settings);
    experts::fill(draft, settings);
    towers::fill(draft, settings);
    fill!(draft, architecture.tie_word_embeddings, tied(settings));
}

/// The root decides, even where its backbone has the key too: it is the whole model that ties.
fn tied(settings: &Settings<'_>) -> Option<Fact<bool>> {
    let stated = |place: &Field<'_>| place.get("tie_word_embeddings")?.bool();
    stated(&settings.root)
        .or_else(|| stated(&settings.backbone))
        .or_else(|| settings.root_class.default("tie_word_embeddings", |field| field.bool()))
        .or_else(|| settings.class.default("tie_word_embeddings", |field| field.bool()))
}

/// Whether the network encodes, continues or does both; the task is known by then.
pub fn kind(draft: &mut Draft<'_>, file: &str) {
    let Some(document) = draft.json(file) else { return };
    let settings = Settings::of(document.root());
    if let Some(fact) = settings.is_pair().filter(|fact| fact.value) {
        fill!(draft, architecture.kind, Some(fact.map(|_| ArchitectureKind::EncoderDecoder)));
        return;
    }
    let kind = by_task(draft, &settings);
    let source = Source::derived("by the task and the class of the model");
    fill!(draft, architecture.kind, Some(Fact::new(kind, source)));
}

fn by_task(draft: &Draft<'_>, settings: &Settings<'_>) -> ArchitectureKind {
    let causal = draft.card.architectures.iter().any(|name| name.contains("CausalLM") || name.contains("LMHead"));
    match draft.card.task.as_deref() {
        Some("text-generation" | "image-text-to-text" | "audio-text-to-text" | "any-to-any") => {
            ArchitectureKind::Decoder
        }
        _ if causal || shape::is_attention_free(settings) => ArchitectureKind::Decoder,
        Some("text-to-image" | "text-to-video") => ArchitectureKind::Diffusion,
        _ if settings.class.is_masked() => ArchitectureKind::Encoder,
        _ if settings.class.is_causal() => ArchitectureKind::Decoder,
        Some(task) if task.ends_with("classification") || task.ends_with("feature-extraction") => {
            ArchitectureKind::Encoder
        }
        Some(
            "automatic-speech-recognition"
            | "fill-mask"
            | "sentence-similarity"
            | "object-detection"
            | "image-segmentation",
        ) => ArchitectureKind::Encoder,
        _ => ArchitectureKind::Other,
    }
}

/// Beside a GGUF file a configuration may name the family and no more.
pub fn read_family(draft: &mut Draft<'_>) {
    let Some(document) = draft.json("config.json") else { return };
    fill!(draft, family, family(&document.root()));
}

/// A `config.json` of another schema: the model's type is told, the rest only where the schema is known.
pub fn read_foreign(draft: &mut Draft<'_>) {
    let Some(document) = draft.json("config.json") else { return };
    fill!(draft, family, family(&document.root()));
    let detail = "config.json is of another schema than those known here: most of it was not read";
    draft.warn(WarningCode::ForeignSchema, None, detail, ["config.json"]);
    params_json::of_deepseek(draft, &document.root());
}
