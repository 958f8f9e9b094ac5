//! `params.json`: the native formats of Mistral and Meta, and DeepSeek's own `config.json`.
//!
//! Their keys are one family of names (`dim`, `n_layers`, `n_heads`), told apart by what else is there.
//! Beside a `config.json` of transformers the file is only compared with it.

use crate::cards::card::{ArchitectureKind, Attention, Experts, Mla};
use crate::cards::draft::{Draft, fill};
use crate::cards::facts::{Fact, Field, Source};
use crate::cards::kind::has_weights;
use crate::cards::warning::WarningCode;

use super::settings::{common, largest};
use super::{dtype, library, params_parts};

/// Blocks that only Mistral's files have.
const MISTRAL_KEYS: [&str; 5] = ["sliding_window", "moe", "vision_encoder", "multimodal", "quantization"];

pub fn read(draft: &mut Draft<'_>) {
    let Some(document) = draft.json("params.json") else { return };
    let root = document.root();
    if root.get("dim").is_none() || root.get("n_layers").is_none() {
        let detail = "params.json is of another schema than those known here: it was not read";
        draft.warn(WarningCode::ForeignSchema, None, detail, ["params.json"]);
        return;
    }
    let mistral = is_mistral(draft, &root);
    if mistral {
        library(draft, "mistral-common", Source::file("params.json").by("by the keys and the weights beside it"));
    }
    network(draft, &root);
    params_parts::fill(draft, &root, mistral);
    what_it_is(draft);
}

fn is_mistral(draft: &Draft<'_>, root: &Field<'_>) -> bool {
    MISTRAL_KEYS.iter().any(|key| root.get(key).is_some())
        || has_weights(draft, ".safetensors")
        || draft.has("tekken.json")
}

/// DeepSeek's native configuration has the same names, and stands where that of transformers would.
pub fn of_deepseek(draft: &mut Draft<'_>, root: &Field<'_>) {
    let native = ["dim", "n_layers", "n_heads"].iter().all(|key| root.get(key).is_some());
    if native {
        network(draft, root);
        fill!(draft, weights.dtype, dtype::of(root));
    }
}

fn network(draft: &mut Draft<'_>, root: &Field<'_>) {
    let count = |key: &str| common(&root.get(key)?);
    fill!(draft, architecture.hidden_size, count("dim"));
    fill!(draft, architecture.num_hidden_layers, count("n_layers"));
    fill!(draft, architecture.num_attention_heads, count("n_heads"));
    fill!(draft, architecture.vocab_size, count("vocab_size"));
    latent(draft, root);
    let heads = draft.card.architecture.num_attention_heads;
    fill!(draft, architecture.num_key_value_heads, count("n_kv_heads").or_else(|| all_heads(draft, heads?)));
    let head_dim = count("head_dim").or_else(|| head_dim(draft));
    fill!(draft, architecture.head_dim, head_dim);
    experts(draft, root);
    let width = count("hidden_dim").or_else(|| count("inter_dim")).or_else(|| widened(root));
    fill!(draft, architecture.intermediate_size, width);
    attention(draft);
}

/// Compressed keys and values have no heads to count.
fn all_heads(draft: &Draft<'_>, heads: u64) -> Option<Fact<u64>> {
    let source = Source::derived("num_attention_heads: there is no key of its own");
    draft.card.architecture.mla.is_none().then(|| Fact::new(heads, source))
}

fn head_dim(draft: &Draft<'_>) -> Option<Fact<u64>> {
    let architecture = &draft.card.architecture;
    if let Some(mla) = &architecture.mla {
        let size = mla.qk_nope_head_dim?.checked_add(mla.qk_rope_head_dim?)?;
        return Some(Fact::new(size, Source::derived("qk_nope_head_dim + qk_rope_head_dim")));
    }
    let (size, heads) = (architecture.hidden_size?, architecture.num_attention_heads?);
    let exact = size.checked_rem(heads)? == 0;
    let how = "hidden_size / num_attention_heads";
    exact.then(|| size.checked_div(heads)).flatten().map(|size| Fact::new(size, Source::derived(how)))
}

fn latent(draft: &mut Draft<'_>, root: &Field<'_>) {
    let Some(rank) = root.get("kv_lora_rank").and_then(|field| field.positive()) else { return };
    draft.source("/architecture/mla", rank.source);
    let mut part = |key: &str| {
        let fact = root.get(key).and_then(|field| field.positive());
        draft.noted(format!("/architecture/mla/{key}"), fact)
    };
    draft.card.architecture.mla = Some(Mla {
        q_lora_rank: part("q_lora_rank"),
        kv_lora_rank: part("kv_lora_rank"),
        qk_nope_head_dim: part("qk_nope_head_dim"),
        qk_rope_head_dim: part("qk_rope_head_dim"),
        v_head_dim: part("v_head_dim"),
    });
}

/// Mistral nests them under `moe`, DeepSeek does not.
fn experts(draft: &mut Draft<'_>, root: &Field<'_>) {
    let place = root.get("moe").unwrap_or_else(|| root.clone());
    let of = |keys: &[&str]| place.first(keys)?.count();
    let Some(total) = of(&["num_experts", "n_routed_experts"]).filter(|total| total.value > 1) else { return };
    draft.source("/architecture/experts", total.source.clone());
    let width = of(&["expert_hidden_dim", "moe_inter_dim"]);
    let experts = Experts {
        total: draft.noted("/architecture/experts/total", Some(total)),
        active: draft.noted("/architecture/experts/active", of(&["num_experts_per_tok", "n_activated_experts"])),
        shared: draft.noted("/architecture/experts/shared", of(&["num_shared_experts", "n_shared_experts"])),
        intermediate_size: draft.noted("/architecture/experts/intermediate_size", width),
    };
    draft.card.architecture.experts = Some(experts);
}

/// Meta gives a multiplier and a multiple instead of the width: two thirds of four times the model's
/// width, scaled and rounded up.
fn widened(root: &Field<'_>) -> Option<Fact<u64>> {
    let dim = root.get("dim")?.positive()?.value;
    let multiple = root.get("multiple_of")?.positive()?.value;
    let base = dim.checked_mul(8)?.checked_div(3)?;
    let multiplier = root.get("ffn_dim_multiplier").and_then(|field| field.number());
    let scaled = multiplier.map_or(Some(base), |multiplier| scaled_down(base, multiplier.value))?;
    let width = scaled.div_ceil(multiple).checked_mul(multiple)?;
    let how = "2/3 of 4 x dim, times ffn_dim_multiplier, rounded up to multiple_of";
    Some(Fact::new(width, Source::key(root.file, "/multiple_of").by(how)))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the range is checked first: every such float is an exact u64"
)]
fn scaled_down(width: u64, multiplier: f64) -> Option<u64> {
    let scaled = (f64::from(u32::try_from(width).ok()?) * multiplier).floor();
    (1.0..=9_007_199_254_740_992.0).contains(&scaled).then_some(scaled as u64)
}

fn attention(draft: &mut Draft<'_>) {
    let architecture = &draft.card.architecture;
    let kind = match (architecture.num_attention_heads, architecture.num_key_value_heads) {
        _ if architecture.mla.is_some() => Attention::Mla,
        (Some(heads), Some(kv_heads)) if heads == kv_heads => Attention::Mha,
        (Some(_), Some(1)) => Attention::Mqa,
        (Some(_), Some(_)) => Attention::Gqa,
        _ => return,
    };
    fill!(draft, architecture.attention, Some(Fact::new(kind, Source::derived("by the numbers of heads"))));
}

fn what_it_is(draft: &mut Draft<'_>) {
    let source = Source::derived("a native configuration is of a language model");
    fill!(draft, architecture.kind, Some(Fact::new(ArchitectureKind::Decoder, source.clone())));
    let task = match (&draft.card.architecture.vision, &draft.card.architecture.audio) {
        (Some(_), _) => "image-text-to-text",
        (None, Some(_)) => "audio-text-to-text",
        (None, None) => "text-generation",
    };
    fill!(draft, task, Some(Fact::new(task.to_owned(), source)));
}

/// Beside a `config.json`, which counts, the native file must not say otherwise.
pub fn compare(draft: &mut Draft<'_>) {
    let Some(document) = draft.json("params.json") else { return };
    let root = document.root();
    if root.get("dim").is_none() {
        return;
    }
    let count = |key: &str| largest(&root.get(key)?);
    fill!(draft, architecture.hidden_size, count("dim"));
    fill!(draft, architecture.num_hidden_layers, count("n_layers"));
    fill!(draft, architecture.num_attention_heads, count("n_heads"));
    fill!(draft, architecture.num_key_value_heads, count("n_kv_heads"));
    fill!(draft, architecture.vocab_size, count("vocab_size"));
}
