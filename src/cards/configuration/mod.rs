//! The configuration of a model: what its JSON files say of the network, its tokens and its sampling.
//!
//! One file of this module for each kind of file read, and one for each group of facts of
//! `config.json`, which holds most of them. Each value takes its source along; what the class of the
//! model supplies, or what is worked out of other values, says so.

mod adapter_config;
mod attention;
mod classes;
mod component;
mod config_json;
mod context;
mod dtype;
mod experts;
mod generation_config;
mod layers;
mod model_index;
mod modelscope;
mod params_json;
mod params_parts;
mod quantization;
mod remote_code;
mod rope;
pub mod sentence_transformers;
pub mod settings;
mod shape;
mod state_space;
mod task;
mod tokenizer_config;
mod towers;

use super::card::ArchitectureKind;
use super::draft::{Draft, fill};
use super::facts::{Fact, Source};
use super::kind::Kind;
use super::warning::WarningCode;

pub fn read(draft: &mut Draft<'_>, kind: Kind) {
    of_kind(draft, kind);
    quantization::of_side_files(draft);
    modelscope::read(draft, kind);
    if kind != Kind::Pipeline {
        generation_config::read(draft);
        tokenizer_config::read(draft);
    }
    warn_of_class_defaults(draft);
}

fn of_kind(draft: &mut Draft<'_>, kind: Kind) {
    match kind {
        Kind::Pipeline => model_index::read(draft),
        Kind::SentenceTransformers => sentence_transformers::read(draft),
        Kind::Transformers => {
            config_json::read(draft, "config.json");
            params_json::compare(draft);
        }
        Kind::Component => component::read(draft),
        Kind::Adapter => adapter_config::read(draft),
        Kind::Native => params_json::read(draft),
        Kind::Gguf => {
            library(draft, "gguf", Source::derived("there are GGUF files and no other description"));
            config_json::read_family(draft);
        }
        Kind::Foreign => config_json::read_foreign(draft),
        Kind::Safetensors | Kind::ModelScope | Kind::Nothing => {}
    }
    if kind == Kind::Transformers {
        adapter_config::warn_beside_model(draft);
    }
}

/// Notes the library, and what it means for the kind of network where that is settled by it.
fn library(draft: &mut Draft<'_>, name: &str, source: Source) {
    let kind = match name {
        "diffusers" => Some(ArchitectureKind::Diffusion),
        "peft" => Some(ArchitectureKind::Adapter),
        _ => None,
    };
    fill!(draft, architecture.kind, kind.map(|kind| Fact::new(kind, source.clone())));
    fill!(draft, library, Some(Fact::new(name.to_owned(), source)));
}

/// The sizes of which a user should know that the folder itself does not state them.
const TOLD: [&str; 8] = [
    "/architecture/hidden_size",
    "/architecture/num_hidden_layers",
    "/architecture/num_attention_heads",
    "/architecture/num_key_value_heads",
    "/architecture/head_dim",
    "/architecture/intermediate_size",
    "/architecture/vocab_size",
    "/architecture/context_length",
];

fn warn_of_class_defaults(draft: &mut Draft<'_>) {
    let is_default = |source: &Source| source.derived.as_ref().is_some_and(|how| how.starts_with(classes::DEFAULT_OF));
    let defaults: Vec<&str> =
        TOLD.into_iter().filter(|pointer| draft.card.sources.get(*pointer).is_some_and(is_default)).collect();
    let Some(first) = defaults.first() else { return };
    let names: Vec<&str> = defaults.iter().filter_map(|pointer| pointer.rsplit('/').next()).collect();
    let detail = format!("the folder does not state {}: the defaults of the class are used", names.join(", "));
    draft.warn(WarningCode::ClassDefaultUsed, Some(first), detail, ["config.json"]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use crate::cards::testing::{card_of, warning_codes};
    use crate::cards::warning::WarningCode;

    #[test]
    fn what_the_class_supplies_is_told_once() {
        let card = card_of(&[(
            "config.json",
            r#"{"model_type": "llava", "text_config": {"model_type": "llama", "vocab_size": 32064}}"#,
        )]);
        let told: Vec<_> =
            card.warnings.iter().filter(|warning| warning.code == WarningCode::ClassDefaultUsed).collect();
        assert_eq!(told.len(), 1);
        assert!(told[0].detail.contains("hidden_size") && !told[0].detail.contains("vocab_size"));
    }

    #[test]
    fn an_unknown_class_is_read_by_the_common_keys_and_told() {
        let card = card_of(&[("config.json", r#"{"model_type": "nobody", "hidden_size": 8}"#)]);
        assert_eq!(card.architecture.hidden_size, Some(8));
        assert!(warning_codes(&card).contains(&WarningCode::UnknownArchitecture));
    }

    #[test]
    fn every_value_has_a_source() {
        let card = card_of(&[(
            "config.json",
            r#"{"model_type": "qwen3_moe", "architectures": ["Qwen3MoeForCausalLM"], "hidden_size": 2048,
            "num_hidden_layers": 48, "num_attention_heads": 32, "vocab_size": 151936, "torch_dtype": "bfloat16",
            "rope_scaling": {"type": "yarn", "factor": 4.0}, "quantization_config": {"quant_method": "fp8"}}"#,
        )]);
        let architecture = serde_json::to_value(&card.architecture).unwrap();
        for (name, value) in architecture.as_object().unwrap() {
            let pointer = format!("/architecture/{name}");
            assert!(value.is_null() || card.sources.contains_key(&pointer), "{pointer}");
        }
        for pointer in ["/family", "/architectures", "/library", "/task", "/weights/dtype", "/weights/quantization"] {
            assert!(card.sources.contains_key(pointer), "{pointer}");
        }
    }

    const KEYS: [&str; 36] = [
        "model_type",
        "architectures",
        "hidden_size",
        "num_hidden_layers",
        "num_attention_heads",
        "num_key_value_heads",
        "head_dim",
        "intermediate_size",
        "vocab_size",
        "max_position_embeddings",
        "rope_scaling",
        "rope_parameters",
        "text_config",
        "thinker_config",
        "vision_config",
        "audio_config",
        "decoder",
        "quantization_config",
        "quantization",
        "layer_types",
        "block_types",
        "hybrid_override_pattern",
        "block_configs",
        "attn_config",
        "ffn_config",
        "num_experts",
        "kv_lora_rank",
        "qk_rope_head_dim",
        "multi_query",
        "auto_map",
        "eos_token_id",
        "torch_dtype",
        "expansion_ratio",
        "attn_layer_period",
        "factor",
        "n_heads_in_group",
    ];

    fn odd_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            prop::sample::select(vec![json!(0), json!(1), json!(128), json!(1e308), json!("llama"), json!("M*-E")]),
            prop::sample::select(vec![json!("mpt"), json!("falcon"), json!("deepseek_v3"), json!("jamba"), json!("")]),
            ".{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 48, 8, |inner| {
            let member = (prop::sample::select(KEYS.to_vec()), inner.clone());
            prop_oneof![
                prop::collection::vec(inner, 0..4).prop_map(Value::from),
                prop::collection::vec(member, 0..8).prop_map(|members| {
                    Value::Object(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
                }),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        #[test]
        fn no_content_of_a_file_breaks_the_reading(
            members in prop::collection::vec((prop::sample::select(KEYS.to_vec()), odd_value()), 0..24),
            file in prop::sample::select(vec!["config.json", "params.json", "adapter_config.json", "model_index.json",
                "modules.json", "generation_config.json", "tokenizer_config.json", "configuration.json"]),
        ) {
            let object: Map<String, Value> = members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
            let text = Value::Object(object).to_string();
            card_of(&[(file, text.as_str()), ("config.json", text.as_str())]);
        }
    }
}
