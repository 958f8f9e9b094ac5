//! The number of parameters from the configuration, where the weights cannot be counted.
//!
//! The closed form is the sum of the weight matrices of a decoder as transformers' classes lay them
//! out. It is exact for dense models and mixtures of the families below; towers of multimodal models and
//! heads for further predictions are not in it, and families that are not known get no number.

use super::family::{Family, family};
use crate::cards::card::{Architecture, Card};
use crate::cards::draft::{Draft, fill};
use crate::cards::facts::{Fact, Field, Source};

/// Fills the counts that are still open.
pub fn fill(draft: &mut Draft<'_>) {
    if draft.card.weights.parameters.total.is_some() {
        return;
    }
    if !is_whole(&draft.card.architectures) {
        return;
    }
    let Some(family) = draft.card.family.as_deref().and_then(family) else { return };
    let rest = Rest::of(draft);
    let Some(estimate) = estimate(&draft.card, &family, &rest) else { return };
    let source = |what: &str| {
        Source::derived(format!(
            "{what} of the closed form of the configuration: embeddings, attention, feed-forward and norms"
        ))
    };
    fill!(draft, weights.parameters.total, Some(Fact::new(estimate.total, source("total"))));
    let active = Some(estimate.active).filter(|active| *active < estimate.total);
    fill!(draft, weights.parameters.active, active.map(|active| Fact::new(active, source("active part"))));
}

/// Whether the class is that of a whole model. Drafts for speculative decoding borrow the family of
/// their target and have layers of their own.
fn is_whole(architectures: &[String]) -> bool {
    architectures.iter().all(|class| {
        let draft =
            ["Eagle", "Draft", "DFlash", "Medusa", "MTP", "Spec", "DSpark"].iter().any(|mark| class.contains(mark));
        !draft && !class.ends_with(|c: char| c.is_ascii_digit())
    })
}

/// What the card does not hold and the closed form needs.
#[derive(Debug, Default, PartialEq, Eq)]
struct Rest {
    /// Layers at the beginning that are dense.
    first_dense: u64,
    /// Every so many-th layer has experts.
    sparse_step: Option<u64>,
    /// Layers that are dense, by their number.
    dense_layers: u64,
    shared_width: Option<u64>,
    token_types: u64,
    positions: Option<u64>,
}

impl Rest {
    fn of(draft: &mut Draft<'_>) -> Self {
        let Some(document) = draft.json("config.json") else { return Self::default() };
        let root = document.root();
        let nested = ["text_config", "llm_config", "language_config"].iter().find_map(|key| root.get(key));
        let get = |key: &str| nested.as_ref().and_then(|text| text.get(key)).or_else(|| root.get(key));
        let positive = |key: &str| get(key).and_then(|field| field.positive()).map(|fact| fact.value);
        Self {
            first_dense: positive("first_k_dense_replace").unwrap_or(0),
            sparse_step: positive("decoder_sparse_step"),
            dense_layers: get("mlp_only_layers").map_or(0, |field: Field<'_>| field.items().count() as u64),
            shared_width: positive("shared_expert_intermediate_size"),
            token_types: positive("type_vocab_size").unwrap_or(0),
            positions: positive("max_position_embeddings").or_else(|| positive("n_positions")),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Estimate {
    total: u64,
    active: u64,
}

/// A product, unless it is beyond 64 bits.
fn product(factors: &[u64]) -> Option<u64> {
    factors.iter().try_fold(1_u64, |product, factor| product.checked_mul(*factor))
}

fn sum(terms: &[Option<u64>]) -> Option<u64> {
    terms.iter().try_fold(0_u64, |sum, term| sum.checked_add((*term)?))
}

fn estimate(card: &Card, family: &Family, rest: &Rest) -> Option<Estimate> {
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
        embeddings(architecture, family, rest),
        product(&[layers, attention.checked_add(norms)?]),
        product(&[layers - sparse, if layers > sparse { dense(architecture, family)? } else { 0 }]),
        product(&[sparse, mixture.all]),
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

fn embeddings(architecture: &Architecture, family: &Family, rest: &Rest) -> Option<u64> {
    let (vocabulary, width) = (architecture.vocab_size?, architecture.hidden_size?);
    let tied = architecture.tie_word_embeddings.unwrap_or(family.tied);
    let positions = if family.positions {
        rest.positions.or(architecture.context_length)?.checked_add(family.position_offset)?
    } else {
        0
    };
    sum(&[
        product(&[vocabulary, width, if tied || family.headless { 1 } else { 2 }]),
        product(&[positions, width]),
        product(&[if family.headless { rest.token_types } else { 0 }, width]),
        Some(if family.head_bias { vocabulary } else { 0 }),
        // The pooler of BERT.
        if family.headless { product(&[width, width])?.checked_add(width) } else { Some(0) },
    ])
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
        if family.qk_norm { size.checked_mul(2) } else { Some(0) },
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

/// A feed-forward part: three matrices where it is gated, else two.
fn dense(architecture: &Architecture, family: &Family) -> Option<u64> {
    let (width, inner) =
        (architecture.hidden_size?, architecture.intermediate_size?.checked_div(family.inner_divisor)?);
    let matrices = if family.gated { 3 } else { 2 };
    sum(&[product(&[matrices, width, inner]), Some(if family.mlp_bias { inner.checked_add(width)? } else { 0 })])
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
    let expert = product(&[3, width, inner])?;
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
    use super::*;
    use crate::cards::card::{Experts, Mla};

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
        estimate(card, &family, rest).unwrap().total
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
        let estimate = estimate(&mixtral, &family("mixtral").unwrap(), &Rest::default()).unwrap();
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
    fn what_is_not_known_gives_no_number() {
        let mut unknown = card("llama", [32_000, 4096, 32, 32, 8, 128, 11_008], false);
        unknown.architecture.vocab_size = None;
        assert_eq!(estimate(&unknown, &family("llama").unwrap(), &Rest::default()), None);
        let huge = card("llama", [u64::MAX, u64::MAX, 2, 2, 2, 2, 2], false);
        assert_eq!(estimate(&huge, &family("llama").unwrap(), &Rest::default()), None);
        assert!(family("never_heard_of").is_none());
    }
}
