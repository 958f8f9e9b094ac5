//! The sizes of the network: width, depth, feed-forward width, vocabulary.
//!
//! Each family has its own names for them; those that `transformers` knows come with the class, the
//! others are tried in turn. Where a class makes a size from others, it is derived the same way.

use crate::cards::draft::{Draft, fill};
use crate::cards::facts::{Fact, Source};

use super::settings::{Settings, largest};

const HIDDEN_SIZE: [&str; 8] =
    ["hidden_size", "d_model", "n_embd", "dim", "model_dim", "emb_dim", "embed_dim", "hidden_dim"];
const LAYERS: [&str; 8] = [
    "num_hidden_layers",
    "n_layer",
    "n_layers",
    "num_layers",
    "encoder_layers",
    "decoder_layers",
    "depth",
    "num_transformer_layers",
];
const HEADS: [&str; 8] = [
    "num_attention_heads",
    "n_head",
    "n_heads",
    "num_heads",
    "encoder_attention_heads",
    "decoder_attention_heads",
    "attention_heads",
    "num_query_heads",
];
const INTERMEDIATE_SIZE: [&str; 11] = [
    "intermediate_size",
    "ffn_hidden_size",
    "d_ff",
    "n_inner",
    "encoder_ffn_dim",
    "ffn_dim",
    "inner_hidden_size",
    "inner_size",
    "feed_forward_size",
    "ff_intermediate_size",
    "decoder_ffn_dim",
];
/// A decoder nested in an encoder-decoder pair may keep encoder sizes of its class that it does not use.
const DECODER_KEYS: [(&str, &str); 3] = [
    ("num_hidden_layers", "decoder_layers"),
    ("num_attention_heads", "decoder_attention_heads"),
    ("intermediate_size", "decoder_ffn_dim"),
];
/// Families whose feed-forward layers are four times as wide as the model unless the file says otherwise.
const FOUR_TIMES: [&str; 11] = [
    "gpt2",
    "gpt-sw3",
    "gptj",
    "gpt_neo",
    "gpt_bigcode",
    "bloom",
    "falcon",
    "RefinedWeb",
    "RefinedWebModel",
    "codegen",
    "mixformer-sequential",
];

/// Models without any attention: their class may still have heads, of the state.
pub const ATTENTION_FREE: [&str; 8] = ["mamba", "mamba2", "falcon_mamba", "rwkv", "rwkv5", "rwkv6", "rwkv7", "xlstm"];

pub fn fill(draft: &mut Draft<'_>, settings: &Settings<'_>) {
    fill!(draft, architecture.hidden_size, hidden_size(settings));
    fill!(draft, architecture.num_hidden_layers, layers(settings));
    fill!(draft, architecture.num_attention_heads, heads(settings));
    fill!(draft, architecture.vocab_size, vocabulary(settings));
    let width = intermediate_size(settings, draft.card.architecture.hidden_size);
    fill!(draft, architecture.intermediate_size, width);
}

/// Old files of BLOOM say `n_embed`, which elsewhere is the width of something else.
fn hidden_size(settings: &Settings<'_>) -> Option<Fact<u64>> {
    let old = settings.root.get("n_embed").filter(|_| settings.is_any(&["bloom"]));
    old.and_then(|field| field.positive()).or_else(|| settings.count(&HIDDEN_SIZE))
}

/// The decoder's own key, where the backbone is the decoder of a pair.
fn of_decoder(settings: &Settings<'_>, standard: &str) -> Option<Fact<u64>> {
    let (_, key) = DECODER_KEYS.iter().find(|(name, _)| settings.nested == Some("decoder") && *name == standard)?;
    settings.backbone.get(key)?.positive()
}

fn layers(settings: &Settings<'_>) -> Option<Fact<u64>> {
    of_decoder(settings, "num_hidden_layers")
        .or_else(|| of_draft_model(settings))
        .or_else(|| settings.stated_count(&LAYERS))
        .or_else(|| pattern_length(settings))
        .or_else(|| settings.count(&LAYERS))
}

/// A multi-token-prediction head keeps the target's configuration and has layers of its own.
fn of_draft_model(settings: &Settings<'_>) -> Option<Fact<u64>> {
    let field = settings.field(&["num_nextn_predict_layers", "mtp_num_hidden_layers"])?;
    field.positive().filter(|_| settings.root_class.model_type.ends_with("_mtp"))
}

/// A hybrid model may give its layers one by one instead of their number.
fn pattern_length(settings: &Settings<'_>) -> Option<Fact<u64>> {
    let field = settings.field(&["hybrid_override_pattern", "layers_block_type", "layer_types", "block_configs"])?;
    let length = match field.value {
        serde_json::Value::String(pattern) => pattern.chars().filter(|layer| *layer != '|').count(),
        other => other.as_array()?.len(),
    };
    let length = u64::try_from(length).ok().filter(|length| *length > 0)?;
    Some(Fact::new(length, field.source().by("the number of its entries")))
}

fn heads(settings: &Settings<'_>) -> Option<Fact<u64>> {
    if is_attention_free(settings) {
        return None;
    }
    of_decoder(settings, "num_attention_heads").or_else(|| settings.count(&HEADS))
}

/// Whether no layer attends: the state-space families, but not a hybrid of the same name.
pub fn is_attention_free(settings: &Settings<'_>) -> bool {
    let attends = settings.field(&["attn", "attn_layer_idx"]).is_some_and(|field| field.value.is_object());
    (settings.is_any(&ATTENTION_FREE) && !attends) || settings.root.get("ssm_cfg").is_some()
}

/// ChatGLM and Qwen 1 give the size of the tensor as the padded one.
fn vocabulary(settings: &Settings<'_>) -> Option<Fact<u64>> {
    settings.count(&["vocab_size", "padded_vocab_size", "n_vocab"])
}

fn intermediate_size(settings: &Settings<'_>, hidden_size: Option<u64>) -> Option<Fact<u64>> {
    of_decoder(settings, "intermediate_size")
        .or_else(|| settings.stated_count(&INTERMEDIATE_SIZE))
        .or_else(|| hidden_dim(settings))
        .or_else(|| settings.count(&INTERMEDIATE_SIZE))
        .or_else(|| settings.path(&["ffn_config", "ffn_hidden_size"]).and_then(|field| largest(&field)))
        .or_else(|| expanded(settings, hidden_size?))
        .or_else(|| four_times(settings, hidden_size?))
}

/// Beside `dim`, `hidden_dim` is the width of the feed-forward layers; alone, it is that of the model.
fn hidden_dim(settings: &Settings<'_>) -> Option<Fact<u64>> {
    settings.field(&["dim", "hidden_size", "d_model"])?;
    settings.field(&["hidden_dim"])?.positive()
}

/// MPT widens by a ratio.
fn expanded(settings: &Settings<'_>, hidden_size: u64) -> Option<Fact<u64>> {
    if !settings.is_any(&["mpt"]) {
        return None;
    }
    let ratio = settings.field(&["expansion_ratio"]).and_then(|field| field.positive());
    let (ratio, source) = match ratio {
        Some(ratio) => (ratio.value, ratio.source.by("d_model x expansion_ratio")),
        None => (4, Source::derived("d_model x 4, the default expansion_ratio")),
    };
    Some(Fact::new(hidden_size.checked_mul(ratio)?, source))
}

fn four_times(settings: &Settings<'_>, hidden_size: u64) -> Option<Fact<u64>> {
    let width = hidden_size.checked_mul(4).filter(|_| settings.is_any(&FOUR_TIMES))?;
    Some(Fact::new(width, Source::derived(format!("4 x hidden_size, as {} does", settings.model_type()))))
}

#[cfg(test)]
mod tests {
    use crate::cards::testing::card_of;

    fn sizes(config: &str) -> [Option<u64>; 5] {
        let architecture = card_of(&[("config.json", config)]).architecture;
        [
            architecture.hidden_size,
            architecture.num_hidden_layers,
            architecture.num_attention_heads,
            architecture.intermediate_size,
            architecture.vocab_size,
        ]
    }

    #[test]
    fn a_class_s_own_names_are_read() {
        let config = r#"{"model_type": "gpt2", "n_embd": 64, "n_layer": 2, "n_head": 4, "vocab_size": 99}"#;
        assert_eq!(sizes(config), [Some(64), Some(2), Some(4), Some(256), Some(99)]);
    }

    #[test]
    fn the_decoder_of_a_pair_has_its_own_depth() {
        let config = r#"{"model_type": "vision-encoder-decoder", "decoder": {"model_type": "mbart", "d_model": 1024,
            "decoder_layers": 4, "num_hidden_layers": 12, "decoder_attention_heads": 16, "decoder_ffn_dim": 4096,
            "vocab_size": 57525}}"#;
        assert_eq!(sizes(config), [Some(1024), Some(4), Some(16), Some(4096), Some(57525)]);
    }

    #[test]
    fn a_hidden_dim_beside_a_dim_is_the_feed_forward_width() {
        let config = r#"{"model_type": "distilbert", "dim": 768, "hidden_dim": 3072, "n_layers": 6, "n_heads": 12,
            "vocab_size": 30522}"#;
        assert_eq!(sizes(config), [Some(768), Some(6), Some(12), Some(3072), Some(30522)]);
    }

    #[test]
    fn a_pattern_tells_the_depth_where_no_number_does() {
        let config = r#"{"model_type": "nemotron_h", "hybrid_override_pattern": "M-M*-", "hidden_size": 64}"#;
        assert_eq!(sizes(config)[1], Some(5));
    }

    #[test]
    fn a_width_that_would_overflow_is_left_out() {
        let config = r#"{"model_type": "mpt", "d_model": 900000000000000, "expansion_ratio": 900000000000000}"#;
        assert_eq!(sizes(config)[3], None);
    }
}
