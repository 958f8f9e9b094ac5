//! How complete the card is, in one word.

use super::card::{Card, CardStatus, WeightsFormat};
use super::draft::Draft;
use super::kind::Kind;
use super::warning::WarningCode;

/// Warnings that mean that something expected is missing or could not be read.
const MISSING: [WarningCode; 12] = [
    WarningCode::MissingShards,
    WarningCode::IndexMismatch,
    WarningCode::LfsPointer,
    WarningCode::PartialDownload,
    WarningCode::ZeroBytes,
    WarningCode::TruncatedFile,
    WarningCode::InvalidHeader,
    WarningCode::UnreadableFile,
    WarningCode::LinkRefused,
    WarningCode::ForeignSchema,
    WarningCode::NoWeights,
    WarningCode::BudgetExceeded,
];
/// Files of which a text model has at least one.
const TOKENIZERS: [&str; 10] = [
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "vocab.json",
    "vocab.txt",
    "tekken.json",
    "spiece.model",
    "sentencepiece.bpe.model",
    "tiktoken.model",
    "tokenizer.tiktoken",
];

pub fn judge(draft: &mut Draft<'_>, kind: Kind) {
    let status = if is_empty(draft, kind) {
        CardStatus::Empty
    } else if is_partial(draft, kind) {
        CardStatus::Partial
    } else {
        CardStatus::Complete
    };
    draft.status(status);
}

/// Nothing of a model was recognised: neither a description nor weights nor a fact.
fn is_empty(draft: &Draft<'_>, kind: Kind) -> bool {
    let Card { family, architectures, weights, tokenizer, .. } = &draft.card;
    let described = family.is_some() || !architectures.is_empty() || draft.card.architecture.hidden_size.is_some();
    let known = !matches!(kind, Kind::Nothing | Kind::Foreign);
    let tokenized = tokenizer.class.is_some() || tokenizer.vocab_size.is_some();
    !described && !known && !tokenized && weights.format == WeightsFormat::None && !has_pointers(draft)
}

/// A folder of pointers to files that were not fetched holds a model all the same.
fn has_pointers(draft: &Draft<'_>) -> bool {
    draft.card.warnings.iter().any(|warning| warning.code == WarningCode::LfsPointer)
}

fn is_partial(draft: &Draft<'_>, kind: Kind) -> bool {
    let warned = draft.card.warnings.iter().any(|warning| MISSING.contains(&warning.code));
    let format = draft.card.weights.format;
    // GGUF files describe themselves, in whichever folders they lie.
    let undescribed = matches!(kind, Kind::Safetensors | Kind::ModelScope | Kind::Foreign | Kind::Nothing)
        && !(kind == Kind::Nothing && format == WeightsFormat::Gguf);
    let weightless = format == WeightsFormat::None;
    warned || undescribed || weightless || lacks_tokenizer(draft, kind)
}

/// A text model is of no use without its tokenizer; a GGUF file carries its own.
fn lacks_tokenizer(draft: &Draft<'_>, kind: Kind) -> bool {
    let described = matches!(kind, Kind::Transformers | Kind::SentenceTransformers | Kind::Native);
    let takes_text = matches!(
        draft.card.task.as_deref(),
        Some(
            "text-generation"
                | "text2text-generation"
                | "image-text-to-text"
                | "fill-mask"
                | "text-classification"
                | "token-classification"
                | "sentence-similarity"
        )
    );
    let has_one = draft.listing.files.iter().any(|entry| {
        let name = entry.path.rsplit('/').next().unwrap_or_default();
        TOKENIZERS.contains(&name) || name.starts_with("tokenizer.") || name.ends_with(".tiktoken")
    });
    described && takes_text && !has_one && draft.card.weights.format != WeightsFormat::Gguf
}

#[cfg(test)]
mod tests {
    use crate::cards::card::CardStatus;
    use crate::cards::testing::card_of;

    const MODEL: &str = r#"{"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 8}"#;

    #[test]
    fn a_folder_in_which_nothing_is_recognised_is_empty() {
        assert_eq!(card_of(&[("notes.txt", "x")]).status, CardStatus::Empty);
    }

    #[test]
    fn a_model_without_weights_is_partial() {
        assert_eq!(card_of(&[("config.json", MODEL), ("tokenizer.json", "{}")]).status, CardStatus::Partial);
    }

    #[test]
    fn pointers_to_files_that_were_not_fetched_are_not_nothing() {
        let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 7\n";
        assert_eq!(card_of(&[("config.json", pointer)]).status, CardStatus::Partial);
    }

    #[test]
    fn a_model_with_its_weights_and_its_tokenizer_is_complete() {
        let header = br#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
        let weights = [&(header.len() as u64).to_le_bytes()[..], header, &[0; 4]].concat();
        let model = ("config.json", MODEL.as_bytes());
        let tokenizer: (&str, &[u8]) = ("tokenizer.json", br#"{"model": {"vocab": {"a": 0}}}"#);
        let weights = ("model.safetensors", weights.as_slice());
        assert_eq!(card_of(&[model, tokenizer, weights]).status, CardStatus::Complete);
        assert_eq!(card_of(&[model, weights]).status, CardStatus::Partial);
    }
}
