//! From the keys of a GGUF file to the card.
//!
//! The keys are those of `docs/gguf.md` of ggml-org/ggml and of gguf-py. What a configuration file
//! of the folder said first stays.

use super::gguf::Header;
use super::gguf_keys::{self, Keys};
use super::gguf_layers;
use super::gguf_parts;
use super::gguf_types;
use super::gguf_value::Value;
use super::names::Role;
use crate::cards::card::{ArchitectureKind, Attention, Embedding, Experts, Mla, Quantization, RopeScaling};
use crate::cards::draft::{Draft, fill};
use crate::cards::facts::{Fact, Source};

/// Sets a member that is still empty: words that GGUF spells in its own way are no conflict.
macro_rules! fill_gap {
    ($draft:expr, $($part:ident).+, $fact:expr) => {
        if $draft.card.$($part).+.is_none() {
            fill!($draft, $($part).+, $fact);
        }
    };
}
pub(super) use fill_gap;

/// What a file is for, by its header.
pub fn role(header: &Header) -> Role {
    let text = |key: &str| header.keys.get(key).and_then(gguf_keys::text).unwrap_or_default();
    match (text("general.type"), text("general.architecture")) {
        ("adapter", _) => Role::Adapter,
        ("mmproj", _) | (_, "clip") => Role::Projector,
        ("imatrix", _) => Role::Sidecar,
        _ => Role::Model,
    }
}

/// The quantisation that `general.file_type` declares.
pub fn file_type(header: &Header) -> Option<&'static str> {
    match header.keys.get("general.file_type")? {
        Value::Unsigned(number) => gguf_types::file_type(*number),
        _ => None,
    }
}

/// Fills the card from the keys of the first file of a set.
pub fn fill(draft: &mut Draft<'_>, keys: Keys<'_>) {
    let family = keys.text("general.architecture");
    fill_gap!(draft, family, family);
    gguf_parts::adapter(draft, keys);
    sizes(draft, keys);
    experts(draft, keys);
    mla(draft, keys);
    rope(draft, keys);
    gguf_layers::recurrent(draft, keys);
    gguf_layers::sliding(draft, keys);
    kind(draft, keys);
    gguf_parts::decoder(draft, keys);
    gguf_parts::towers(draft, keys, keys.architecture());
    pooling(draft, keys);
    words(draft, keys);
    lineage(draft, keys);
    templates(draft, keys);
}

/// The quantisation of the set the other facts describe, or its plain type.
pub fn quantization(draft: &mut Draft<'_>, name: &str, source: Source) {
    let plain = match name {
        "F64" => Some("float64"),
        "F32" => Some("float32"),
        "F16" => Some("float16"),
        "BF16" => Some("bfloat16"),
        _ => None,
    };
    match plain {
        Some(dtype) => fill_gap!(draft, weights.dtype, Some(Fact::new(dtype.to_owned(), source))),
        None => {
            let bits = gguf_types::bits(name);
            let quantization = Quantization { method: name.to_owned(), bits, group_size: None };
            fill_gap!(draft, weights.quantization, Some(Fact::new(quantization, source)));
        }
    }
}

fn sizes(draft: &mut Draft<'_>, keys: Keys<'_>) {
    fill!(draft, architecture.context_length, keys.positive("*.context_length"));
    fill!(draft, architecture.hidden_size, keys.positive("*.embedding_length"));
    fill!(draft, architecture.num_hidden_layers, keys.positive("*.block_count"));
    fill_gap!(draft, architecture.intermediate_size, keys.common("*.feed_forward_length"));
    fill_gap!(draft, architecture.num_attention_heads, keys.common("*.attention.head_count"));
    let heads = keys.common("*.attention.head_count");
    let kv = keys
        .common("*.attention.head_count_kv")
        .or_else(|| Some(heads.clone()?.derive("no key for it: as many as heads", |n| n)));
    fill_gap!(draft, architecture.num_key_value_heads, kv);
    let tokens = vocabulary(keys);
    let vocab = keys.positive("*.vocab_size").or_else(|| tokens.clone());
    fill!(draft, architecture.vocab_size, vocab);
    fill_gap!(draft, tokenizer.vocab_size, tokens);
    let head = keys.positive("*.attention.key_length_mla").or_else(|| keys.positive("*.attention.key_length"));
    let divided = || {
        let (size, heads) = (keys.positive("*.embedding_length")?, heads?.value);
        let whole = size.value.is_multiple_of(heads);
        whole.then(|| size.derive("embedding_length over attention.head_count", |size| size / heads))
    };
    fill_gap!(draft, architecture.head_dim, head.or_else(divided));
}

fn vocabulary(keys: Keys<'_>) -> Option<Fact<u64>> {
    let key = "tokenizer.ggml.tokens";
    match keys.value(key)? {
        Value::Array(array) if array.count > 0 => {
            Some(Fact::new(array.count, keys.source(key).by("the length of the list")))
        }
        _ => None,
    }
}

fn experts(draft: &mut Draft<'_>, keys: Keys<'_>) {
    let count = |key: &str| keys.positive(key).map(|fact| fact.value);
    let experts = keys.positive("*.expert_count").map(|fact| {
        fact.map(|total| Experts {
            total: Some(total),
            active: count("*.expert_used_count"),
            shared: count("*.expert_shared_count"),
            intermediate_size: count("*.expert_feed_forward_length"),
        })
    });
    fill_gap!(draft, architecture.experts, experts);
}

/// llama.cpp caches the latent, so `key_length` is that of the cache and `_mla` the head's, in newer files.
fn mla(draft: &mut Draft<'_>, keys: Keys<'_>) {
    let count = |key: &str| keys.positive(key).map(|fact| fact.value);
    let head = count("*.attention.key_length_mla").or_else(|| count("*.attention.key_length"));
    let rope = count("*.rope.dimension_count");
    let mla = keys.positive("*.attention.kv_lora_rank").map(|fact| {
        fact.map(|rank| Mla {
            q_lora_rank: count("*.attention.q_lora_rank"),
            kv_lora_rank: Some(rank),
            qk_nope_head_dim: head.and_then(|head| head.checked_sub(rope?)),
            qk_rope_head_dim: rope,
            v_head_dim: count("*.attention.value_length_mla").or_else(|| count("*.attention.value_length")),
        })
    });
    fill_gap!(draft, architecture.mla, mla);
}

fn rope(draft: &mut Draft<'_>, keys: Keys<'_>) {
    fill_gap!(draft, architecture.rope_theta, keys.number("*.rope.freq_base"));
    let original = keys.positive("*.rope.scaling.original_context_length");
    let factor = keys.number("*.rope.scaling.factor");
    let scaling = keys.text("*.rope.scaling.type").filter(|kind| kind.value != "none").map(|kind| {
        kind.map(|kind| RopeScaling {
            kind,
            factor: factor.map(|factor| factor.value),
            original_max_position_embeddings: original.map(|original| original.value),
        })
    });
    fill_gap!(draft, architecture.rope_scaling, scaling);
}

/// Networks that draw, which other programs than llama.cpp keep in GGUF files.
const DIFFUSION: [&str; 14] = [
    "flux",
    "sd1",
    "sd3",
    "sdxl",
    "wan",
    "ltxv",
    "hyvid",
    "hidream",
    "cosmos",
    "qwen_image",
    "lumina2",
    "aura",
    "chroma",
    "z_image",
];

fn kind(draft: &mut Draft<'_>, keys: Keys<'_>) {
    let name = keys.architecture();
    if name.is_empty() {
        return;
    }
    let kind = match name {
        "t5" => ArchitectureKind::EncoderDecoder,
        _ if name.contains("bert") || name == "t5encoder" || keys.flag("*.attention.causal") == Some(false) => {
            ArchitectureKind::Encoder
        }
        "clip" | "wavtokenizer-dec" => ArchitectureKind::Other,
        _ if DIFFUSION.contains(&name) => ArchitectureKind::Diffusion,
        _ => ArchitectureKind::Decoder,
    };
    let source = keys.source("general.architecture").by("by the name of the architecture");
    fill_gap!(draft, architecture.kind, Some(Fact::new(kind, source)));
    let attention =
        attention(draft).map(|kind| Fact::new(kind, Source::derived("from the heads and the kinds of layers")));
    fill_gap!(draft, architecture.attention, attention);
}

fn attention(draft: &Draft<'_>) -> Option<Attention> {
    let architecture = &draft.card.architecture;
    let heads = architecture.num_attention_heads;
    if architecture.mla.is_some() {
        return Some(Attention::Mla);
    }
    if let Some(layers) = architecture.layers.as_ref().filter(|layers| layers.recurrent > 0) {
        let attends = layers.full_attention.saturating_add(layers.sliding_attention) > 0;
        return Some(if attends { Attention::Hybrid } else { Attention::None });
    }
    match (heads?, architecture.num_key_value_heads?) {
        (heads, kv) if heads == kv => Some(Attention::Mha),
        (_, 1) => Some(Attention::Mqa),
        _ => Some(Attention::Gqa),
    }
}

/// `enum llama_pooling_type`.
fn pooling(draft: &mut Draft<'_>, keys: Keys<'_>) {
    let Some(pooling) = keys.count("*.pooling_type") else { return };
    let name = match pooling.value {
        1 => "mean",
        2 => "cls",
        3 => "lasttoken",
        4 => {
            let ranking = pooling.derive("its pooling ranks", |_| "text-ranking".to_owned());
            fill_gap!(draft, task, Some(ranking));
            return;
        }
        _ => return,
    };
    let embedding = pooling.map(|_| Embedding {
        dimension: keys.positive("*.embedding_length").map(|fact| fact.value),
        pooling: Some(name.to_owned()),
        max_tokens: keys.positive("*.context_length").map(|fact| fact.value),
        similarity: None,
    });
    fill_gap!(draft, embedding, Some(embedding));
}

fn words(draft: &mut Draft<'_>, keys: Keys<'_>) {
    fill_gap!(draft, description, keys.text("general.description"));
    fill_gap!(draft, version, keys.text("general.version"));
    fill_gap!(draft, license.id, keys.text("general.license").map(|id| id.map(|id| id.to_lowercase())));
    fill_gap!(draft, license.name, keys.text("general.license.name"));
    fill_gap!(draft, license.link, keys.text("general.license.link"));
    fill_gap!(draft, tokenizer.class, keys.text("tokenizer.ggml.model"));
    draft.fill_list("/languages", keys.texts("general.languages"), |card| &mut card.languages);
    draft.fill_list("/tags", keys.texts("general.tags"), |card| &mut card.tags);
    draft.fill_list("/authors", keys.texts("general.author"), |card| &mut card.authors);
    draft.fill_list("/references", keys.texts("general.source.url"), |card| &mut card.references);
    let ends: Vec<u64> = ["tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id"]
        .iter()
        .filter_map(|key| keys.count(key).map(|fact| fact.value))
        .collect();
    let ends = Fact::new(ends, keys.source("tokenizer.ggml.eos_token_id"));
    draft.fill_list("/generation/eos_token_ids", Some(ends), |card| &mut card.generation.eos_token_ids);
}

/// Models and datasets that this one was made from; their numbers begin at zero.
fn lineage(draft: &mut Draft<'_>, keys: Keys<'_>) {
    const MOST: u64 = 64;
    let repository = |of: &str, at: u64| {
        let key = |part: &str| format!("general.{of}.{at}.{part}");
        let id = keys.text(&key("repo_url")).map(|url| {
            url.map(|url| url.trim_start_matches("https://huggingface.co/").trim_start_matches("datasets/").to_owned())
        });
        id.or_else(|| keys.text(&key("name")))
    };
    for (of, pointer) in [("base_model", "/base_models"), ("dataset", "/datasets")] {
        let names: Vec<String> = (0..MOST).map_while(|at| repository(of, at)).map(|fact| fact.value).collect();
        let fact = Fact::new(names, keys.source(&format!("general.{of}.0.repo_url")));
        draft.fill_list(
            pointer,
            Some(fact),
            |card| {
                if of == "dataset" { &mut card.datasets } else { &mut card.base_models }
            },
        );
    }
    draft.fill_list("/datasets", keys.texts("general.datasets"), |card| &mut card.datasets);
}

fn templates(draft: &mut Draft<'_>, keys: Keys<'_>) {
    let from_here = draft.card.chat_template.default.is_none();
    fill_gap!(draft, chat_template.default, keys.text("tokenizer.chat_template"));
    if from_here {
        for (name, value) in keys.below("tokenizer.chat_template.") {
            if let Some(template) = gguf_keys::text(value) {
                draft.card.chat_template.named.entry(name.to_owned()).or_insert_with(|| template.to_owned());
            }
        }
    }
}
