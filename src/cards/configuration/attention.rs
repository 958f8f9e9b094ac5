//! Heads of attention: how many keys and values have, how large one is, and of which kind the attention is.
//!
//! `num_key_value_heads` has many names and, in a few families, is a switch instead of a number. A head
//! of multi-head latent attention is as large as its two parts together; what other tools call
//! `head_dim` there differs, so the card says which it means.

use crate::cards::card::{Attention, Mla};
use crate::cards::draft::{Draft, fill};
use crate::cards::facts::{Fact, Field, Source};

use super::settings::{Settings, common};
use super::shape::is_attention_free;

const KEY_VALUE_HEADS: [&str; 7] = [
    "num_key_value_heads",
    "n_head_kv",
    "num_kv_heads",
    "num_attention_groups",
    "n_kv_heads",
    "head_num_kv",
    "decoder_num_key_value_heads",
];
const HEAD_DIM: [&str; 6] =
    ["head_dim", "hidden_size_per_head", "d_kv", "kv_channels", "attention_head_dim", "attention_head_size"];
const FALCON: [&str; 3] = ["falcon", "RefinedWeb", "RefinedWebModel"];

pub fn fill(draft: &mut Draft<'_>, settings: &Settings<'_>) {
    if is_attention_free(settings) {
        let source = Source::derived("a state-space model has no attention");
        fill!(draft, architecture.attention, Some(Fact::new(Attention::None, source)));
        return;
    }
    let heads = draft.card.architecture.num_attention_heads;
    fill!(draft, architecture.num_key_value_heads, key_value_heads(settings, heads));
    latent(draft, settings);
    let head_dim = head_dim(draft, settings);
    fill!(draft, architecture.head_dim, head_dim);
    kind(draft);
}

fn key_value_heads(settings: &Settings<'_>, heads: Option<u64>) -> Option<Fact<u64>> {
    let heads = heads?;
    falcon(settings, heads)
        .or_else(|| multi_query(settings, heads))
        .or_else(|| of_blocks(settings, heads))
        .or_else(|| of_attention_block(settings))
        .or_else(|| settings.fact(&KEY_VALUE_HEADS, common))
        .or_else(|| Some(Fact::new(heads, Source::derived("num_attention_heads: there is no key of its own"))))
}

/// Falcon's first architecture shares one key/value head, whatever number its file holds.
fn falcon(settings: &Settings<'_>, heads: u64) -> Option<Fact<u64>> {
    if !settings.is_any(&FALCON) {
        return None;
    }
    let grouped = settings.field(&["num_kv_heads", "n_head_kv"]).and_then(|field| field.positive());
    let old = settings.flag("new_decoder_architecture") == Some(false)
        || (settings.flag("new_decoder_architecture").is_none() && settings.root.get("n_head_kv").is_none());
    match (old, settings.field(&["multi_query"])) {
        (false, _) => grouped,
        (true, Some(field)) if field.value.as_bool() == Some(false) => {
            Some(Fact::new(heads, field.source().by("num_attention_heads: multi_query is off")))
        }
        (true, field) => Some(shared(field)),
    }
}

/// One key/value head for all, by a switch: StarCoder 1, ChatGLM, MPT.
fn multi_query(settings: &Settings<'_>, heads: u64) -> Option<Fact<u64>> {
    if let Some(field) = settings.field(&["multi_query_attention"]) {
        let groups = settings.field(&["multi_query_group_num"]).and_then(|groups| groups.positive());
        let own = || Fact::new(heads, field.source().by("num_attention_heads: multi_query_attention is off"));
        return if field.value.as_bool() == Some(true) { groups } else { Some(own()) };
    }
    let attention = settings.path(&["attn_config", "attn_type"]);
    if let Some(field) = attention.filter(|field| field.value == "multiquery_attention") {
        return Some(shared(Some(field)));
    }
    let switch = settings.field(&["multi_query"]);
    let on = switch.as_ref().map_or(settings.is_any(&["gpt_bigcode"]), |field| field.value.as_bool() == Some(true));
    on.then(|| shared(switch))
}

fn shared(switch: Option<Field<'_>>) -> Fact<u64> {
    let how = "multi-query attention: one head for all";
    Fact::new(1, switch.map_or_else(|| Source::derived(how), |field| field.source().by(how)))
}

/// A network found by search has its own attention in each block; the first that attends counts.
fn of_blocks(settings: &Settings<'_>, heads: u64) -> Option<Fact<u64>> {
    let blocks = settings.field(&["block_configs"])?;
    let groups = blocks.items().find_map(|block| block.path(&["attention", "n_heads_in_group"])?.positive())?;
    let kv_heads = heads.checked_div(groups.value).filter(|heads| *heads > 0)?;
    Some(groups.derive("num_attention_heads / n_heads_in_group of the first block that attends", |_| kv_heads))
}

/// MPT and DBRX keep it in a block of its own.
fn of_attention_block(settings: &Settings<'_>) -> Option<Fact<u64>> {
    settings.path(&["attn_config", "kv_n_heads"])?.positive()
}

/// The compressed keys and values of multi-head latent attention.
fn latent(draft: &mut Draft<'_>, settings: &Settings<'_>) {
    // The newest of the family keep the names but store plain keys and values of `head_dim`.
    let Some(rank) = settings.count(&["kv_lora_rank"]).filter(|_| settings.field(&["compress_ratios"]).is_none())
    else {
        return;
    };
    let mut part = |key: &str| draft.noted(format!("/architecture/mla/{key}"), settings.count(&[key]));
    let mla = Mla {
        q_lora_rank: part("q_lora_rank"),
        qk_nope_head_dim: part("qk_nope_head_dim"),
        qk_rope_head_dim: part("qk_rope_head_dim"),
        v_head_dim: part("v_head_dim"),
        kv_lora_rank: part("kv_lora_rank"),
    };
    draft.source("/architecture/mla", rank.source);
    draft.card.architecture.mla = Some(mla);
}

fn head_dim(draft: &Draft<'_>, settings: &Settings<'_>) -> Option<Fact<u64>> {
    let heads = draft.card.architecture.num_attention_heads?;
    if let Some(mla) = &draft.card.architecture.mla {
        let size = mla.qk_nope_head_dim.unwrap_or(0).checked_add(mla.qk_rope_head_dim?)?;
        let how = "qk_nope_head_dim + qk_rope_head_dim: a query/key head of multi-head latent attention";
        return Some(Fact::new(size, Source::derived(how)));
    }
    let divided = || {
        let size = draft.card.architecture.hidden_size?;
        let exact = size.checked_rem(heads)? == 0;
        let how = "hidden_size / num_attention_heads";
        exact.then(|| size.checked_div(heads)).flatten().map(|size| Fact::new(size, Source::derived(how)))
    };
    // What a class of latent attention calls head_dim by default is one of its two parts.
    let latent = settings.class.has_default("kv_lora_rank");
    let stated = || HEAD_DIM.iter().find_map(|key| common(&settings.backbone.get(key)?));
    let own = if latent { stated() } else { settings.fact(&HEAD_DIM, common) };
    own.or_else(divided)
}

fn kind(draft: &mut Draft<'_>) {
    let architecture = &draft.card.architecture;
    let (heads, kv_heads) = (architecture.num_attention_heads, architecture.num_key_value_heads);
    let recurrent = architecture.layers.as_ref().is_some_and(|layers| layers.recurrent > 0);
    let (kind, how) = match (heads, kv_heads) {
        _ if recurrent => (Attention::Hybrid, "some layers keep a state instead"),
        _ if architecture.mla.is_some() => (Attention::Mla, "it has kv_lora_rank"),
        (Some(heads), Some(kv_heads)) if heads == kv_heads => (Attention::Mha, "as many key/value heads as heads"),
        (Some(_), Some(1)) => (Attention::Mqa, "one key/value head"),
        (Some(_), Some(_)) => (Attention::Gqa, "fewer key/value heads than heads"),
        _ => return,
    };
    fill!(draft, architecture.attention, Some(Fact::new(kind, Source::derived(how))));
}
