//! `modules.json` of sentence-transformers: a model that makes vectors of texts.
//!
//! The list names the modules in order: the first is a transformers model, in the root or in a folder
//! of its own; a pooling module says how the vector is made, a dense one changes its dimension.

use std::rc::Rc;

use crate::cards::card::Embedding;
use crate::cards::draft::{Document, Draft, fill};
use crate::cards::facts::{Fact, Field, Source};

use super::{config_json, library};

const MODULES: &str = "modules.json";
/// Older releases named the file of the length after the model.
const LENGTH_FILES: [&str; 7] = [
    "sentence_bert_config.json",
    "sentence_roberta_config.json",
    "sentence_distilbert_config.json",
    "sentence_camembert_config.json",
    "sentence_albert_config.json",
    "sentence_xlm-roberta_config.json",
    "sentence_xlnet_config.json",
];
/// Switches of a pooling module, and what they mean.
const POOLINGS: [(&str, &str); 6] = [
    ("pooling_mode_cls_token", "cls"),
    ("pooling_mode_mean_tokens", "mean"),
    ("pooling_mode_max_tokens", "max"),
    ("pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len"),
    ("pooling_mode_weightedmean_tokens", "weightedmean"),
    ("pooling_mode_lasttoken", "lasttoken"),
];

/// The list of modules, if the folder has one that can be read.
pub fn modules(draft: &mut Draft<'_>) -> Option<Rc<Document>> {
    let document = draft.json(MODULES)?;
    (!module_paths(&document, "").is_empty()).then_some(document)
}

/// The folders of the modules whose type ends so.
fn module_paths(document: &Document, ending: &str) -> Vec<String> {
    let of = |module: Field<'_>| {
        let kind = module.get("type")?.string()?.value;
        let path = module.get("path")?.string()?.value;
        kind.ends_with(ending).then(|| path.trim_matches('/').to_owned())
    };
    document.root().items().take(32).filter_map(of).collect()
}

/// The folder of the model: the first module's.
fn model_folder(document: &Document) -> String {
    module_paths(document, "").into_iter().next().unwrap_or_default()
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() || path == "." { name.to_owned() } else { format!("{path}/{name}") }
}

pub fn read(draft: &mut Draft<'_>) {
    let Some(document) = modules(draft) else { return };
    library(draft, "sentence-transformers", Source::file(MODULES));
    let task = if compares(&document) { "sentence-similarity" } else { "feature-extraction" };
    let source = Source::file(MODULES).by("by the modules of the file");
    fill!(draft, task, Some(Fact::new(task.to_owned(), source)));
    let config = below(&model_folder(&document), "config.json");
    config_json::read_below(draft, &config);
    config_json::kind(draft, &config);
    embedding(draft, &document);
}

/// A vector for each token, or one as long as the vocabulary, is not compared as that of a sentence is.
fn compares(document: &Document) -> bool {
    let root = document.root();
    let mut kinds = root.items().take(32).filter_map(|module| module.get("type")?.string());
    !kinds.any(|kind| kind.value.starts_with("pylate.") || kind.value.contains("Splade"))
}

fn embedding(draft: &mut Draft<'_>, document: &Document) {
    let pooling = module_file(draft, document, "Pooling");
    let dense = module_file(draft, document, "Dense");
    let prompts = draft.json("config_sentence_transformers.json");
    let dimension = dense
        .and_then(|file| file.root().get("out_features")?.positive())
        .or_else(|| pooling.as_ref()?.root().first(&["word_embedding_dimension", "embedding_dimension"])?.positive())
        .or_else(|| hidden_size(draft));
    let length = length(draft, document);
    let embedding = Embedding {
        dimension: draft.noted("/embedding/dimension", dimension),
        pooling: draft.noted("/embedding/pooling", pooling.and_then(|file| pooling_mode(&file.root()))),
        max_tokens: draft.noted("/embedding/max_tokens", length),
        similarity: draft
            .noted("/embedding/similarity", prompts.and_then(|file| file.root().get("similarity_fn_name")?.string())),
    };
    draft.source("/embedding", Source::file(MODULES));
    draft.card.embedding = Some(embedding);
}

/// The configuration of the last module of that type.
fn module_file(draft: &mut Draft<'_>, document: &Document, ending: &str) -> Option<Rc<Document>> {
    let path = module_paths(document, ending).pop()?;
    draft.json(&below(&path, "config.json"))
}

fn hidden_size(draft: &Draft<'_>) -> Option<Fact<u64>> {
    let size = draft.card.architecture.hidden_size?;
    Some(Fact::new(size, Source::derived("hidden_size: no module says otherwise")))
}

/// One name, or a switch for each mode, of which several may be on.
fn pooling_mode(root: &Field<'_>) -> Option<Fact<String>> {
    if let Some(mode) = root.get("pooling_mode").and_then(|field| field.strings()) {
        return Some(mode.map(|modes| modes.join("+")));
    }
    let on = |(key, _): &&(&str, &str)| root.get(key).is_some_and(|field| field.value.as_bool() == Some(true));
    let modes: Vec<&str> = POOLINGS.iter().filter(on).map(|(_, mode)| *mode).collect();
    let how = "by the switches that are on";
    (!modes.is_empty()).then(|| Fact::new(modes.join("+"), root.source().by(how)))
}

fn length(draft: &mut Draft<'_>, document: &Document) -> Option<Fact<u64>> {
    let path = model_folder(document);
    let mut places = LENGTH_FILES.iter().flat_map(|name| [below(&path, name), (*name).to_owned()]);
    places.find_map(|file| draft.json(&file)?.root().get("max_seq_length")?.positive())
}

#[cfg(test)]
mod tests {
    use crate::cards::card::ArchitectureKind;
    use crate::cards::testing::card_of;

    const CONFIG: &str =
        r#"{"model_type": "bert", "architectures": ["BertModel"], "hidden_size": 384, "vocab_size": 30522}"#;

    fn modules(kinds: &[(&str, &str)]) -> String {
        let module = |(kind, path): &(&str, &str)| {
            format!(r#"{{"type": "sentence_transformers.models.{kind}", "path": "{path}"}}"#)
        };
        format!("[{}]", kinds.iter().map(module).collect::<Vec<_>>().join(","))
    }

    #[test]
    fn the_modules_tell_how_a_vector_is_made() {
        let modules = modules(&[("Transformer", ""), ("Pooling", "1_Pooling"), ("Dense", "2_Dense")]);
        let card = card_of(&[
            ("modules.json", modules.as_str()),
            ("config.json", CONFIG),
            ("1_Pooling/config.json", r#"{"word_embedding_dimension": 384, "pooling_mode_mean_tokens": true}"#),
            ("2_Dense/config.json", r#"{"in_features": 384, "out_features": 1024}"#),
            ("sentence_bert_config.json", r#"{"max_seq_length": 256}"#),
            ("config_sentence_transformers.json", r#"{"similarity_fn_name": "cosine"}"#),
        ]);
        let embedding = card.embedding.unwrap();
        assert_eq!((embedding.dimension, embedding.max_tokens), (Some(1024), Some(256)));
        assert_eq!((embedding.pooling.as_deref(), embedding.similarity.as_deref()), (Some("mean"), Some("cosine")));
        assert_eq!(card.task.as_deref(), Some("sentence-similarity"));
        assert_eq!(card.library.as_deref(), Some("sentence-transformers"));
        assert_eq!(card.architecture.kind, Some(ArchitectureKind::Encoder));
        assert_eq!(card.sources["/embedding/dimension"].file.as_deref(), Some("2_Dense/config.json"));
    }

    #[test]
    fn the_model_may_lie_in_a_folder_of_its_own() {
        let modules = modules(&[("Transformer", "0_Transformer")]);
        let card = card_of(&[("modules.json", modules.as_str()), ("0_Transformer/config.json", CONFIG)]);
        assert_eq!((card.family.as_deref(), card.architecture.hidden_size), (Some("bert"), Some(384)));
        assert_eq!(card.embedding.unwrap().dimension, Some(384));
        assert_eq!(card.sources["/family"].file.as_deref(), Some("0_Transformer/config.json"));
    }

    #[test]
    fn a_path_that_leaves_the_folder_leads_nowhere() {
        let modules = modules(&[("Transformer", "../elsewhere"), ("Pooling", "/etc")]);
        let card = card_of(&[("modules.json", modules.as_str())]);
        assert_eq!(card.family, None);
    }

    #[test]
    fn vectors_of_tokens_are_features() {
        let modules =
            r#"[{"type": "pylate.models.Dense.Dense", "path": "1_Dense"}, {"type": "x.Transformer", "path": ""}]"#;
        assert_eq!(card_of(&[("modules.json", modules)]).task.as_deref(), Some("feature-extraction"));
    }
}
