//! ModelScope's `configuration.json`: weak evidence of the task, and what code it wants run.

use serde_json::Value;

use crate::cards::draft::{Draft, fill};
use crate::cards::facts::{Fact, Field, Source};
use crate::cards::kind::Kind;
use crate::cards::warning::WarningCode;

use super::library;

const FILE: &str = "configuration.json";
/// ModelScope's own words for tasks of the Hub.
const TASKS: [(&str, &str); 6] = [
    ("chat", "text-generation"),
    ("chatbot", "text-generation"),
    ("sentence-embedding", "sentence-similarity"),
    ("multimodal-dialogue", "image-text-to-text"),
    ("auto-speech-recognition", "automatic-speech-recognition"),
    ("text-to-image-synthesis", "text-to-image"),
];
/// Words that both use.
const SHARED: [&str; 16] = [
    "text-generation",
    "text-classification",
    "token-classification",
    "fill-mask",
    "feature-extraction",
    "image-classification",
    "image-segmentation",
    "image-text-to-text",
    "image-to-text",
    "object-detection",
    "depth-estimation",
    "question-answering",
    "text-to-image",
    "text-to-video",
    "translation",
    "summarization",
];

pub fn read(draft: &mut Draft<'_>, kind: Kind) {
    let Some(document) = draft.json(FILE) else { return };
    let root = document.root();
    if kind == Kind::ModelScope {
        library(draft, "modelscope", Source::file(FILE));
    }
    if draft.card.task.is_none() {
        fill!(draft, task, task(&root));
    }
    warn_of_code(draft, &root);
}

fn task(root: &Field<'_>) -> Option<Fact<String>> {
    let task = root.get("task")?.string()?;
    let word = task.value.to_lowercase().replace('_', "-");
    let mapped = TASKS.iter().find(|(own, _)| *own == word).map(|(_, hub)| *hub);
    let name = mapped.or_else(|| SHARED.into_iter().find(|shared| *shared == word))?;
    Some(task.derive("the Hub's name for it", |_| name.to_owned()))
}

fn warn_of_code(draft: &mut Draft<'_>, root: &Field<'_>) {
    let allowed = root.get("allow_remote").is_some_and(|field| field.value == &Value::Bool(true));
    let plugins = root.get("plugins").is_some_and(|field| field.value.as_array().is_some_and(|list| !list.is_empty()));
    if allowed || plugins {
        let what = if plugins { "plugins" } else { "allow_remote" };
        let detail = format!("{FILE} sets {what}: loading it through ModelScope runs code that is not part of it");
        draft.warn(WarningCode::NeedsRemoteCode, None, detail, [FILE]);
    }
}

#[cfg(test)]
mod tests {
    use crate::cards::testing::{card_of, warning_codes};
    use crate::cards::warning::WarningCode;

    #[test]
    fn its_task_fills_a_gap_in_the_hub_s_words() {
        let of = |task: &str| card_of(&[("configuration.json", format!(r#"{{"task": "{task}"}}"#))]).task;
        assert_eq!(of("image_classification").as_deref(), Some("image-classification"));
        assert_eq!(of("chat").as_deref(), Some("text-generation"));
        assert_eq!(of("bilibili"), None);
    }

    #[test]
    fn the_model_s_class_comes_first() {
        let card = card_of(&[
            ("configuration.json", r#"{"task": "chat"}"#),
            ("config.json", r#"{"architectures": ["BertForMaskedLM"]}"#),
        ]);
        assert_eq!(card.task.as_deref(), Some("fill-mask"));
        assert_eq!(card.library.as_deref(), Some("transformers"));
    }

    #[test]
    fn plugins_are_code() {
        for code in [r#"{"allow_remote": true}"#, r#"{"plugins": ["my-plugin"]}"#] {
            assert!(warning_codes(&card_of(&[("configuration.json", code)])).contains(&WarningCode::NeedsRemoteCode));
        }
        let none = r#"{"allow_remote": false, "plugins": []}"#;
        assert!(!warning_codes(&card_of(&[("configuration.json", none)])).contains(&WarningCode::NeedsRemoteCode));
    }
}
