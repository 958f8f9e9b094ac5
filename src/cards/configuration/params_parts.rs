//! What a native `params.json` says beside the sizes of the network: positions, towers, quantisation.

use crate::cards::card::{Quantization, RopeScaling, Tower};
use crate::cards::draft::{Draft, fill};
use crate::cards::facts::{Fact, Field, Source};

use super::settings::{common, is_object};
use super::{dtype, rope};

/// What Mistral's loaders take where the file gives no length.
const MISTRAL_CONTEXT: u64 = 128_000;

pub fn fill(draft: &mut Draft<'_>, root: &Field<'_>, mistral: bool) {
    positions(draft, root, mistral);
    draft.card.architecture.vision = vision(draft, root);
    draft.card.architecture.audio = audio(draft, root);
    fill!(draft, architecture.tie_word_embeddings, root.get("tied_embeddings").and_then(|field| field.bool()));
    fill!(draft, weights.dtype, dtype::of(root));
    quantization(draft, root);
}

fn positions(draft: &mut Draft<'_>, root: &Field<'_>, mistral: bool) {
    let stated = ["max_position_embeddings", "max_seq_len", "model_max_length"];
    let stated = stated.iter().find_map(|key| root.get(key)?.positive());
    let default = || Fact::new(MISTRAL_CONTEXT, Source::derived("the default of Mistral's loaders"));
    fill!(draft, architecture.context_length, stated.or_else(|| mistral.then(default)));
    fill!(draft, architecture.rope_theta, root.get("rope_theta").and_then(|field| field.number()));
    fill!(draft, architecture.sliding_window, root.get("sliding_window").and_then(|field| common(&field)));
    yarn(draft, root);
}

fn yarn(draft: &mut Draft<'_>, root: &Field<'_>) {
    let Some(block) = root.get("yarn").filter(|block| is_object(block.value)) else { return };
    let scaling = RopeScaling {
        kind: "yarn".to_owned(),
        factor: draft
            .noted("/architecture/rope_scaling/factor", block.get("factor").and_then(|factor| factor.number())),
        original_max_position_embeddings: draft.noted(
            "/architecture/rope_scaling/original_max_position_embeddings",
            block.get("original_max_position_embeddings").and_then(|length| length.positive()),
        ),
    };
    draft.source("/architecture/rope_scaling/type", block.source());
    rope::extended(draft, &scaling, &block.source());
    fill!(draft, architecture.rope_scaling, Some(Fact::new(scaling, block.source())));
}

fn vision(draft: &mut Draft<'_>, root: &Field<'_>) -> Option<Tower> {
    let block = root.get("vision_encoder").or_else(|| root.path(&["multimodal", "vision_encoder_args"]))?;
    Some(tower(draft, "vision", &block))
}

/// Voxtral keeps the sizes of its encoder one level deeper than the encoder.
fn audio(draft: &mut Draft<'_>, root: &Field<'_>) -> Option<Tower> {
    let block = root.path(&["multimodal", "whisper_model_args"])?;
    let encoder = block.get("encoder_args").unwrap_or(block);
    Some(tower(draft, "audio", &encoder))
}

fn tower(draft: &mut Draft<'_>, name: &str, block: &Field<'_>) -> Tower {
    draft.source(format!("/architecture/{name}"), block.source());
    let mut part = |member: &str, keys: &[&str]| {
        let fact = block.first(keys).and_then(|field| field.positive());
        draft.noted(format!("/architecture/{name}/{member}"), fact)
    };
    Tower {
        family: None,
        hidden_size: part("hidden_size", &["hidden_size", "dim"]),
        num_hidden_layers: part("num_hidden_layers", &["num_hidden_layers", "n_layers"]),
        num_attention_heads: part("num_attention_heads", &["num_attention_heads", "n_heads"]),
        intermediate_size: part("intermediate_size", &["intermediate_size", "hidden_dim"]),
        image_size: part("image_size", &["image_size"]),
        patch_size: part("patch_size", &["patch_size"]),
    }
}

fn quantization(draft: &mut Draft<'_>, root: &Field<'_>) {
    let Some(field) = root.path(&["quantization", "qformat_weight"]) else { return };
    let format = field.string().map(|fact| fact.value).unwrap_or_default();
    if format.starts_with("fp8") {
        let quantization = Quantization { method: "fp8".to_owned(), bits: Some(8), group_size: None };
        draft.source("/weights/quantization/bits", field.source().by("by its name"));
        draft.source("/weights/quantization/method", field.source().by("by its name"));
        fill!(draft, weights.quantization, Some(Fact::new(quantization, field.source())));
    }
}
