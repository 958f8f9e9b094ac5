//! The key/value cache.
//!
//! After vLLM's `v1/kv_cache_interface.py`: a layer of full attention keeps all tokens, a sliding one
//! those of its window, one of multi-head latent attention a latent and a rotary key instead of heads,
//! and a recurrent one a state whose size does not depend on the context.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::sheet::{Quantity, Sheet, product, sum};
use super::width::Width;
use crate::cards::card::{Architecture, ArchitectureKind, Card, Layers, StateSpace};

const SOURCE: &str = "vLLM, v1/kv_cache_interface.py; recurrent states as Ollama reckons them, fs/ggml/ggml.go";
/// Recurrent states are kept in 32 bits.
const STATE_BYTES: u64 = 4;

/// The cache of keys and values, and the states of recurrent layers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct KvCache {
    /// What a token adds, as long as no window is full.
    #[schema(example = 32768)]
    pub per_token: Option<u64>,
    /// What a sequence takes however short it is: the states of recurrent layers.
    #[schema(example = 0)]
    pub per_sequence: Option<u64>,
    /// All sequences at the full context.
    pub total: Quantity,
}

pub fn kv_cache(card: &Card, context: Option<u64>, batch: u64, width: Width) -> KvCache {
    if matches!(card.architecture.kind, Some(ArchitectureKind::Encoder | ArchitectureKind::Diffusion)) {
        let total = Sheet::default().finish(Some(0), "0", "an encoder reads all tokens at once and keeps none");
        return KvCache { per_token: Some(0), per_sequence: Some(0), total };
    }
    let mut sheet = Sheet::default();
    let layers = layers(&mut sheet, &card.architecture);
    let token = layers.as_ref().and_then(|layers| layer_bytes(&mut sheet, &card.architecture, layers, width));
    let (wide, narrow) =
        (of_kind(&mut sheet, "full", token, &layers, width), of_kind(&mut sheet, "sliding", token, &layers, width));
    let state = layers.as_ref().and_then(|layers| state_bytes(&mut sheet, &card.architecture, layers));
    let window = card.architecture.sliding_window;
    let context = sheet.need("context_length", context);
    sheet.note("batch", batch);
    let attending = layers.as_ref().map(|layers| (layers.full_attention, layers.sliding_attention));
    let total = attending.zip(wide.zip(narrow)).zip(state).zip(context).and_then(
        |((((full, sliding), (wide, narrow)), state), context)| {
            let windowed = window.map_or(context, |window| window.min(context));
            let kept = product(&[full, context, wide])?.checked_add(product(&[sliding, windowed, narrow])?)?;
            product(&[batch, kept.checked_add(state)?])
        },
    );
    let per_token = attending
        .zip(wide.zip(narrow))
        .and_then(|((full, sliding), (wide, narrow))| sum(&[product(&[full, wide]), product(&[sliding, narrow])]));
    KvCache { per_token, per_sequence: state, total: sheet.finish(total, formula(card), SOURCE) }
}

/// The bytes of a token in a layer of that kind, where its heads are not those of the others.
fn of_kind(sheet: &mut Sheet, kind: &str, common: Option<u64>, layers: &Option<Layers>, width: Width) -> Option<u64> {
    let layers = layers.as_ref()?;
    let own = if kind == "full" { layers.full_attention_width } else { layers.sliding_attention_width };
    let Some(own) = own else { return common };
    sheet.note(&format!("layers.{kind}.width"), own);
    width.bytes(own)
}

fn formula(card: &Card) -> &'static str {
    if card.architecture.mla.is_some() {
        "batch * (layers.full * context_length * (kv_lora_rank + qk_rope_head_dim) * bits / 8 + layers.recurrent * state)"
    } else {
        "batch * ((layers.full * context_length + layers.sliding * min(context_length, sliding_window)) \
         * 2 * num_key_value_heads * head_dim * bits / 8 + layers.recurrent * state)"
    }
}

/// The layers of each kind. A window without a list of layers is that of all of them; a decoder beside
/// an encoder keeps its own tokens and those of the encoder.
fn layers(sheet: &mut Sheet, architecture: &Architecture) -> Option<Layers> {
    let layers = match (&architecture.layers, &architecture.decoder, architecture.kind) {
        (Some(layers), _, _) => layers.clone(),
        (None, Some(decoder), Some(ArchitectureKind::EncoderDecoder)) => {
            let own = sheet.need("decoder.num_hidden_layers", decoder.num_hidden_layers)?;
            Layers { full_attention: own.checked_mul(2)?, ..Layers::default() }
        }
        _ => {
            let all = sheet.need("num_hidden_layers", architecture.num_hidden_layers)?;
            let attends = architecture.num_attention_heads.is_some() || architecture.state_space.is_none();
            match (attends, architecture.sliding_window) {
                (false, _) => Layers { recurrent: all, ..Layers::default() },
                (true, Some(_)) => Layers { sliding_attention: all, ..Layers::default() },
                // Both in every layer, as Falcon-H1 has it.
                (true, None) => {
                    let recurrent = if architecture.state_space.is_some() { all } else { 0 };
                    Layers { full_attention: all, recurrent, ..Layers::default() }
                }
            }
        }
    };
    sheet.note("layers.full", layers.full_attention);
    sheet.note("layers.recurrent", layers.recurrent);
    if layers.sliding_attention > 0 {
        sheet.note("layers.sliding", layers.sliding_attention);
        sheet.need("sliding_window", architecture.sliding_window);
    }
    Some(layers)
}

/// Bytes that one token takes in one layer that attends.
fn layer_bytes(sheet: &mut Sheet, architecture: &Architecture, layers: &Layers, width: Width) -> Option<u64> {
    if layers.full_attention == 0 && layers.sliding_attention == 0 {
        return Some(0);
    }
    sheet.note("bits", width.bits());
    let numbers = match &architecture.mla {
        Some(mla) => {
            let rank = sheet.need("kv_lora_rank", mla.kv_lora_rank);
            let rope = sheet.need("qk_rope_head_dim", mla.qk_rope_head_dim);
            rank.zip(rope).and_then(|(rank, rope)| rank.checked_add(rope))
        }
        None => {
            let heads = sheet.need("num_key_value_heads", architecture.num_key_value_heads);
            let size = sheet.need("head_dim", architecture.head_dim);
            heads.zip(size).and_then(|(heads, size)| product(&[2, heads, size]))
        }
    };
    width.bytes(numbers?)
}

/// Bytes of the states of all recurrent layers of one sequence.
fn state_bytes(sheet: &mut Sheet, architecture: &Architecture, layers: &Layers) -> Option<u64> {
    if layers.recurrent == 0 {
        return Some(0);
    }
    let state = architecture.state_space.as_ref();
    let numbers = state.and_then(|state| state_numbers(state, architecture.hidden_size));
    let numbers = sheet.need("state_space", numbers)?;
    let bytes = numbers.checked_mul(STATE_BYTES)?;
    sheet.note("state", bytes);
    layers.recurrent.checked_mul(bytes)
}

/// `(conv_kernel - 1) * (inner + 2 * groups * state) + state * inner`; a short convolution alone has no more
/// than its window of the hidden size.
fn state_numbers(state: &StateSpace, hidden_size: Option<u64>) -> Option<u64> {
    let window = state.conv_kernel.unwrap_or(1).checked_sub(1)?;
    let Some(size) = state.state_size else { return product(&[window, state.inner_size.or(hidden_size)?]) };
    let inner = state.inner_size?;
    let convolved = inner.checked_add(product(&[2, state.groups.unwrap_or(0), size])?)?;
    product(&[window, convolved])?.checked_add(product(&[size, inner])?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cards::card::Mla;

    fn card(layers: u64, heads: u64, head_dim: u64) -> Card {
        let mut card = Card::default();
        card.architecture.num_hidden_layers = Some(layers);
        card.architecture.num_attention_heads = Some(64);
        card.architecture.num_key_value_heads = Some(heads);
        card.architecture.head_dim = Some(head_dim);
        card
    }

    fn per_token(card: &Card) -> u64 {
        kv_cache(card, Some(1), 1, Width::HALF).per_token.unwrap()
    }

    #[test]
    fn a_token_takes_what_vllm_says() {
        for (name, layers, heads, size, bytes) in [
            ("Llama-3.1-8B", 32, 8, 128, 131_072),
            ("Llama-3.2-1B", 16, 8, 64, 32_768),
            ("gpt-oss-20b", 24, 8, 64, 49_152),
            ("gpt-oss-120b", 36, 8, 64, 73_728),
            ("Qwen3-30B-A3B", 48, 4, 128, 98_304),
            ("Phi-3-mini", 32, 32, 96, 393_216),
            ("Gemma-2-2B", 26, 4, 256, 106_496),
            ("Falcon-180B", 80, 8, 64, 163_840),
        ] {
            assert_eq!(per_token(&card(layers, heads, size)), bytes, "{name}");
        }
    }

    #[test]
    fn latent_attention_keeps_no_heads() {
        let mut deepseek = card(61, 128, 192);
        deepseek.architecture.mla = Some(Mla { kv_lora_rank: Some(512), qk_rope_head_dim: Some(64), ..Mla::default() });
        assert_eq!(per_token(&deepseek), 70_272);
    }

    #[test]
    fn a_sliding_layer_keeps_no_more_than_its_window() {
        let mut model = card(24, 8, 64);
        model.architecture.sliding_window = Some(128);
        model.architecture.layers = Some(Layers { full_attention: 12, sliding_attention: 12, ..Layers::default() });
        let cache = kv_cache(&model, Some(131_072), 2, Width::HALF);
        assert_eq!(cache.per_token, Some(49_152));
        assert_eq!(cache.total.bytes, Some(2 * 2048 * 12 * (131_072 + 128)));
        model.architecture.layers = None;
        assert_eq!(kv_cache(&model, Some(131_072), 1, Width::HALF).total.bytes, Some(2048 * 24 * 128));
    }

    #[test]
    fn layers_with_heads_of_their_own_keep_what_these_have() {
        let mut gemma = card(60, 16, 256);
        gemma.architecture.sliding_window = Some(1024);
        gemma.architecture.layers = Some(Layers {
            full_attention: 10,
            sliding_attention: 50,
            full_attention_width: Some(4096),
            ..Layers::default()
        });
        let cache = kv_cache(&gemma, Some(100_000), 1, Width::HALF);
        assert_eq!(cache.per_token, Some(10 * 4096 * 2 + 50 * 8192 * 2));
        assert_eq!(cache.total.bytes, Some(10 * 4096 * 2 * 100_000 + 50 * 8192 * 2 * 1024));
        assert_eq!(cache.total.inputs["layers.full.width"], 4096);
    }

    #[test]
    fn a_layer_may_attend_and_keep_a_state_too() {
        let mut both = card(24, 2, 128);
        both.architecture.state_space = Some(StateSpace {
            state_size: Some(256),
            conv_kernel: Some(4),
            inner_size: Some(3072),
            groups: Some(1),
            ..StateSpace::default()
        });
        let cache = kv_cache(&both, Some(10), 1, Width::HALF);
        assert_eq!(cache.per_token, Some(24 * 2 * 2 * 128 * 2));
        assert_eq!(cache.per_sequence, Some(24 * (3 * (3072 + 512) + 256 * 3072) * 4));
    }

    #[test]
    fn a_recurrent_layer_keeps_a_state_of_one_size() {
        let mut hybrid = card(48, 2, 256);
        hybrid.architecture.layers = Some(Layers { full_attention: 12, recurrent: 36, ..Layers::default() });
        hybrid.architecture.state_space = Some(StateSpace {
            state_size: Some(128),
            conv_kernel: Some(4),
            inner_size: Some(4096),
            groups: Some(16),
            ..StateSpace::default()
        });
        let state = (3 * (4096 + 2 * 16 * 128) + 128 * 4096) * 4;
        let cache = kv_cache(&hybrid, Some(1000), 1, Width::HALF);
        assert_eq!(cache.per_sequence, Some(36 * state));
        assert_eq!(cache.total.bytes, Some(12 * 2048 * 1000 + 36 * state));
    }

    #[test]
    fn a_state_space_model_has_no_cache_and_an_encoder_nothing_at_all() {
        let mut mamba = Card::default();
        mamba.architecture.num_hidden_layers = Some(24);
        mamba.architecture.state_space = Some(StateSpace {
            state_size: Some(16),
            conv_kernel: Some(4),
            inner_size: Some(1536),
            ..StateSpace::default()
        });
        let cache = kv_cache(&mamba, Some(1 << 20), 1, Width::HALF);
        assert_eq!((cache.per_token, cache.total.bytes), (Some(0), Some(24 * (3 * 1536 + 16 * 1536) * 4)));
        let mut encoder = card(12, 12, 64);
        encoder.architecture.kind = Some(ArchitectureKind::Encoder);
        assert_eq!(kv_cache(&encoder, None, 1, Width::HALF).total.bytes, Some(0));
    }

    #[test]
    fn what_is_missing_is_named_and_huge_numbers_give_none() {
        let cache = kv_cache(&Card::default(), None, 1, Width::HALF);
        assert_eq!(cache.total.missing, ["num_hidden_layers", "context_length"]);
        assert_eq!(kv_cache(&card(u64::MAX, u64::MAX, 2), Some(u64::MAX), u64::MAX, Width::HALF).total.bytes, None);
    }
}
