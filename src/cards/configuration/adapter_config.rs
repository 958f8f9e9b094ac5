//! PEFT's `adapter_config.json`: what an adapter changes, and of which model.
//!
//! An adapter is not a model: the sizes of the network are its base model's and stay unknown here. The
//! name of the base is a repository or a path of the trainer's machine; both are told as they stand.

use crate::cards::card::Adapter;
use crate::cards::draft::{Draft, fill};
use crate::cards::facts::{Fact, Field, Source};
use crate::cards::warning::WarningCode;

use super::library;

const FILE: &str = "adapter_config.json";
const TASKS: [(&str, &str); 6] = [
    ("CAUSAL_LM", "text-generation"),
    ("SEQ_2_SEQ_LM", "text2text-generation"),
    ("SEQ_CLS", "text-classification"),
    ("TOKEN_CLS", "token-classification"),
    ("QUESTION_ANS", "question-answering"),
    ("FEATURE_EXTRACTION", "feature-extraction"),
];

/// Modules that are told: a list of every layer's own is longer than anyone reads.
const MAX_MODULES: usize = 512;

pub fn read(draft: &mut Draft<'_>) {
    library(draft, "peft", Source::file(FILE));
    let Some(document) = draft.json(FILE) else { return };
    let root = document.root();
    let adapter = Adapter {
        kind: draft.noted("/adapter/type", root.get("peft_type").and_then(|field| field.string())),
        rank: draft.noted("/adapter/rank", root.get("r").and_then(|field| field.positive())),
        alpha: draft.noted("/adapter/alpha", root.first(&["lora_alpha", "alpha"]).and_then(|field| field.number())),
        target_modules: draft.noted("/adapter/target_modules", targets(&root)).unwrap_or_default(),
    };
    draft.source("/adapter", Source::file(FILE));
    draft.card.adapter = Some(adapter);
    draft.fill_list("/base_models", base_model(&root), |card| &mut card.base_models);
    fill!(draft, task, task(&root));
}

/// A list of names, or one string: a pattern or `all-linear`.
fn targets(root: &Field<'_>) -> Option<Fact<Vec<String>>> {
    let modules = root.get("target_modules")?.strings()?;
    Some(modules.map(|names| names.into_iter().take(MAX_MODULES).collect()))
}

fn base_model(root: &Field<'_>) -> Option<Fact<Vec<String>>> {
    let base = root.get("base_model_name_or_path")?.string().filter(|base| !base.value.trim().is_empty())?;
    Some(base.map(|base| vec![base]))
}

fn task(root: &Field<'_>) -> Option<Fact<String>> {
    let name = root.get("task_type")?.string()?;
    let (_, task) = TASKS.iter().find(|(task_type, _)| *task_type == name.value)?;
    Some(name.derive("the Hub's name for it", |_| (*task).to_owned()))
}

/// A full model beside an adapter: loaders may take the model that the adapter names instead.
pub fn warn_beside_model(draft: &mut Draft<'_>) {
    let Some(document) = draft.json(FILE) else { return };
    let base = base_model(&document.root()).and_then(|fact| fact.value.into_iter().next());
    let base = base.unwrap_or_else(|| "a model it does not name".to_owned());
    let detail = format!("{FILE} lies beside a whole model: transformers may load {base} instead of the model here");
    draft.warn(WarningCode::ConflictingValues, Some("/adapter"), detail, [FILE, "config.json"]);
}

#[cfg(test)]
mod tests {
    use crate::cards::card::ArchitectureKind;
    use crate::cards::testing::{card_of, warning_codes};
    use crate::cards::warning::WarningCode;

    const LORA: &str = r#"{"peft_type": "LORA", "base_model_name_or_path": "org/base", "task_type": "CAUSAL_LM", "r": 16,
        "lora_alpha": 32, "target_modules": ["q_proj", "v_proj"]}"#;

    #[test]
    fn an_adapter_tells_what_it_changes_and_of_which_model() {
        let card = card_of(&[("adapter_config.json", LORA)]);
        let adapter = card.adapter.unwrap();
        assert_eq!((adapter.kind.as_deref(), adapter.rank, adapter.alpha), (Some("LORA"), Some(16), Some(32.0)));
        assert_eq!(adapter.target_modules, ["q_proj", "v_proj"]);
        assert_eq!(card.base_models, ["org/base"]);
        assert_eq!(card.architecture.kind, Some(ArchitectureKind::Adapter));
        assert_eq!((card.library.as_deref(), card.task.as_deref()), (Some("peft"), Some("text-generation")));
        assert_eq!(card.sources["/adapter/rank"].pointer.as_deref(), Some("/r"));
    }

    #[test]
    fn modules_may_be_a_pattern() {
        let card = card_of(&[("adapter_config.json", r#"{"target_modules": "all-linear", "task_type": null}"#)]);
        assert_eq!(card.adapter.unwrap().target_modules, ["all-linear"]);
        assert_eq!(card.task, None);
    }

    #[test]
    fn an_adapter_beside_a_whole_model_is_told() {
        let card = card_of(&[
            ("adapter_config.json", LORA),
            ("config.json", r#"{"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 8}"#),
        ]);
        assert_eq!(card.adapter, None);
        assert!(warning_codes(&card).contains(&WarningCode::ConflictingValues));
    }
}
