//! The experts of a mixture: how many there are, how many a token passes, how wide they are.

use crate::cards::card::Experts;
use crate::cards::draft::Draft;
use crate::cards::facts::{Fact, Field};

use super::settings::{Settings, largest};

const TOTAL: [&str; 5] =
    ["num_experts", "num_local_experts", "moe_num_experts", "n_routed_experts", "num_routed_experts"];
const ACTIVE: [&str; 8] = [
    "num_experts_per_tok",
    "num_experts_per_token",
    "top_k_experts",
    "moe_topk",
    "moe_top_k",
    "moe_k",
    "num_selected_experts",
    "top_k",
];
const SHARED: [&str; 4] = ["n_shared_experts", "moe_num_shared_experts", "num_shared_experts", "num_shared_expert"];
const WIDTH: [&str; 3] = ["moe_intermediate_size", "expert_ffn_hidden_size", "expert_hidden_dim"];

pub fn fill(draft: &mut Draft<'_>, settings: &Settings<'_>) {
    let Some(total) = total(settings).filter(|total| total.value > 1) else { return };
    // A dense model may carry the keys of the mixture its class could be.
    if ["use_moe", "enable_moe_block"].iter().any(|key| settings.flag(key) == Some(false)) {
        return;
    }
    draft.source("/architecture/experts", total.source.clone());
    let experts = Experts {
        total: draft.noted("/architecture/experts/total", Some(total)),
        active: draft.noted("/architecture/experts/active", active(settings)),
        shared: draft.noted("/architecture/experts/shared", shared(settings)),
        intermediate_size: draft.noted("/architecture/experts/intermediate_size", width(settings)),
    };
    draft.card.architecture.experts = Some(experts);
}

fn total(settings: &Settings<'_>) -> Option<Fact<u64>> {
    // A pattern that gives each layer its kind has a letter for those of experts.
    let patterned = settings.field(&["hybrid_override_pattern"]).and_then(|pattern| pattern.value.as_str());
    if patterned.is_some_and(|pattern| !pattern.contains('E')) {
        return None;
    }
    settings
        .count(&TOTAL)
        .or_else(|| settings.path(&["ffn_config", "moe_num_experts"]).and_then(|field| largest(&field)))
        .or_else(|| of_blocks(settings))
}

/// A hybrid may give the experts of each of its blocks.
fn of_blocks(settings: &Settings<'_>) -> Option<Fact<u64>> {
    let blocks = settings.field(&["block_configs"])?;
    let experts = |block: Field<'_>| largest(&block.get("n_routed_experts")?);
    blocks.items().filter_map(experts).max_by_key(|fact| fact.value)
}

fn active(settings: &Settings<'_>) -> Option<Fact<u64>> {
    settings.count(&ACTIVE).or_else(|| settings.path(&["ffn_config", "moe_top_k"]).and_then(|field| largest(&field)))
}

/// None is an answer here: a mixture without shared experts says 0.
fn shared(settings: &Settings<'_>) -> Option<Fact<u64>> {
    settings.fact(&SHARED, |field| field.count().or_else(|| largest(field))).or_else(|| {
        let width = settings.field(&["shared_expert_intermediate_size"])?.positive()?;
        Some(width.derive("one, of the size given", |_| 1))
    })
}

fn width(settings: &Settings<'_>) -> Option<Fact<u64>> {
    settings.count(&WIDTH).or_else(|| {
        let width = settings.count(&["intermediate_size", "ffn_hidden_size"]);
        width.or_else(|| settings.path(&["ffn_config", "ffn_hidden_size"])?.positive())
    })
}

#[cfg(test)]
mod tests {
    use crate::cards::card::Experts;
    use crate::cards::testing::card_of;

    fn experts(config: &str) -> Option<Experts> {
        card_of(&[("config.json", config)]).architecture.experts
    }

    fn of(total: u64, active: u64, shared: Option<u64>, width: u64) -> Option<Experts> {
        Some(Experts { total: Some(total), active: Some(active), shared, intermediate_size: Some(width) })
    }

    #[test]
    fn each_family_has_its_own_names() {
        let mixtral = r#"{"model_type": "mixtral", "hidden_size": 8, "num_local_experts": 8, "num_experts_per_tok": 2,
            "intermediate_size": 14336}"#;
        assert_eq!(experts(mixtral), of(8, 2, None, 14336));
        let deepseek = r#"{"model_type": "deepseek_v3", "hidden_size": 8, "n_routed_experts": 256, "n_shared_experts": 1,
            "num_experts_per_tok": 8, "moe_intermediate_size": 2048}"#;
        assert_eq!(experts(deepseek), of(256, 8, Some(1), 2048));
        let dbrx = r#"{"model_type": "dbrx", "architectures": ["DbrxForCausalLM"], "d_model": 8,
            "ffn_config": {"moe_num_experts": 16, "moe_top_k": 4, "ffn_hidden_size": 10752}}"#;
        assert_eq!(experts(dbrx), of(16, 4, None, 10752));
    }

    #[test]
    fn a_file_s_own_number_beats_the_default_under_another_name() {
        let config = r#"{"model_type": "qwen3_moe", "hidden_size": 8, "num_experts": 160, "num_experts_per_tok": 8,
            "moe_intermediate_size": 2560}"#;
        assert_eq!(experts(config), of(160, 8, None, 2560));
    }

    #[test]
    fn a_mixture_that_is_switched_off_is_dense() {
        let config = r#"{"model_type": "minimind", "hidden_size": 8, "n_routed_experts": 4, "use_moe": false}"#;
        assert_eq!(experts(config), None);
        let dense = r#"{"model_type": "nemotron_h", "hidden_size": 8, "hybrid_override_pattern": "M-M*-"}"#;
        assert_eq!(experts(dense), None);
    }

    #[test]
    fn one_expert_or_none_is_no_mixture() {
        assert_eq!(experts(r#"{"model_type": "llama", "hidden_size": 8, "num_experts": 1}"#), None);
        assert_eq!(experts(r#"{"model_type": "llama", "hidden_size": 8, "num_experts": 0}"#), None);
    }
}
