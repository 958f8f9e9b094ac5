//! What the model can be asked to do, told from what was read, each with its evidence.
//!
//! Nothing here is declared by anyone: a capability is a conclusion, so its source always says from
//! what it was drawn. The rules are those by which servers decide what to offer; they look at the
//! network and the texts, never at a model's name.

mod modalities;
mod template;

use super::card::{ArchitectureKind, Capability, Card, Modality, WeightsFormat};
use super::draft::Draft;
use super::facts::{Fact, Source, escape};
use super::words::Words;
use modalities::GENERATIVE;
use template::Template;

/// Tasks whose answer is a vector.
const EMBEDDING: [&str; 4] =
    ["feature-extraction", "sentence-similarity", "image-feature-extraction", "visual-document-retrieval"];

pub fn read(draft: &mut Draft<'_>, words: &Words) {
    let modalities = modalities::of(draft);
    let capabilities: Vec<Fact<Capability>> = [
        completion(draft),
        chat(draft),
        of_template(draft, Capability::Tools, Template::tools),
        of_template(draft, Capability::Thinking, Template::thinking),
        of_input(&modalities.input, Modality::Image, Capability::Vision),
        of_input(&modalities.input, Modality::Audio, Capability::Audio),
        embedding(draft, words),
        insert(draft, words),
        rerank(draft, words),
    ]
    .into_iter()
    .flatten()
    .collect();
    draft.card.capabilities = set(draft, "/capabilities", capabilities);
    draft.card.modalities.input = set(draft, "/modalities/input", modalities.input);
    draft.card.modalities.output = set(draft, "/modalities/output", modalities.output);
}

/// The values of a list, each of whose members has its source.
fn set<T>(draft: &mut Draft<'_>, pointer: &str, facts: Vec<Fact<T>>) -> Vec<T> {
    let indexed = facts.into_iter().enumerate();
    indexed
        .map(|(index, fact)| {
            draft.source(format!("{pointer}/{index}"), fact.source);
            fact.value
        })
        .collect()
}

/// The source of a value of the card, or of something below it, with what was concluded from it.
fn evidence(draft: &Draft<'_>, pointer: &str, how: &str) -> Source {
    let sources = &draft.card.sources;
    let prefix = format!("{pointer}/");
    let below = || sources.range(prefix.clone()..).next().filter(|(key, _)| key.starts_with(&prefix));
    let source = sources.get(pointer).or_else(|| below().map(|(_, source)| source));
    source.cloned().unwrap_or_default().by(how)
}

fn of_task(draft: &Draft<'_>, tasks: &[&str]) -> Option<Source> {
    let task = draft.card.task.as_deref().filter(|task| tasks.contains(task))?;
    Some(evidence(draft, "/task", &format!("the task is {task}")))
}

/// Whether the model writes text: its task says so, or there is no task and nothing speaks against it.
fn generates(draft: &Draft<'_>) -> bool {
    match &draft.card.task {
        Some(task) => GENERATIVE.contains(&task.as_str()),
        None => draft.card.embedding.is_none(),
    }
}

fn completion(draft: &Draft<'_>) -> Option<Fact<Capability>> {
    of_task(draft, &GENERATIVE).or_else(|| of_gguf(draft)).map(|source| Fact::new(Capability::Completion, source))
}

/// A GGUF file names no task; one of a decoder that has weights and a vocabulary, and no pooling, writes text.
fn of_gguf(draft: &Draft<'_>) -> Option<Source> {
    let Card { task, architecture, weights, tokenizer, embedding, .. } = &draft.card;
    let writes = matches!(architecture.kind, Some(ArchitectureKind::Decoder | ArchitectureKind::EncoderDecoder));
    let whole = weights.parameters.total.is_some() && tokenizer.vocab_size.is_some();
    let only_gguf = weights.format == WeightsFormat::Gguf && task.is_none() && embedding.is_none();
    let how = "a decoder with a vocabulary writes text";
    (writes && whole && only_gguf).then(|| evidence(draft, "/architecture/kind", how))
}

/// Embedding models keep the template of the model they were made from; it is no sign of chat there.
fn chat(draft: &Draft<'_>) -> Option<Fact<Capability>> {
    let templates = &draft.card.chat_template;
    let has_template = templates.default.is_some() || !templates.named.is_empty();
    (has_template && generates(draft))
        .then(|| Fact::new(Capability::Chat, evidence(draft, "/chat_template", "there is a chat template")))
}

fn of_template(
    draft: &Draft<'_>,
    capability: Capability,
    mark: fn(&Template) -> Option<&'static str>,
) -> Option<Fact<Capability>> {
    if !generates(draft) {
        return None;
    }
    let templates = &draft.card.chat_template;
    let default = templates.default.iter().map(|text| ("/chat_template/default".to_owned(), text));
    let named = templates.named.iter().map(|(name, text)| (format!("/chat_template/named/{}", escape(name)), text));
    default.chain(named).find_map(|(pointer, text)| {
        let how = format!("the chat template has {}", mark(&Template::new(text))?);
        Some(Fact::new(capability, evidence(draft, &pointer, &how)))
    })
}

fn of_input(input: &[Fact<Modality>], modality: Modality, capability: Capability) -> Option<Fact<Capability>> {
    let fact = input.iter().find(|fact| fact.value == modality)?;
    Some(Fact::new(capability, fact.source.clone()))
}

fn embedding(draft: &Draft<'_>, words: &Words) -> Option<Fact<Capability>> {
    let declared = || {
        draft.card.embedding.as_ref()?;
        Some(evidence(draft, "/embedding", "the folder says how a text becomes a vector"))
    };
    let found = declared().or_else(|| of_task(draft, &EMBEDDING)).or_else(|| of_author(draft, words, &EMBEDDING))?;
    Some(Fact::new(Capability::Embedding, found))
}

/// What the author says of the use, for networks that are put to several: a decoder may embed or rank.
fn of_author(draft: &Draft<'_>, words: &Words, tasks: &[&str]) -> Option<Source> {
    draft.card.task.as_ref()?;
    let tag = words.pipeline_tag().filter(|tag| tasks.contains(&tag.value.as_str()))?;
    Some(tag.source.by(format!("the author says {}", tag.value)))
}

fn insert(draft: &Draft<'_>, words: &Words) -> Option<Fact<Capability>> {
    let source = words.fill_in_middle.clone().filter(|_| generates(draft))?;
    Some(Fact::new(Capability::Insert, source))
}

fn rerank(draft: &mut Draft<'_>, words: &Words) -> Option<Fact<Capability>> {
    let declared = of_task(draft, &["text-ranking"]).or_else(|| of_author(draft, words, &["text-ranking"]));
    declared.or_else(|| cross_encoder(draft)).map(|source| Fact::new(Capability::Rerank, source))
}

/// A cross-encoder is an encoder that gives a pair of texts one score. Decoders with one score are
/// mostly reward models.
fn cross_encoder(draft: &mut Draft<'_>) -> Option<Source> {
    let classifies = draft.card.architectures.first()?.ends_with("ForSequenceClassification");
    let document = draft.json("config.json").filter(|_| classifies)?;
    let root = document.root();
    if let Some(mark) = root.first(&["sentence_transformers", "sbert_ce_default_activation_function"]) {
        return Some(mark.source().by("it was saved as a cross-encoder"));
    }
    let is_encoder = draft.card.architecture.kind == Some(ArchitectureKind::Encoder);
    let labels = root
        .get("id2label")
        .filter(|labels| is_encoder && labels.value.as_object().is_some_and(|map| map.len() == 1))?;
    Some(labels.source().by("a classifier with one label scores"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::card_of;
    use super::*;

    #[test]
    fn a_chat_template_makes_a_model_chat_and_its_text_tells_the_rest() {
        let template = "{% if tools %}{{ tools }}{% endif %}{% if enable_thinking %}<think>{% endif %}";
        let card = card_of(&[("chat_template.jinja", template)]);
        assert_eq!(card.capabilities, [Capability::Chat, Capability::Tools, Capability::Thinking]);
        let source = &card.sources["/capabilities/1"];
        assert_eq!(source.file.as_deref(), Some("chat_template.jinja"));
        assert_eq!(source.derived.as_deref(), Some("the chat template has tools"));
    }

    #[test]
    fn marks_of_a_hole_in_the_vocabulary_make_a_model_insert() {
        let vocabulary = r#"{"model": {"vocab": {"<fim_prefix>": 0, "<fim_suffix>": 1}}}"#;
        let card = card_of(&[("tokenizer.json", vocabulary)]);
        assert_eq!(card.capabilities, [Capability::Insert]);
    }

    #[test]
    fn embedding_models_do_not_chat_though_they_have_a_template() {
        let card = card_of(&[
            ("chat_template.jinja", "{{ tools }}"),
            ("model_card.json", r#"{"tasks": ["feature-extraction"]}"#),
        ]);
        assert_eq!(card.capabilities, [Capability::Embedding]);
    }

    #[test]
    fn an_author_may_say_what_a_decoder_is_for() {
        let card = card_of(&[
            ("model_card.json", r#"{"tasks": ["text-generation"]}"#),
            ("README.md", "---\npipeline_tag: text-ranking\n---\n"),
        ]);
        assert_eq!(card.capabilities, [Capability::Completion, Capability::Rerank]);
        assert_eq!(card.sources["/capabilities/1"].pointer.as_deref(), Some("/pipeline_tag"));
    }

    #[test]
    fn a_classifier_saved_as_a_cross_encoder_ranks() {
        let card = card_of(&[
            (
                "config.json",
                r#"{"architectures": ["BertForSequenceClassification"], "model_type": "bert", "sentence_transformers": {}}"#,
            ),
            ("model_card.json", r#"{"architectures": "BertForSequenceClassification"}"#),
        ]);
        assert_eq!(card.capabilities, [Capability::Rerank]);
    }

    #[test]
    fn every_conclusion_has_its_source() {
        let card = card_of(&[("preprocessor_config.json", r#"{"image_processor_type": "X"}"#)]);
        assert_eq!(card.capabilities, [Capability::Vision]);
        assert_eq!(card.sources["/capabilities/0"], card.sources["/modalities/input/0"]);
        assert_eq!(card.sources["/capabilities/0"].pointer.as_deref(), Some("/image_processor_type"));
    }
}
