//! The sizes of state-space and linear-attention layers: they decide how large the state of a layer is.

use crate::cards::card::StateSpace;
use crate::cards::draft::Draft;
use crate::cards::facts::{Fact, Source};

use super::settings::Settings;
use super::shape::is_attention_free;

const STATE: [&str; 5] = ["state_size", "d_state", "ssm_state_size", "mamba_d_state", "linear_key_head_dim"];
const KERNEL: [&str; 6] =
    ["conv_kernel", "d_conv", "mamba_d_conv", "linear_conv_kernel_dim", "conv_L_cache", "conv_kernel_size"];
const INNER: [&str; 3] = ["d_inner", "mamba_d_ssm", "mamba_intermediate_size"];
const GROUPS: [&str; 4] = ["n_groups", "mamba_n_groups", "mamba_ngroups", "linear_num_key_heads"];
const HEADS: [&str; 4] = ["mamba_num_heads", "mamba_n_heads", "n_mamba_heads", "linear_num_value_heads"];
const HEAD_DIM: [&str; 4] = ["mamba_head_dim", "mamba_headdim", "mamba_d_head", "linear_value_head_dim"];
const EXPAND: [&str; 2] = ["mamba_expand", "expand"];

pub fn fill(draft: &mut Draft<'_>, settings: &Settings<'_>) {
    let recurrent = draft.card.architecture.layers.as_ref().is_some_and(|layers| layers.recurrent > 0);
    // Falcon-H1 has both in every layer, so no list tells them apart.
    let both = settings.field(&["mamba_d_state", "mamba_d_ssm"]).is_some();
    if !recurrent && !both && !is_attention_free(settings) {
        return;
    }
    // Mamba 2 has no attention, so the plain names mean the heads of the state.
    let plain = settings.is_any(&["mamba2"]);
    let heads = settings.count(if plain { &["num_heads"] } else { &HEADS });
    let head_dim = settings.count(if plain { &["head_dim"] } else { &HEAD_DIM });
    let inner = inner_size(settings, draft.card.architecture.hidden_size, heads.as_ref().zip(head_dim.as_ref()));
    let mut part = |name: &str, fact| draft.noted(format!("/architecture/state_space/{name}"), fact);
    let sizes = StateSpace {
        state_size: part("state_size", settings.count(&STATE)),
        conv_kernel: part("conv_kernel", settings.count(&KERNEL)),
        inner_size: part("inner_size", inner),
        groups: part("groups", settings.count(&GROUPS)),
        heads: part("heads", heads),
        head_dim: part("head_dim", head_dim),
    };
    if sizes != StateSpace::default() {
        draft.source("/architecture/state_space", Source::derived("from the sizes of its layers"));
        draft.card.architecture.state_space = Some(sizes);
    }
}

fn inner_size(
    settings: &Settings<'_>,
    hidden_size: Option<u64>,
    heads: Option<(&Fact<u64>, &Fact<u64>)>,
) -> Option<Fact<u64>> {
    let of_heads = || {
        let width = heads.and_then(|(heads, size)| heads.value.checked_mul(size.value))?;
        Some(Fact::new(width, Source::derived("heads x head_dim of the state")))
    };
    let widened = || {
        let expand = settings.count(&EXPAND)?;
        let width = hidden_size?.checked_mul(expand.value)?;
        Some(expand.derive("hidden_size x expand", |_| width))
    };
    let own = if is_attention_free(settings) { settings.field(&["intermediate_size"]) } else { None };
    let stated = own.and_then(|field| field.positive()).or_else(|| settings.count(&INNER));
    // Alone, a state-space model is as wide as it expands; in a hybrid its heads decide.
    if is_attention_free(settings) { stated.or_else(widened) } else { stated.or_else(of_heads).or_else(widened) }
}

#[cfg(test)]
mod tests {
    use crate::cards::card::{Attention, StateSpace};
    use crate::cards::testing::card_of;

    #[test]
    fn the_heads_of_a_hybrid_make_its_inner_size() {
        let card = card_of(&[(
            "config.json",
            r#"{"model_type": "nemotron_h", "hidden_size": 2688, "num_attention_heads": 32, "expand": 2,
            "hybrid_override_pattern": "M*", "mamba_num_heads": 64, "mamba_head_dim": 64, "ssm_state_size": 128,
            "n_groups": 8, "conv_kernel": 4}"#,
        )]);
        let sizes = StateSpace {
            state_size: Some(128),
            conv_kernel: Some(4),
            inner_size: Some(4096),
            groups: Some(8),
            heads: Some(64),
            head_dim: Some(64),
        };
        assert_eq!(card.architecture.state_space, Some(sizes));
    }

    #[test]
    fn a_model_with_both_in_every_layer_is_a_hybrid() {
        let card = card_of(&[(
            "config.json",
            r#"{"model_type": "falcon_h1", "hidden_size": 64, "num_attention_heads": 4, "mamba_d_state": 256}"#,
        )]);
        assert_eq!(card.architecture.attention, Some(Attention::Hybrid));
        assert_eq!(card.architecture.state_space.unwrap().state_size, Some(256));
    }
}
