//! Heads of attention: how many keys and values have, how large one is, and of which kind the attention is.
//!
//! `num_key_value_heads` has many names and, in a few families, is a switch instead of a number. A head
//! of multi-head latent attention is as large as its two parts together; what other tools call
//! `head_dim` there differs, so the card says which it means.

use crate::cards::card::{Architecture, Attention, Mla};
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
        .or_else(|| Some(all_heads(heads)))
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
    draft.card.architecture.num_attention_heads?;
    if draft.card.architecture.mla.is_some() {
        return derived_head_dim(&draft.card.architecture);
    }
    // What a class of latent attention calls head_dim by default is one of its two parts.
    let latent = settings.class.has_default("kv_lora_rank");
    let stated = || HEAD_DIM.iter().find_map(|key| common(&settings.backbone.get(key)?));
    let own = if latent { stated() } else { settings.fact(&HEAD_DIM, common) };
    own.or_else(|| derived_head_dim(&draft.card.architecture))
}

/// The size of a head where no key gives it.
pub fn derived_head_dim(architecture: &Architecture) -> Option<Fact<u64>> {
    if let Some(mla) = &architecture.mla {
        let size = mla.qk_nope_head_dim.unwrap_or(0).checked_add(mla.qk_rope_head_dim?)?;
        let how = "qk_nope_head_dim + qk_rope_head_dim: a query/key head of multi-head latent attention";
        return Some(Fact::new(size, Source::derived(how)));
    }
    let (size, heads) = (architecture.hidden_size?, architecture.num_attention_heads?);
    let divides = size.checked_rem(heads)? == 0;
    let divided = size.checked_div(heads).filter(|_| divides)?;
    Some(Fact::new(divided, Source::derived("hidden_size / num_attention_heads")))
}

/// As many key/value heads as heads, where no key gives them.
pub fn all_heads(heads: u64) -> Fact<u64> {
    Fact::new(heads, Source::derived("num_attention_heads: there is no key of its own"))
}

/// Of which kind the attention is, by what is known of the heads.
pub fn kind(draft: &mut Draft<'_>) {
    let architecture = &draft.card.architecture;
    let (heads, kv_heads) = (architecture.num_attention_heads, architecture.num_key_value_heads);
    let layers = architecture.layers.as_ref().is_some_and(|layers| layers.recurrent > 0);
    let recurrent = layers || architecture.state_space.is_some();
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

#[cfg(test)]
mod tests {
    use crate::cards::card::Attention;
    use crate::cards::testing::card_of;

    fn heads(config: &str) -> (Option<u64>, Option<u64>, Option<Attention>) {
        let architecture = card_of(&[("config.json", config)]).architecture;
        (architecture.num_key_value_heads, architecture.head_dim, architecture.attention)
    }

    #[test]
    fn heads_that_are_not_stated_follow_or_are_fixed_by_the_class() {
        let of = |family: &str| {
            heads(&format!(
                r#"{{"model_type": "{family}", "hidden_size": 4096, "num_hidden_layers": 2, "num_attention_heads": 32}}"#
            ))
        };
        assert_eq!(of("llama"), (Some(32), Some(128), Some(Attention::Mha)));
        assert_eq!(of("gpt_oss"), (Some(8), Some(64), Some(Attention::Gqa)));
        assert_eq!(of("nobody"), (Some(32), Some(128), Some(Attention::Mha)));
    }

    #[test]
    fn falcon_shares_one_head_unless_its_decoder_is_the_new_one() {
        let of = |rest: &str| {
            heads(&format!(
                r#"{{"model_type": "falcon", "hidden_size": 512, "num_hidden_layers": 2, "num_attention_heads": 8,
                "num_kv_heads": 4, {rest}}}"#
            ))
            .0
        };
        assert_eq!(of(r#""multi_query": true"#), Some(1));
        assert_eq!(of(r#""multi_query": false"#), Some(8));
        assert_eq!(of(r#""new_decoder_architecture": true, "multi_query": true"#), Some(4));
    }

    #[test]
    fn a_switch_may_stand_for_a_number() {
        let starcoder = r#"{"model_type": "gpt_bigcode", "n_embd": 64, "n_head": 8, "n_layer": 1}"#;
        assert_eq!(heads(starcoder), (Some(1), Some(8), Some(Attention::Mqa)));
        let chatglm = r#"{"model_type": "chatglm", "hidden_size": 64, "num_attention_heads": 8, "kv_channels": 16,
            "multi_query_attention": true, "multi_query_group_num": 2}"#;
        assert_eq!(heads(chatglm), (Some(2), Some(16), Some(Attention::Gqa)));
    }

    #[test]
    fn a_latent_head_is_its_two_parts_together() {
        let config = r#"{"model_type": "deepseek_v3", "hidden_size": 7168, "num_hidden_layers": 61,
            "num_attention_heads": 128, "num_key_value_heads": 128, "kv_lora_rank": 512, "q_lora_rank": null,
            "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128}"#;
        assert_eq!(heads(config), (Some(128), Some(192), Some(Attention::Mla)));
        let card = card_of(&[("config.json", config)]);
        assert_eq!(card.architecture.mla.unwrap().q_lora_rank, None);
        let source = &card.sources["/architecture/mla/kv_lora_rank"];
        assert_eq!(source.pointer.as_deref(), Some("/kv_lora_rank"));
    }

    #[test]
    fn latent_attention_that_is_switched_off_leaves_plain_heads() {
        let config = r#"{"model_type": "deepseek_v2", "hidden_size": 1280, "num_hidden_layers": 12,
            "num_attention_heads": 10, "num_key_value_heads": 10, "kv_lora_rank": null, "qk_rope_head_dim": 0}"#;
        assert_eq!(heads(config), (Some(10), Some(128), Some(Attention::Mha)));
    }

    #[test]
    fn a_searched_network_counts_its_first_block_that_attends() {
        let config = r#"{"model_type": "nemotron-nas", "hidden_size": 64, "num_attention_heads": 64, "block_configs":
            [{"attention": {"no_op": true, "n_heads_in_group": null}}, {"attention": {"n_heads_in_group": 8}}]}"#;
        assert_eq!(heads(config).0, Some(8));
    }

    #[test]
    fn a_state_space_model_has_no_heads() {
        let config = r#"{"model_type": "mamba", "hidden_size": 64, "num_hidden_layers": 2, "state_size": 16}"#;
        assert_eq!(heads(config), (None, None, Some(Attention::None)));
        let card = card_of(&[("config.json", config)]);
        assert_eq!(card.architecture.state_space.unwrap().inner_size, Some(128));
    }

    #[test]
    fn no_heads_at_all_divide_nothing() {
        let config = r#"{"model_type": "llama", "hidden_size": 0, "num_attention_heads": 0, "head_dim": 0}"#;
        assert_eq!(heads(config), (None, None, None));
    }
}
