//! Whatever the bytes of a folder's files are, reading it ends, and with a card.

use proptest::prelude::*;

use super::testing::{Gguf, GgufFile, safetensors};
use crate::cards::testing::card_of;

/// Bytes with some of them changed, and cut or lengthened.
fn mutated(valid: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<prop::sample::Index>(), any::<u8>());
    (prop::collection::vec(change, 0..12), any::<prop::sample::Index>(), 0..4_u8).prop_map(move |(changes, at, how)| {
        let mut bytes = valid.clone();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        match how {
            0 => bytes.truncate(at.index(bytes.len())),
            1 => bytes.extend_from_slice(&[0; 9]),
            _ => {}
        }
        bytes
    })
}

fn valid_gguf() -> Vec<u8> {
    GgufFile::new()
        .key("general.architecture", Gguf::Text("llama"))
        .key("general.file_type", Gguf::U32(15))
        .key("llama.block_count", Gguf::U32(2))
        .key("llama.attention.head_count", Gguf::U32(4))
        .key("llama.embedding_length", Gguf::U32(64))
        .key("llama.attention.head_count_kv", Gguf::U32s(&[2, 0]))
        .key("llama.ssm.conv_kernel", Gguf::U32(4))
        .key("llama.rope.freq_base", Gguf::F32(1e4))
        .key("llama.attention.causal", Gguf::Bool(false))
        .key("tokenizer.ggml.tokens", Gguf::Texts(&["<s>", "a", "</s>"]))
        .key("tokenizer.ggml.eos_token_id", Gguf::U32(2))
        .tensor("token_embd.weight", 12, &[256, 2], 288)
        .tensor("norm", 0, &[3], 12)
        .build()
}

fn valid_safetensors() -> Vec<u8> {
    safetensors(&[("a.experts.0.w", "BF16", &[3, 4]), ("b", "F32", &[5]), ("c.qweight", "I32", &[2, 2])])
}

const INDEX: &[u8] =
    br#"{"metadata": {"total_size": 44}, "weight_map": {"a.experts.0.w": "model-00001-of-00002.safetensors",
    "b": "model-00001-of-00002.safetensors", "c.qweight": "model-00002-of-00002.safetensors"}}"#;

fn folder(files: &[(&str, &[u8])]) {
    let card = card_of(files);
    assert!(card.warnings.len() < 100);
    serde_json::to_string(&card).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn random_bytes_end_in_a_card(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for name in ["model.safetensors", "x.gguf", "model.safetensors.index.json", "pytorch_model.bin"] {
            folder(&[(name, &bytes)]);
        }
    }

    #[test]
    fn random_bytes_behind_a_right_beginning_end_in_a_card(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let header = [&(bytes.len() as u64).to_le_bytes()[..], b"{", &bytes].concat();
        let gguf = [b"GGUF\x03\0\0\0\x02\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0", &bytes[..]].concat();
        folder(&[("model.safetensors", &header), ("x.gguf", &gguf)]);
    }

    #[test]
    fn changed_files_end_in_a_card(
        gguf in mutated(valid_gguf()),
        tensors in mutated(valid_safetensors()),
        index in mutated(INDEX.to_vec()),
    ) {
        folder(&[
            ("x-Q4_K_M.gguf", &gguf),
            ("model-00001-of-00002.safetensors", &tensors),
            ("model-00002-of-00002.safetensors", &tensors),
            ("model.safetensors.index.json", &index),
        ]);
    }

    #[test]
    fn any_name_of_a_file_is_taken(names in prop::collection::vec("[a-z0-9._-]{0,12}(-0000[0-9]-of-0000[0-9])?[.](safetensors|gguf|bin|json)", 1..8)) {
        let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b"{}"[..])).collect();
        folder(&files);
    }
}
