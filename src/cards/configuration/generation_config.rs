//! `generation_config.json`: how the author suggests to sample, and what ends an answer.
//!
//! Older folders keep the same keys in `config.json`. Only sampling and end tokens are taken: the rest
//! of the file configures one library.

use crate::cards::draft::{Draft, fill};
use crate::cards::facts::{Fact, Field};

pub fn read(draft: &mut Draft<'_>) {
    if let Some(document) = draft.json("generation_config.json") {
        sampling(draft, &document.root());
        end_tokens(draft, &document.root());
    }
    if let Some(document) = draft.json("config.json") {
        let root = document.root();
        end_tokens(draft, &root);
        for key in ["text_config", "llm_config", "language_config"] {
            root.get(key).into_iter().for_each(|backbone| end_tokens(draft, &backbone));
        }
    }
}

fn sampling(draft: &mut Draft<'_>, root: &Field<'_>) {
    let number = |key: &str| root.get(key)?.number();
    fill!(draft, generation.temperature, number("temperature"));
    fill!(draft, generation.top_p, number("top_p"));
    fill!(draft, generation.top_k, root.get("top_k").and_then(|field| field.count()));
    fill!(draft, generation.min_p, number("min_p"));
    fill!(draft, generation.repetition_penalty, number("repetition_penalty"));
    fill!(draft, generation.max_new_tokens, root.get("max_new_tokens").and_then(|field| field.positive()));
    fill!(draft, generation.do_sample, root.get("do_sample").and_then(|field| field.bool()));
}

/// One id or a list of them. `config.json` often names fewer, which is no conflict: the first file counts.
fn end_tokens(draft: &mut Draft<'_>, place: &Field<'_>) {
    let ids: Option<Fact<Vec<u64>>> = place.get("eos_token_id").and_then(|field| field.counts());
    draft.fill_list("/generation/eos_token_ids", ids, |card| &mut card.generation.eos_token_ids);
}

#[cfg(test)]
mod tests {
    use crate::cards::testing::{card_of, warning_codes};

    #[test]
    fn sampling_and_end_tokens_are_read() {
        let card = card_of(&[
            (
                "generation_config.json",
                r#"{"temperature": 0.7, "top_p": 0.8, "top_k": 20, "min_p": 0, "repetition_penalty": 1.05,
                "do_sample": true, "max_new_tokens": 512, "eos_token_id": [151645, 151643]}"#,
            ),
            ("config.json", r#"{"model_type": "qwen2", "hidden_size": 8, "eos_token_id": 151643}"#),
        ]);
        let generation = &card.generation;
        assert_eq!((generation.temperature, generation.top_k), (Some(0.7), Some(20)));
        assert_eq!((generation.min_p, generation.max_new_tokens), (Some(0.0), Some(512)));
        assert_eq!(generation.eos_token_ids, [151_645, 151_643]);
        assert_eq!(card.sources["/generation/eos_token_ids"].file.as_deref(), Some("generation_config.json"));
        assert!(!warning_codes(&card).contains(&crate::cards::WarningCode::ConflictingValues));
    }

    #[test]
    fn an_end_token_may_stand_with_the_backbone_alone() {
        let config = r#"{"model_type": "llava", "text_config": {"eos_token_id": 2}}"#;
        assert_eq!(card_of(&[("config.json", config)]).generation.eos_token_ids, [2]);
        let none = r#"{"model_type": "llama", "hidden_size": 8, "eos_token_id": -1}"#;
        assert!(card_of(&[("config.json", none)]).generation.eos_token_ids.is_empty());
    }
}
