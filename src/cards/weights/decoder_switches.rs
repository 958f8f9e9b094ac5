//! What a configuration says of the layers of a decoder beside the sizes that the card holds: dense layers among those of
//! experts, biases and norms that a switch adds or leaves out.

use std::collections::BTreeMap;

use super::estimate::labels;
use super::family::{Family, QkNorm};
use crate::cards::facts::Field;

/// What the card does not hold and the closed form needs.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Rest {
    /// Layers at the beginning that are dense.
    pub first_dense: u64,
    /// Every so many-th layer has experts.
    pub sparse_step: Option<u64>,
    /// Layers that are dense, by their number.
    pub dense_layers: u64,
    pub shared_width: Option<u64>,
    pub positions: Option<u64>,
    pub labels: Option<u64>,
    /// Heads of the indexer of sparse attention, and the size of one.
    pub indexer: Option<(u64, u64)>,
    /// Layers that have an indexer, where the others share theirs.
    pub indexed_layers: Option<u64>,
    pub flags: BTreeMap<String, bool>,
    /// The embeddings have a width of their own.
    pub projected: bool,
}

impl Rest {
    pub fn of(root: &Field<'_>, name: &str) -> Self {
        let nested = ["text_config", "llm_config", "language_config"].iter().find_map(|key| root.get(key));
        let get = |key: &str| nested.as_ref().and_then(|text| text.get(key)).or_else(|| root.get(key));
        let positive = |key: &str| get(key).and_then(|field| field.positive()).map(|fact| fact.value);
        let flags = FLAGS.iter().filter_map(|key| Some(((*key).to_owned(), get(key)?.value.as_bool()?)));
        Self {
            first_dense: match (get("first_k_dense_replace"), get("mlp_layer_types")) {
                (Some(stated), _) => stated.count().map_or(0, |fact| fact.value),
                (None, Some(types)) => words(&types, "dense"),
                (None, None) => first_dense(name),
            },
            sparse_step: positive("decoder_sparse_step"),
            dense_layers: get("mlp_only_layers").map_or(0, |field: Field<'_>| field.items().count() as u64),
            shared_width: positive("shared_expert_intermediate_size"),
            positions: positive("max_position_embeddings").or_else(|| positive("n_positions")),
            labels: labels(root),
            indexer: positive("index_n_heads").zip(positive("index_head_dim")),
            indexed_layers: get("indexer_types").map(|types| words(&types, "full")),
            flags: flags.collect(),
            projected: get("word_embed_proj_dim")
                .is_some_and(|width| get("hidden_size").is_some_and(|own| own.value != width.value)),
        }
    }

    fn flag(&self, key: &str) -> Option<bool> {
        self.flags.get(key).copied()
    }

    /// The family as the switches of the configuration have it. `None` for a variant whose layers are not known.
    pub fn adapt(&self, name: &str, mut family: Family) -> Option<Family> {
        let attention = self.flag("attention_bias").or_else(|| self.flag("use_qkv_bias"));
        let only_queries = matches!(name, "glm" | "glm4" | "glm4_moe" | "seed_oss" | "stablelm");
        match name {
            "falcon" => {
                let two =
                    self.flag("new_decoder_architecture") == Some(true) || self.flag("parallel_attn") == Some(false);
                let bias = self.flag("bias") == Some(true);
                family = Family { norms: if two { 2 } else { 1 }, ..family };
                family = Family { qkv_bias: bias, out_bias: bias, mlp_bias: bias, ..family };
            }
            "starcoder2" if self.flag("use_bias") == Some(false) => {
                family = Family { qkv_bias: false, out_bias: false, mlp_bias: false, ..family };
            }
            "opt" if self.projected || self.flag("do_layer_norm_before") == Some(false) => return None,
            "stablelm"
                if self.flag("qk_layernorm") == Some(true) || self.flag("use_parallel_residual") == Some(true) =>
            {
                return None;
            }
            "qwen" | "qwen2" | "qwen2_moe" | "qwen2moe" | "phi" | "phi2" | "gpt2" | "gpt_bigcode" | "gpt_neo" => {}
            _ => {
                family.qkv_bias = attention.unwrap_or(family.qkv_bias);
                let out = self.flag("attention_out_bias").or(if only_queries { None } else { attention });
                family.out_bias = out.unwrap_or(family.out_bias);
                family.mlp_bias = self.flag("mlp_bias").unwrap_or(family.mlp_bias);
                family.head_bias = self.flag("lm_head_bias").unwrap_or(family.head_bias);
            }
        }
        if self.flag("use_qk_norm") == Some(true) && family.qk_norm == QkNorm::None {
            family.qk_norm = if name.starts_with("cohere") { QkNorm::Wide } else { QkNorm::Head };
        }
        Some(family)
    }
}

/// How often the word stands in a list with one for each layer.
fn words(list: &Field<'_>, word: &str) -> u64 {
    list.items().filter(|item| item.value == word).count() as u64
}

/// The dense layers at the beginning where the file does not say, as the classes of transformers have them.
fn first_dense(family: &str) -> u64 {
    match family {
        "deepseek_v3" | "deepseek_v32" | "kimi_k2" | "glm_moe_dsa" => 3,
        "glm4_moe" => 1,
        _ => 0,
    }
}

/// Switches of configurations that add weights or leave them out.
const FLAGS: [&str; 13] = [
    "attention_bias",
    "attention_out_bias",
    "use_qkv_bias",
    "mlp_bias",
    "lm_head_bias",
    "use_bias",
    "bias",
    "new_decoder_architecture",
    "parallel_attn",
    "do_layer_norm_before",
    "qk_layernorm",
    "use_parallel_residual",
    "use_qk_norm",
];
