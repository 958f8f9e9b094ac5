//! The special tokens of a GGUF file: their ids stand behind the list of tokens, so the list is
//! walked a second time for the few that are wanted.

use super::fault::Fault;
use super::gguf::Header;
use super::gguf_cursor::Cursor;
use super::gguf_value::{self, Value};
use crate::cards::draft::{Draft, fill};
use crate::cards::facts::{Fact, Source};

const LIST: &str = "tokenizer.ggml.tokens";
const BOS: &str = "tokenizer.ggml.bos_token_id";
const EOS: &str = "tokenizer.ggml.eos_token_id";
const PAD: &str = "tokenizer.ggml.padding_token_id";

pub fn fill(draft: &mut Draft<'_>, path: &str, header: &Header) {
    let id = |key: &str| match header.keys.get(key) {
        Some(Value::Unsigned(id)) => Some(*id),
        _ => None,
    };
    let wanted: Vec<u64> = [BOS, EOS, PAD].iter().filter_map(|key| id(key)).collect();
    let (Some(Value::Array(list)), false) = (header.keys.get(LIST), wanted.is_empty()) else { return };
    let Some(file) = draft.open(path) else { return };
    let (size, cap) = (file.size(), draft.limits.header_bytes);
    let texts = match gguf_value::texts(Cursor::with(file, size, cap, header.layout), list, &wanted) {
        Ok(texts) => texts,
        Err(Fault::OutOfTime) => return draft.warn_exhausted(path),
        Err(_) => return,
    };
    let token = |key: &str| {
        let text = texts.get(&id(key)?)?.clone();
        Some(Fact::new(text, Source::key(path, key).by("the token of that id")))
    };
    fill!(draft, tokenizer.bos_token, token(BOS));
    fill!(draft, tokenizer.eos_token, token(EOS));
    fill!(draft, tokenizer.pad_token, token(PAD));
}
