//! Rotary positions: their base, and how they are stretched beyond the length of the training.
//!
//! Older files hold `rope_theta` and `rope_scaling`; newer ones one block `rope_parameters`, in which
//! models with several kinds of attention nest one block for each kind. The block of the layers that
//! see the whole context is the one that counts.

use crate::cards::card::RopeScaling;
use crate::cards::draft::{Draft, fill};
use crate::cards::facts::{Fact, Field, Source};

use super::settings::Settings;

const BLOCKS: [&str; 3] = ["rope_parameters", "rope_scaling", "rope_config"];
const THETAS: [&str; 6] = [
    "rope_theta",
    "rotary_emb_base",
    "global_rope_theta",
    "rope_global_base_freq",
    "rotary_base",
    "rope_embedding_base",
];
/// Names of one thing.
const RENAMED: [(&str, &str); 5] = [
    ("su", "longrope"),
    ("mrope", "default"),
    ("telechat3-yarn", "yarn"),
    ("deepseek_yarn", "yarn"),
    ("deepseek_llama_scaling", "llama3"),
];

pub fn fill(draft: &mut Draft<'_>, settings: &Settings<'_>) {
    fill!(draft, architecture.rope_theta, theta(settings));
    let Some(block) = BLOCKS.iter().find_map(|key| block(&settings.field(&[key])?)) else { return };
    let Some(kind) = kind(&block).filter(|kind| kind.value != "default") else { return };
    let source = block.source();
    let original = original(settings, &block);
    let scaling = RopeScaling {
        kind: kind.value.clone(),
        factor: draft.noted("/architecture/rope_scaling/factor", factor(settings, &block, &original)),
        original_max_position_embeddings: draft
            .noted("/architecture/rope_scaling/original_max_position_embeddings", original),
    };
    draft.source("/architecture/rope_scaling/type", kind.source);
    if !settings.model_type().starts_with("gemma3") {
        extended(draft, &scaling, &source);
    }
    fill!(draft, architecture.rope_scaling, Some(Fact::new(scaling, source)));
}

/// The block itself, or the one of the layers with full attention.
fn block<'a>(field: &Field<'a>) -> Option<Field<'a>> {
    let members = field.value.as_object()?;
    let nested = !members.is_empty() && members.values().all(serde_json::Value::is_object);
    if nested {
        field.first(&["full_attention", "main", "global"]).or_else(|| first_member(field))
    } else {
        Some(field.clone())
    }
}

fn first_member<'a>(field: &Field<'a>) -> Option<Field<'a>> {
    field.get(field.value.as_object()?.keys().next()?)
}

fn kind(block: &Field<'_>) -> Option<Fact<String>> {
    let mut kind = block.first(&["rope_type", "type"])?.string()?;
    if let Some((_, name)) = RENAMED.iter().find(|(old, _)| *old == kind.value) {
        kind.value = (*name).to_owned();
    }
    Some(kind)
}

fn theta(settings: &Settings<'_>) -> Option<Fact<f64>> {
    let in_block = BLOCKS.iter().find_map(|key| block(&settings.field(&[key])?)?.get("rope_theta")?.number());
    let of_class = || {
        let stated = settings.field(&["rope_parameters"]).is_some();
        let read = |field: &Field<'_>| block(field)?.get("rope_theta")?.number();
        settings.fact(&["rope_parameters"], read).filter(|_| !stated)
    };
    in_block
        .or_else(|| settings.fact(&THETAS, |field| field.number()))
        .or_else(|| settings.path(&["attn_config", "rope_theta"])?.number())
        .or_else(of_class)
}

/// The length of the training; Phi-3 keeps it beside the block, where it beats the one inside.
fn original(settings: &Settings<'_>, block: &Field<'_>) -> Option<Fact<u64>> {
    let beside = settings.field(&["original_max_position_embeddings"]).and_then(|field| field.positive());
    beside.or_else(|| block.get("original_max_position_embeddings")?.positive())
}

fn factor(settings: &Settings<'_>, block: &Field<'_>, original: &Option<Fact<u64>>) -> Option<Fact<f64>> {
    let derived = || {
        let (context, original) = (settings.count(&["max_position_embeddings"])?, original.as_ref()?);
        let ratio = as_float(context.value)? / as_float(original.value)?;
        let how = "max_position_embeddings / original_max_position_embeddings";
        (ratio > 1.0).then(|| Fact::new(ratio, Source::derived(how)))
    };
    block
        .first(&["factor", "scaling_factor"])
        .and_then(|field| field.number())
        .filter(|factor| factor.value > 0.0)
        .or_else(derived)
}

/// Where scaling reaches beyond the declared length, how far.
pub fn extended(draft: &mut Draft<'_>, scaling: &RopeScaling, source: &Source) {
    let Some(declared) = draft.card.architecture.context_length else { return };
    // Of the other kinds, the declared length holds the extended one already.
    if !matches!(scaling.kind.as_str(), "yarn" | "linear" | "dynamic" | "ntk") {
        return;
    }
    let trained = scaling.original_max_position_embeddings.unwrap_or(declared);
    let Some(reach) = scaling.factor.and_then(|factor| stretched(trained, factor)) else { return };
    if reach > declared {
        let how = "length of the training x factor";
        fill!(draft, architecture.context_length_extended, Some(Fact::new(reach, source.clone().by(how))));
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the range is checked first: every such float is an exact u64"
)]
fn stretched(length: u64, factor: f64) -> Option<u64> {
    let reach = (as_float(length)? * factor).round();
    (1.0..=9_007_199_254_740_992.0).contains(&reach).then_some(reach as u64)
}

/// A length as a float; lengths beyond 32 bits do not occur.
fn as_float(length: u64) -> Option<f64> {
    u32::try_from(length).ok().map(f64::from)
}

#[cfg(test)]
mod tests {
    use crate::cards::card::Card;
    use crate::cards::testing::card_of;

    fn card(rest: &str) -> Card {
        let config = format!(
            r#"{{"model_type": "qwen2", "hidden_size": 8, "vocab_size": 9, "max_position_embeddings": 32768, {rest}}}"#
        );
        card_of(&[("config.json", config)])
    }

    #[test]
    fn yarn_reaches_beyond_the_declared_length() {
        let card = card(
            r#""rope_theta": 1000000, "rope_scaling": {"type": "yarn", "factor": 4.0,
            "original_max_position_embeddings": 32768}"#,
        );
        assert_eq!(card.architecture.rope_theta, Some(1e6));
        assert_eq!(card.architecture.context_length, Some(32768));
        assert_eq!(card.architecture.context_length_extended, Some(131_072));
        assert_eq!(card.sources["/architecture/rope_scaling/factor"].pointer.as_deref(), Some("/rope_scaling/factor"));
    }

    #[test]
    fn the_newer_block_may_hold_one_for_each_kind_of_layer() {
        let card = card(
            r#""rope_parameters": {"sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
            "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 500000.0}}"#,
        );
        assert_eq!(card.architecture.rope_theta, Some(500_000.0));
        assert_eq!(card.architecture.rope_scaling.unwrap().kind, "linear");
    }

    #[test]
    fn what_llama_3_scales_is_in_the_declared_length_already() {
        let card = card(
            r#""rope_scaling": {"rope_type": "llama3", "factor": 32.0,
            "original_max_position_embeddings": 8192}"#,
        );
        assert_eq!(card.architecture.context_length_extended, None);
    }

    #[test]
    fn a_length_beside_the_block_beats_the_one_inside() {
        let card = card(
            r#""original_max_position_embeddings": 4096, "rope_scaling": {"type": "su",
            "original_max_position_embeddings": 1}"#,
        );
        let scaling = card.architecture.rope_scaling.unwrap();
        assert_eq!((scaling.kind.as_str(), scaling.factor), ("longrope", Some(8.0)));
        assert_eq!(scaling.original_max_position_embeddings, Some(4096));
    }

    #[test]
    fn a_block_that_scales_nothing_or_is_no_block_is_left_out() {
        for rest in [
            r#""rope_scaling": {"type": "mrope", "mrope_section": [16, 24, 24]}"#,
            r#""rope_scaling": "linear""#,
            r#""rope_scaling": [2.0]"#,
            r#""rope_scaling": {}"#,
        ] {
            assert_eq!(card(rest).architecture.rope_scaling, None, "{rest}");
        }
    }

    #[test]
    fn factors_beyond_reason_reach_nowhere() {
        let card = card(r#""rope_scaling": {"type": "linear", "factor": 1e300}"#);
        assert_eq!(card.architecture.context_length_extended, None);
    }
}
