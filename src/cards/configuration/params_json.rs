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
use super::{attention, dtype, library, params_parts};

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
    if root.get("model_type").is_some_and(|name| name.value == "mamba") {
        let how = "a state-space model has no attention";
        fill!(draft, architecture.attention, Some(Fact::new(Attention::None, root.source().by(how))));
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
    // Compressed keys and values have no heads to count.
    let heads = draft.card.architecture.num_attention_heads.filter(|_| draft.card.architecture.mla.is_none());
    fill!(draft, architecture.num_key_value_heads, count("n_kv_heads").or_else(|| heads.map(attention::all_heads)));
    let head_dim = count("head_dim").or_else(|| attention::derived_head_dim(&draft.card.architecture));
    fill!(draft, architecture.head_dim, head_dim);
    experts(draft, root);
    let width = count("hidden_dim").or_else(|| count("inter_dim")).or_else(|| widened(root));
    fill!(draft, architecture.intermediate_size, width);
    attention::kind(draft);
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

#[cfg(test)]
mod tests {
    use crate::cards::card::Attention;
    use crate::cards::testing::{card_of, warning_codes};
    use crate::cards::warning::WarningCode;

    fn width(params: &str) -> Option<u64> {
        card_of(&[("params.json", params)]).architecture.intermediate_size
    }

    #[test]
    fn meta_s_feed_forward_width_is_worked_out() {
        let of = |rest: &str| width(&format!(r#"{{"n_layers": 32, "n_heads": 32, {rest}}}"#));
        assert_eq!(of(r#""dim": 4096, "multiple_of": 256"#), Some(11008));
        assert_eq!(of(r#""dim": 4096, "multiple_of": 1024, "ffn_dim_multiplier": 1.3"#), Some(14336));
        assert_eq!(of(r#""dim": 8192, "multiple_of": 4096, "ffn_dim_multiplier": 1.3"#), Some(28672));
        assert_eq!(of(r#""dim": 2048, "multiple_of": 256, "hidden_dim": 11008"#), Some(11008));
        assert_eq!(of(r#""dim": 4096, "multiple_of": 0, "ffn_dim_multiplier": 1e300"#), None);
    }

    #[test]
    fn mistral_s_file_is_read_whole() {
        let card = card_of(&[
            (
                "params.json",
                r#"{"dim": 5120, "n_layers": 40, "head_dim": 128, "hidden_dim": 32768, "n_heads": 32, "n_kv_heads": 8,
                "rope_theta": 1000000000.0, "vocab_size": 131072, "moe": {"num_experts": 8, "num_experts_per_tok": 2},
                "vision_encoder": {"hidden_size": 1024, "num_hidden_layers": 24, "image_size": 1540},
                "quantization": {"qformat_weight": "fp8_e4m3"}}"#,
            ),
            ("tekken.json", "{}"),
        ]);
        let architecture = &card.architecture;
        assert_eq!((architecture.head_dim, architecture.num_key_value_heads), (Some(128), Some(8)));
        assert_eq!(architecture.context_length, Some(128_000));
        assert_eq!(architecture.experts.as_ref().unwrap().total, Some(8));
        assert_eq!(architecture.vision.as_ref().unwrap().image_size, Some(1540));
        assert_eq!(card.task.as_deref(), Some("image-text-to-text"));
        assert_eq!(card.library.as_deref(), Some("mistral-common"));
        assert_eq!(card.weights.quantization.unwrap().method, "fp8");
    }

    #[test]
    fn mistral_s_state_space_model_has_no_attention() {
        let params = r#"{"dim": 4096, "n_layers": 64, "vocab_size": 32768, "n_groups": 8, "model_type": "mamba"}"#;
        let architecture = card_of(&[("params.json", params), ("tokenizer.model.v3", "x")]).architecture;
        assert_eq!((architecture.attention, architecture.num_attention_heads), (Some(Attention::None), None));
    }

    #[test]
    fn deepseek_s_own_configuration_is_foreign_but_read() {
        let card = card_of(&[(
            "config.json",
            r#"{"vocab_size": 129280, "dim": 7168, "inter_dim": 18432, "n_layers": 61, "n_heads": 128, "dtype": "fp8",
            "n_routed_experts": 256, "n_activated_experts": 8, "kv_lora_rank": 512, "qk_nope_head_dim": 128,
            "qk_rope_head_dim": 64}"#,
        )]);
        assert_eq!((card.architecture.hidden_size, card.architecture.head_dim), (Some(7168), Some(192)));
        assert_eq!(card.architecture.num_key_value_heads, None);
        assert!(warning_codes(&card).contains(&WarningCode::ForeignSchema));
    }

    #[test]
    fn a_native_file_that_differs_from_the_configuration_is_a_conflict() {
        let config = r#"{"model_type": "mistral", "hidden_size": 5120, "num_hidden_layers": 40}"#;
        let of = |params: &str| card_of(&[("config.json", config), ("params.json", params)]);
        let agrees = of(r#"{"dim": 5120, "n_layers": 40}"#);
        assert!(!warning_codes(&agrees).contains(&WarningCode::ConflictingValues));
        let differs = of(r#"{"dim": 4096, "n_layers": 40}"#);
        assert!(warning_codes(&differs).contains(&WarningCode::ConflictingValues));
        assert_eq!(differs.architecture.hidden_size, Some(5120));
    }
}
