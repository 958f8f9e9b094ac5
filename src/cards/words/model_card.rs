//! `model_card.json`: a description of the model in fields, for people who keep such a register.
//!
//! Its words for the network (`model_type`, `architectures`, `tasks`) and for the size on disk are
//! kept back until the configuration and the weights have spoken.

use std::rc::Rc;

use super::super::draft::{Document, Draft};
use super::super::facts::{Fact, Field};
use super::{descriptive, license};

const FILES: [&str; 2] = ["model_card.json", "modelcard.json"];

pub fn read(draft: &mut Draft<'_>) -> Vec<Rc<Document>> {
    let documents: Vec<_> = FILES.iter().filter_map(|file| draft.json(file)).collect();
    for document in &documents {
        descriptive::fill(draft, &document.root());
        license::declare(draft, &document.root());
    }
    documents
}

/// What only fills a gap: the author's words for what the files would show.
pub fn complete(draft: &mut Draft<'_>, root: &Field<'_>) {
    let family = root.get("model_type").as_ref().and_then(descriptive::text);
    descriptive::offer(draft, "/family", family, |card| &mut card.family);
    let architectures = root.get("architectures").as_ref().and_then(descriptive::words);
    draft.fill_list("/architectures", architectures, |card| &mut card.architectures);
    descriptive::offer(draft, "/task", task(root), |card| &mut card.task);
    size_on_disk(draft, root);
}

/// The first of the tasks.
pub fn task(root: &Field<'_>) -> Option<Fact<String>> {
    let tasks = descriptive::words(&root.first(&["tasks", "task"])?)?;
    let first = as_tag(tasks.value.first()?);
    Some(tasks.map(|_| first))
}

/// `Text Generation` and `text_generation` are written `text-generation` on the Hub.
fn as_tag(task: &str) -> String {
    task.to_lowercase().replace([' ', '_'], "-")
}

/// Gigabytes are taken as 10^9 bytes, as storage is sold and hubs show it.
fn size_on_disk(draft: &mut Draft<'_>, root: &Field<'_>) {
    let Some(field) = root.get("disk_size_gb").filter(|_| draft.card.weights.size_bytes.is_none()) else { return };
    let gigabytes = field.number().map(|fact| fact.value).or_else(|| field.value.as_str()?.trim().parse().ok());
    let Some(gigabytes) = gigabytes.filter(|gigabytes: &f64| *gigabytes > 0.0 && *gigabytes < 1e6) else { return };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked: at most 10^15")]
    let bytes = (gigabytes * 1e9).round() as u64;
    draft.card.weights.size_bytes = Some(bytes);
    draft.source("/weights/size_bytes", field.source().by("gigabytes as the author states them, times 10^9"));
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::card_of;

    const CARD: &str = r#"{"model_version": 1.5, "model_type": "llama", "architectures": "LlamaForCausalLM",
        "pretraining_datasets": ["c4", "pile"], "training_objectives": "causal language modelling",
        "model_language": "en, de", "tasks": ["Text Generation"], "tags": ["chat"], "license": "Apache License 2.0",
        "training_framework": "pytorch", "limitations": ["may err"], "authors": "A, B",
        "model_created_at": "2024-05-01", "model_references": ["https://x.example"], "disk_size_gb": 16.06}"#;

    #[test]
    fn every_word_of_a_model_card_lands_in_the_card() {
        let card = card_of(&[("model_card.json", CARD)]);
        assert_eq!(card.version.as_deref(), Some("1.5"));
        assert_eq!((card.family.as_deref(), card.task.as_deref()), (Some("llama"), Some("text-generation")));
        assert_eq!(card.architectures, ["LlamaForCausalLM"]);
        assert_eq!(card.datasets, ["c4", "pile"]);
        assert_eq!(card.training_objectives, ["causal language modelling"]);
        assert_eq!(card.languages, ["en", "de"]);
        assert_eq!(card.license.id.as_deref(), Some("apache-2.0"));
        assert_eq!(card.limitations.as_deref(), Some("may err"));
        assert_eq!(card.authors, ["A", "B"]);
        assert_eq!(card.released_at.as_deref(), Some("2024-05-01"));
        assert_eq!(card.weights.size_bytes, Some(16_060_000_000));
        assert_eq!(card.sources["/languages"].pointer.as_deref(), Some("/model_language"));
    }

    #[test]
    fn a_model_card_goes_before_the_readme() {
        let readme = "---\nlanguage: fr\nbase_model: a/b\n---\n";
        let card = card_of(&[("modelcard.json", CARD), ("README.md", readme)]);
        assert_eq!(card.languages, ["en", "de"]);
        assert_eq!(card.base_models, ["a/b"]);
    }
}
