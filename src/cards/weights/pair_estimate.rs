//! The number of parameters of encoder-decoders, from the configuration: T5, BART, Whisper.

use super::estimate::{product, sum};
use crate::cards::card::{Architecture, Card};
use crate::cards::facts::Field;

/// `None` for a family or a class that is not known.
pub fn total(card: &Card, root: &Field<'_>) -> Option<u64> {
    let class = card.architectures.first()?;
    match card.family.as_deref()? {
        "t5" | "mt5" | "umt5" => t5(card, root, class),
        family @ ("bart" | "mbart") => bart(&card.architecture, root, class, family),
        "whisper" if class == "WhisperForConditionalGeneration" => whisper(&card.architecture, root),
        _ => None,
    }
}

fn count(root: &Field<'_>, key: &str) -> Option<u64> {
    root.get(key)?.positive().map(|fact| fact.value)
}

/// Norms without biases, no biases at all, and one table of relative positions for each stack, or of UMT5 for each layer.
fn t5(card: &Card, root: &Field<'_>, class: &str) -> Option<u64> {
    let architecture = &card.architecture;
    let (vocabulary, width) = (architecture.vocab_size?, architecture.hidden_size?);
    let heads = architecture.num_attention_heads?;
    let attention = product(&[4, width, heads, architecture.head_dim?])?;
    let family = card.family.as_deref()?;
    let projection = root.get("feed_forward_proj").and_then(|field| field.string()).map(|fact| fact.value);
    let gated = projection.map_or(family != "t5", |name| name.starts_with("gated"));
    let inner = product(&[if gated { 3 } else { 2 }, width, architecture.intermediate_size?])?;
    let buckets = count(root, "relative_attention_num_buckets").unwrap_or(32).checked_mul(heads)?;
    let tables = |layers: u64| if family == "umt5" { layers.checked_mul(buckets) } else { Some(buckets) };
    let layers = architecture.num_hidden_layers?;
    let encoder = sum(&[
        product(&[layers, sum(&[Some(attention), Some(inner), product(&[2, width])])?]),
        tables(layers),
        Some(width),
    ]);
    if class.ends_with("EncoderModel") {
        return sum(&[product(&[vocabulary, width]), encoder]);
    }
    let depth = architecture.decoder.as_ref()?.num_hidden_layers?;
    let layer = sum(&[product(&[2, attention]), Some(inner), product(&[3, width])])?;
    let decoder = sum(&[product(&[depth, layer]), tables(depth), Some(width)]);
    let untied = class.ends_with("ForConditionalGeneration") && architecture.tie_word_embeddings == Some(false);
    sum(&[product(&[if untied { 2 } else { 1 }, vocabulary, width]), encoder, decoder])
}

/// The sizes of both stacks, which may differ in depth and inner width.
struct Stacks {
    width: u64,
    layers: u64,
    inner: u64,
    depth: u64,
    decoder_inner: u64,
}

impl Stacks {
    fn of(architecture: &Architecture) -> Option<Self> {
        let decoder = architecture.decoder.as_ref()?;
        let inner = architecture.intermediate_size?;
        Some(Self {
            width: architecture.hidden_size?,
            layers: architecture.num_hidden_layers?,
            inner,
            depth: decoder.num_hidden_layers?,
            decoder_inner: decoder.intermediate_size.unwrap_or(inner),
        })
    }

    /// All layers of both: attention with so many biases, feed-forward, and norms with biases.
    fn total(&self, biases: u64) -> Option<u64> {
        let width = self.width;
        let attention = product(&[4, width, width])?.checked_add(product(&[biases, width])?)?;
        let forward = |inner: u64| sum(&[product(&[2, width, inner]), Some(inner), Some(width)]);
        let encoder = sum(&[Some(attention), forward(self.inner), product(&[4, width])])?;
        let decoder = sum(&[product(&[2, attention]), forward(self.decoder_inner), product(&[6, width])])?;
        sum(&[product(&[self.layers, encoder]), product(&[self.depth, decoder])])
    }
}

/// Positions and a norm of the embeddings on both sides; mBART has one more norm behind each stack.
fn bart(architecture: &Architecture, root: &Field<'_>, class: &str, family: &str) -> Option<u64> {
    if !class.ends_with("ForConditionalGeneration") && !class.ends_with("artModel") && !class.ends_with("BartModel") {
        return None;
    }
    let stacks = Stacks::of(architecture)?;
    let positions = count(root, "max_position_embeddings").unwrap_or(1024).checked_add(2)?;
    let norms = if family == "mbart" { 8 } else { 4 };
    sum(&[
        product(&[architecture.vocab_size?, stacks.width]),
        product(&[2, positions, stacks.width]),
        product(&[norms, stacks.width]),
        stacks.total(4),
    ])
}

/// Two convolutions over the sound, positions on both sides, keys without a bias.
fn whisper(architecture: &Architecture, root: &Field<'_>) -> Option<u64> {
    let stacks = Stacks::of(architecture)?;
    let width = stacks.width;
    let bands = count(root, "num_mel_bins").unwrap_or(80);
    let positions = count(root, "max_source_positions")
        .unwrap_or(1500)
        .checked_add(count(root, "max_target_positions").unwrap_or(448))?;
    sum(&[
        product(&[3, bands, width])?.checked_add(width),
        product(&[3, width, width])?.checked_add(width),
        product(&[positions, width]),
        product(&[architecture.vocab_size?, width]),
        product(&[4, width]),
        stacks.total(3),
    ])
}

#[cfg(test)]
mod tests {
    use crate::cards::testing::card_of;

    fn total(config: &str) -> Option<u64> {
        card_of(&[("config.json", config)]).weights.parameters.total
    }

    #[test]
    fn t5_and_its_kin_are_counted_to_the_last_parameter() {
        let of = |rest: &str| total(&format!(r#"{{"d_kv": 64, "is_encoder_decoder": true, {rest}}}"#));
        let base = r#""model_type": "t5", "d_ff": 3072, "d_model": 768, "num_heads": 12, "num_layers": 12, "vocab_size": 32128"#;
        assert_eq!(of(&format!(r#"{base}, "architectures": ["T5ForConditionalGeneration"]"#)), Some(222_903_552));
        assert_eq!(of(&format!(r#"{base}, "architectures": ["T5EncoderModel"]"#)), Some(109_628_544));
        let flan = r#""model_type": "t5", "architectures": ["T5ForConditionalGeneration"], "d_ff": 5120, "d_model": 2048,
            "num_heads": 32, "num_layers": 24, "vocab_size": 32128, "feed_forward_proj": "gated-gelu", "tie_word_embeddings": false"#;
        assert_eq!(of(flan), Some(2_849_757_184));
        let umt5 = r#""model_type": "umt5", "architectures": ["UMT5ForConditionalGeneration"], "d_ff": 1024, "d_model": 512,
            "num_heads": 6, "num_layers": 8, "vocab_size": 250112, "tie_word_embeddings": true"#;
        assert_eq!(of(umt5), Some(172_122_112));
    }

    #[test]
    fn bart_and_whisper_are_counted_to_the_last_parameter() {
        let bart = r#"{"model_type": "bart", "architectures": ["BartForConditionalGeneration"], "d_model": 1024,
            "encoder_layers": 12, "decoder_layers": 12, "encoder_ffn_dim": 4096, "decoder_ffn_dim": 4096,
            "encoder_attention_heads": 16, "decoder_attention_heads": 16, "is_encoder_decoder": true,
            "max_position_embeddings": 1024, "vocab_size": 50264}"#;
        assert_eq!(total(bart), Some(406_290_432));
        let whisper = r#"{"model_type": "whisper", "architectures": ["WhisperForConditionalGeneration"], "d_model": 1280,
            "encoder_layers": 32, "decoder_layers": 32, "encoder_ffn_dim": 5120, "decoder_ffn_dim": 5120,
            "encoder_attention_heads": 20, "decoder_attention_heads": 20, "is_encoder_decoder": true,
            "num_mel_bins": 128, "vocab_size": 51866}"#;
        assert_eq!(total(whisper), Some(1_543_490_560));
    }
}
