//! The number of parameters of decoders, from the configuration.
//!
//! `transformers`' classes lay most decoders out alike; a `Family` says where they differ, and the switches of the
//! configuration what a model adds or leaves out.

use super::decoder_switches::Rest;
use super::estimate::{Estimate, Head, product, sum};
use super::family::{Family, QkNorm};
use crate::cards::card::{Architecture, Card};

pub fn estimate(card: &Card, family: &Family, rest: &Rest, head: Head) -> Option<Estimate> {
    let architecture = &card.architecture;
    let layers = architecture.num_hidden_layers?;
    let width = architecture.hidden_size?;
    let sparse = sparse_layers(architecture, rest, layers);
    let attention = match architecture.mla {
        Some(_) => mla(architecture)?,
        None => attention(architecture, family)?,
    };
    let norms = product(&[family.norms, width, family.vector()])?;
    let mixture = if sparse > 0 { mixture(architecture, family, rest)? } else { Mixture::default() };
    let total = sum(&[
        embeddings(architecture, family, rest, head),
        product(&[layers, attention.checked_add(norms)?]),
        product(&[layers - sparse, if layers > sparse { dense(architecture, family)? } else { 0 }]),
        product(&[sparse, mixture.all]),
        indexers(architecture, rest, layers),
        product(&[family.final_norms, width, family.vector()]),
    ])?;
    Some(Estimate { total, active: total.checked_sub(product(&[sparse, mixture.idle])?)? })
}

fn sparse_layers(architecture: &Architecture, rest: &Rest, layers: u64) -> u64 {
    if architecture.experts.as_ref().and_then(|experts| experts.total).is_none_or(|total| total < 2) {
        return 0;
    }
    let open = layers.saturating_sub(rest.first_dense).saturating_sub(rest.dense_layers);
    open.checked_div(rest.sparse_step.unwrap_or(1)).unwrap_or(open)
}

fn embeddings(architecture: &Architecture, family: &Family, rest: &Rest, head: Head) -> Option<u64> {
    let (vocabulary, width) = (architecture.vocab_size?, architecture.hidden_size?);
    let tied = architecture.tie_word_embeddings.unwrap_or(family.tied);
    let positions = if family.positions {
        rest.positions.or(architecture.context_length)?.checked_add(family.position_offset)?
    } else {
        0
    };
    let behind = match head {
        Head::Words if tied => Some(0),
        Head::Words => product(&[vocabulary, width]),
        Head::Labels => product(&[rest.labels.unwrap_or(2), width]),
        Head::Nothing => Some(0),
    };
    let bias = if family.head_bias && head == Head::Words { vocabulary } else { 0 };
    sum(&[product(&[vocabulary, width]), product(&[positions, width]), behind, Some(bias)])
}

/// `H·h·d + 2·H·kv·d + h·d·H`, and the biases and norms of the family.
fn attention(architecture: &Architecture, family: &Family) -> Option<u64> {
    let (width, heads, size) = (architecture.hidden_size?, architecture.num_attention_heads?, architecture.head_dim?);
    let kv = architecture.num_key_value_heads.unwrap_or(heads);
    let queries = product(&[heads, size])?;
    let keys = product(&[2, kv, size])?;
    sum(&[
        product(&[2, width, queries]),
        product(&[width, keys]),
        if family.qkv_bias { queries.checked_add(keys) } else { Some(0) },
        Some(if family.out_bias { width } else { 0 }),
        match family.qk_norm {
            QkNorm::None => Some(0),
            QkNorm::Head => size.checked_mul(2),
            QkNorm::Wide => queries.checked_add(product(&[kv, size])?),
        },
        Some(if family.sinks { heads } else { 0 }),
    ])
}

/// Multi-head latent attention: queries, keys and values by way of their low ranks.
fn mla(architecture: &Architecture) -> Option<u64> {
    let (width, heads, mla) =
        (architecture.hidden_size?, architecture.num_attention_heads?, architecture.mla.as_ref()?);
    let (rank, rope, nope, value) = (mla.kv_lora_rank?, mla.qk_rope_head_dim?, mla.qk_nope_head_dim?, mla.v_head_dim?);
    let head = nope.checked_add(rope)?;
    let queries = match mla.q_lora_rank {
        Some(low) => sum(&[product(&[width, low]), Some(low), product(&[low, heads, head])]),
        None => product(&[width, heads, head]),
    };
    sum(&[
        queries,
        product(&[width, rank.checked_add(rope)?]),
        Some(rank),
        product(&[rank, heads, nope.checked_add(value)?]),
        product(&[heads, value, width]),
    ])
}

/// Sparse attention picks the tokens to attend to by an indexer of its own.
fn indexers(architecture: &Architecture, rest: &Rest, layers: u64) -> Option<u64> {
    let (Some(mla), Some((heads, size))) = (&architecture.mla, rest.indexer) else { return Some(0) };
    let (width, low) = (architecture.hidden_size?, mla.q_lora_rank);
    let one =
        sum(&[product(&[low?, heads, size]), product(&[width, size]), product(&[2, size]), product(&[width, heads])])?;
    product(&[rest.indexed_layers.unwrap_or(layers), one])
}

/// A feed-forward part: three matrices where it is gated, else two.
fn dense(architecture: &Architecture, family: &Family) -> Option<u64> {
    let (width, inner) =
        (architecture.hidden_size?, architecture.intermediate_size?.checked_div(family.inner_divisor)?);
    let matrices = if family.gated { 3 } else { 2 };
    let biases = product(&[matrices - 1, inner])?.checked_add(width)?;
    sum(&[product(&[matrices, width, inner]), Some(if family.mlp_bias { biases } else { 0 })])
}

#[derive(Default)]
struct Mixture {
    all: u64,
    /// The experts that a token does not pass.
    idle: u64,
}

fn mixture(architecture: &Architecture, family: &Family, rest: &Rest) -> Option<Mixture> {
    let (width, experts) = (architecture.hidden_size?, architecture.experts.as_ref()?);
    let (total, active) = (experts.total?, experts.active?);
    let inner = experts.intermediate_size.or(architecture.intermediate_size)?;
    let biases = if family.expert_bias { product(&[2, inner])?.checked_add(width)? } else { 0 };
    let expert = product(&[3, width, inner])?.checked_add(biases)?;
    let shared = match rest.shared_width {
        // Qwen's shared expert has a width, and a gate of its own.
        Some(shared) => product(&[3, width, shared])?.checked_add(width),
        None => product(&[experts.shared.unwrap_or(0), expert]),
    };
    Some(Mixture {
        all: sum(&[
            product(&[total, expert]),
            shared,
            product(&[width, total]),
            Some(if family.router_bias { total } else { 0 }),
        ])?,
        idle: product(&[total.checked_sub(active)?, expert])?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::family::family;
    use super::*;
    use crate::cards::card::{Experts, Mla};
    use crate::cards::testing::card_of;

    /// Sizes in the order vocabulary, width, layers, heads, key/value heads, head size, inner width.
    fn card(name: &str, sizes: [u64; 7], tied: bool) -> Card {
        let [vocab, hidden, layers, heads, kv, head, inner] = sizes;
        Card {
            family: Some(name.to_owned()),
            architecture: Architecture {
                vocab_size: Some(vocab),
                hidden_size: Some(hidden),
                num_hidden_layers: Some(layers),
                num_attention_heads: Some(heads),
                num_key_value_heads: Some(kv),
                head_dim: Some(head),
                intermediate_size: Some(inner),
                tie_word_embeddings: Some(tied),
                context_length: Some(1024),
                ..Architecture::default()
            },
            ..Card::default()
        }
    }

    fn total(card: &Card, rest: &Rest) -> u64 {
        let family = family(card.family.as_deref().unwrap()).unwrap();
        estimate(card, &family, rest, Head::Words).unwrap().total
    }

    #[test]
    fn dense_models_are_counted_to_the_last_parameter() {
        let rest = Rest::default();
        for (name, sizes, tied, expected) in [
            ("qwen2", [152_064, 5120, 48, 40, 8, 128, 13_824], false, 14_770_033_664),
            ("gemma", [256_000, 2048, 18, 8, 1, 256, 16_384], true, 2_506_172_416),
            ("llama", [128_256, 4096, 32, 32, 8, 128, 14_336], false, 8_030_261_248),
            ("internlm2", [92_544, 4096, 32, 32, 8, 128, 14_336], false, 7_737_708_544),
            ("phi3", [32_064, 3072, 32, 32, 32, 96, 8192], false, 3_821_079_552),
            ("phi", [51_200, 2560, 32, 32, 32, 80, 10_240], false, 2_779_683_840),
            ("qwen", [151_936, 4096, 32, 32, 32, 128, 22_016], false, 7_721_324_544),
            ("gpt2", [50_257, 768, 12, 12, 12, 64, 3072], true, 124_439_808),
            ("qwen3", [151_936, 1024, 28, 16, 8, 128, 3072], true, 596_049_920),
        ] {
            assert_eq!(total(&card(name, sizes, tied), &rest), expected, "{name}");
        }
    }

    #[test]
    fn a_mixture_counts_all_experts_and_the_active_ones() {
        let mut mixtral = card("mixtral", [32_000, 4096, 32, 32, 8, 128, 14_336], false);
        mixtral.architecture.experts = Some(Experts { total: Some(8), active: Some(2), ..Experts::default() });
        let estimate = estimate(&mixtral, &family("mixtral").unwrap(), &Rest::default(), Head::Words).unwrap();
        assert_eq!(estimate, Estimate { total: 46_702_792_704, active: 12_879_925_248 });
    }

    #[test]
    fn latent_attention_counts_its_low_ranks() {
        let mut deepseek = card("deepseek_v3", [129_280, 7168, 61, 128, 128, 192, 18_432], false);
        deepseek.architecture.mla = Some(Mla {
            q_lora_rank: Some(1536),
            kv_lora_rank: Some(512),
            qk_nope_head_dim: Some(128),
            qk_rope_head_dim: Some(64),
            v_head_dim: Some(128),
        });
        deepseek.architecture.experts =
            Some(Experts { total: Some(256), active: Some(8), shared: Some(1), intermediate_size: Some(2048) });
        let rest = Rest { first_dense: 3, ..Rest::default() };
        assert_eq!(total(&deepseek, &rest), 671_026_419_200);
    }

    #[test]
    fn switches_of_the_configuration_add_weights() {
        for (expected, config) in [
            (
                20_914_757_184,
                r#""model_type": "gpt_oss", "architectures": ["GptOssForCausalLM"], "attention_bias": true, "head_dim": 64,
                "hidden_size": 2880, "intermediate_size": 2880, "num_attention_heads": 64, "num_experts_per_tok": 4,
                "num_hidden_layers": 24, "num_key_value_heads": 8, "num_local_experts": 32, "tie_word_embeddings": false,
                "vocab_size": 201088"#,
            ),
            (
                6_921_720_704,
                r#""model_type": "falcon", "architectures": ["FalconForCausalLM"], "bias": false, "hidden_size": 4544,
                "multi_query": true, "new_decoder_architecture": false, "num_attention_heads": 71, "num_hidden_layers": 32,
                "parallel_attn": true, "vocab_size": 65024"#,
            ),
            (
                3_482_503_680,
                r#""model_type": "llama", "architectures": ["LlamaForCausalLM"], "attention_bias": true, "mlp_bias": true,
                "hidden_size": 2560, "intermediate_size": 10240, "num_attention_heads": 32, "num_key_value_heads": 32,
                "num_hidden_layers": 32, "tie_word_embeddings": true, "vocab_size": 49152"#,
            ),
            (
                1_644_515_328,
                r#""model_type": "stablelm", "architectures": ["StableLmForCausalLM"], "hidden_size": 2048,
                "intermediate_size": 5632, "num_attention_heads": 32, "num_key_value_heads": 32, "num_hidden_layers": 24,
                "use_qkv_bias": true, "tie_word_embeddings": false, "vocab_size": 100352"#,
            ),
            (
                6_919_161_856,
                r#""model_type": "olmoe", "architectures": ["OlmoeForCausalLM"], "hidden_size": 2048, "intermediate_size": 1024,
                "num_attention_heads": 16, "num_experts": 64, "num_experts_per_tok": 8, "num_hidden_layers": 16,
                "num_key_value_heads": 16, "tie_word_embeddings": false, "vocab_size": 50304"#,
            ),
        ] {
            let card = card_of(&[("config.json", format!("{{{config}}}"))]);
            assert_eq!(card.weights.parameters.total, Some(expected), "{config}");
        }
    }

    #[test]
    fn an_indexer_is_counted_where_a_layer_has_its_own() {
        let of = |more: &str| {
            let config = format!(
                r#"{{"model_type": "deepseek_v32", "architectures": ["DeepseekV32ForCausalLM"], "hidden_size": 64,
                "intermediate_size": 128, "num_hidden_layers": 4, "num_attention_heads": 4, "vocab_size": 100,
                "q_lora_rank": 16, "kv_lora_rank": 8, "qk_nope_head_dim": 8, "qk_rope_head_dim": 4, "v_head_dim": 8,
                "n_routed_experts": 4, "n_shared_experts": 1, "num_experts_per_tok": 2, "moe_intermediate_size": 32,
                "first_k_dense_replace": 1, "tie_word_embeddings": false, "index_n_heads": 2, "index_head_dim": 8 {more}}}"#
            );
            card_of(&[("config.json", config)]).weights.parameters.total.unwrap()
        };
        let one = 16 * 2 * 8 + 64 * 8 + 2 * 8 + 64 * 2;
        assert_eq!(of("") - of(r#", "indexer_types": ["full", "shared", "shared", "full"]"#), 2 * one);
    }

    #[test]
    fn a_variant_whose_layers_are_not_known_gets_no_number() {
        let config = r#"{"model_type": "opt", "architectures": ["OPTForCausalLM"], "hidden_size": 1024, "ffn_dim": 4096,
            "num_attention_heads": 16, "num_hidden_layers": 24, "vocab_size": 50272, "word_embed_proj_dim": 512}"#;
        assert_eq!(card_of(&[("config.json", config)]).weights.parameters.total, None);
    }

    #[test]
    fn what_is_not_known_gives_no_number() {
        let mut unknown = card("llama", [32_000, 4096, 32, 32, 8, 128, 11_008], false);
        unknown.architecture.vocab_size = None;
        assert_eq!(estimate(&unknown, &family("llama").unwrap(), &Rest::default(), Head::Words), None);
        let huge = card("llama", [u64::MAX, u64::MAX, 2, 2, 2, 2, 2], false);
        assert_eq!(estimate(&huge, &family("llama").unwrap(), &Rest::default(), Head::Words), None);
        assert!(family("never_heard_of").is_none());
    }
}
