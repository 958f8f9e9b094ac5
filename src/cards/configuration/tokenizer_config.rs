//! `tokenizer_config.json` and `special_tokens_map.json`: the tokenizer's class, its limit, its special tokens.
//!
//! A token is a string, or an object that holds it under `content`. `model_max_length` is a hint: the
//! mark for "no limit" is left out. The vocabulary is in other files.

use crate::cards::draft::{Draft, fill};
use crate::cards::facts::{Fact, Field};

use super::remote_code;

pub fn read(draft: &mut Draft<'_>) {
    if let Some(document) = draft.json("tokenizer_config.json") {
        let root = document.root();
        remote_code::warn(draft, &root);
        fill!(draft, tokenizer.class, root.get("tokenizer_class").and_then(|field| field.string()));
        fill!(draft, tokenizer.max_length, root.get("model_max_length").and_then(|field| field.positive()));
        tokens(draft, &root);
    }
    if let Some(document) = draft.json("special_tokens_map.json") {
        missing_tokens(draft, &document.root());
    }
}

fn tokens(draft: &mut Draft<'_>, root: &Field<'_>) {
    fill!(draft, tokenizer.bos_token, token(root, "bos_token"));
    fill!(draft, tokenizer.eos_token, token(root, "eos_token"));
    fill!(draft, tokenizer.pad_token, token(root, "pad_token"));
}

/// The map is the older of the two files and often out of date: it fills gaps, it does not contradict.
fn missing_tokens(draft: &mut Draft<'_>, root: &Field<'_>) {
    if draft.card.tokenizer.bos_token.is_none() {
        fill!(draft, tokenizer.bos_token, token(root, "bos_token"));
    }
    if draft.card.tokenizer.eos_token.is_none() {
        fill!(draft, tokenizer.eos_token, token(root, "eos_token"));
    }
    if draft.card.tokenizer.pad_token.is_none() {
        fill!(draft, tokenizer.pad_token, token(root, "pad_token"));
    }
}

fn token(root: &Field<'_>, key: &str) -> Option<Fact<String>> {
    let field = root.get(key)?;
    field.get("content").unwrap_or(field).string()
}

#[cfg(test)]
mod tests {
    use crate::cards::testing::card_of;

    #[test]
    fn a_token_is_a_string_or_holds_one() {
        let tokenizer = card_of(&[
            (
                "tokenizer_config.json",
                r#"{"tokenizer_class": "LlamaTokenizer", "model_max_length": 4096, "eos_token": "</s>",
                "bos_token": {"__type": "AddedToken", "content": "<s>"}, "pad_token": null}"#,
            ),
            ("special_tokens_map.json", r#"{"pad_token": {"content": "<pad>"}, "eos_token": "<|other|>"}"#),
        ])
        .tokenizer;
        assert_eq!(tokenizer.class.as_deref(), Some("LlamaTokenizer"));
        assert_eq!(tokenizer.max_length, Some(4096));
        assert_eq!((tokenizer.bos_token.as_deref(), tokenizer.eos_token.as_deref()), (Some("<s>"), Some("</s>")));
        assert_eq!(tokenizer.pad_token.as_deref(), Some("<pad>"));
    }

    #[test]
    fn the_mark_for_no_limit_is_no_limit() {
        let config = r#"{"model_max_length": 1000000000000000019884624838656}"#;
        assert_eq!(card_of(&[("tokenizer_config.json", config)]).tokenizer.max_length, None);
    }
}
