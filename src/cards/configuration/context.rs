//! The context length as declared, before any RoPE scaling.
//!
//! Other tools take the minimum, the maximum or the first of several keys. Here the smallest of those
//! that are present counts, as vLLM serves it, but `model_max_length` beats them: where a
//! configuration has it, the others were left at what the model was pre-trained with.

use crate::cards::draft::{Draft, fill};
use crate::cards::facts::Fact;

use super::settings::{Settings, largest};

const LENGTHS: [&str; 9] = [
    "max_position_embeddings",
    "n_positions",
    "max_seq_len",
    "seq_length",
    "max_target_positions",
    "max_sequence_length",
    "max_seq_length",
    "seq_len",
    "max_context_length",
];

pub fn fill(draft: &mut Draft<'_>, settings: &Settings<'_>) {
    // Vision classes inherit a length of their base class that says nothing about them.
    let has_text = draft.card.architecture.vocab_size.is_some()
        || settings.nested.is_some()
        || draft.has("tokenizer_config.json")
        || draft.has("tokenizer.json");
    if has_text {
        fill!(draft, architecture.context_length, length(settings));
    }
}

fn length(settings: &Settings<'_>) -> Option<Fact<u64>> {
    settings
        .field(&["model_max_length"])
        .and_then(|field| field.positive())
        .or_else(|| smallest(&settings.backbone))
        .or_else(|| settings.count(&LENGTHS))
        .or_else(|| smallest(&settings.root))
}

fn smallest(place: &crate::cards::facts::Field<'_>) -> Option<Fact<u64>> {
    LENGTHS.iter().filter_map(|key| largest(&place.get(key)?)).min_by_key(|fact| fact.value)
}

#[cfg(test)]
mod tests {
    use crate::cards::testing::card_of;

    fn length(config: &str) -> Option<u64> {
        card_of(&[("config.json", config)]).architecture.context_length
    }

    #[test]
    fn the_smallest_of_several_keys_counts() {
        let config = r#"{"model_type": "qwen", "architectures": ["QWenLMHeadModel"], "hidden_size": 8, "vocab_size": 9,
            "n_positions": 6144, "seq_length": 2048}"#;
        assert_eq!(length(config), Some(2048));
    }

    #[test]
    fn model_max_length_beats_them() {
        let config = r#"{"model_type": "cohere", "hidden_size": 8, "vocab_size": 9, "max_position_embeddings": 8192,
            "model_max_length": 131072}"#;
        assert_eq!(length(config), Some(131_072));
    }

    #[test]
    fn a_network_that_only_sees_has_no_context() {
        let config = r#"{"model_type": "detr", "d_model": 256, "max_position_embeddings": 1024}"#;
        assert_eq!(length(config), None);
    }

    #[test]
    fn a_mark_for_no_limit_is_not_a_length() {
        let config = r#"{"model_type": "llama", "hidden_size": 8, "vocab_size": 9, "model_max_length": 1e30,
            "max_position_embeddings": 4096}"#;
        assert_eq!(length(config), Some(4096));
    }
}
