//! What the model is for, in the words of the Hub, told from its class.
//!
//! The class decides, by the table of `transformers` and by the endings of names; the author's own
//! `pipeline_tag` is his word and read elsewhere. An ending that several kinds of model share does not
//! decide alone.

use crate::cards::draft::{Draft, fill};
use crate::cards::facts::{Fact, Source};

use super::classes::task_of;
use super::settings::Settings;

/// What the endings of class names say, the longest first.
const ENDINGS: [(&str, &str); 18] = [
    ("ForCausalLM", "text-generation"),
    ("LMHeadModel", "text-generation"),
    ("ChatModel", "text-generation"),
    ("ForMaskedLM", "fill-mask"),
    ("ForSequenceClassification", "text-classification"),
    ("ForTokenClassification", "token-classification"),
    ("ForQuestionAnswering", "question-answering"),
    ("ForImageClassification", "image-classification"),
    ("ForAudioClassification", "audio-classification"),
    ("ForVideoClassification", "video-classification"),
    ("ForSemanticSegmentation", "image-segmentation"),
    ("ForObjectDetection", "object-detection"),
    ("ForDepthEstimation", "depth-estimation"),
    ("ForRewardModel", "text-classification"),
    ("RewardModel", "text-classification"),
    ("ForCTC", "automatic-speech-recognition"),
    ("ForTextEncoding", "feature-extraction"),
    ("EmbeddingModel", "feature-extraction"),
];

/// Classes that the table of transformers lists under a task they cannot do, or a broader one.
const EXCEPTIONS: [(&str, &str); 2] =
    [("ClapModel", "zero-shot-audio-classification"), ("VisionEncoderDecoderModel", "image-to-text")];

pub fn of_config(draft: &mut Draft<'_>, settings: &Settings<'_>) {
    let found = match draft.card.architectures.first().cloned() {
        Some(architecture) => of_architecture(draft, settings, &architecture),
        None => of_family(settings),
    };
    fill!(draft, task, found);
}

fn of_architecture(draft: &Draft<'_>, settings: &Settings<'_>, architecture: &str) -> Option<Fact<String>> {
    let source = || draft.card.sources.get("/architectures").cloned().unwrap_or_default();
    let sees = draft.card.architecture.vision.is_some();
    let hears = draft.card.architecture.audio.is_some();
    let by_table = EXCEPTIONS.iter().find(|(name, _)| *name == architecture).map(|(_, task)| *task);
    let by_table = by_table.or_else(|| task_of(architecture));
    let (task, how) = match by_table {
        // Several families kept the class name of their text model when they learnt to see.
        Some("text-generation") if sees => ("image-text-to-text", "by the model's class, which has a vision tower"),
        Some("text-generation") if hears => ("audio-text-to-text", "by the model's class, which has an audio tower"),
        // Any-to-any stands for every class that takes sound; one that only hears answers in text.
        Some("any-to-any") if hears && !sees => {
            ("audio-text-to-text", "by the model's class, which has an audio tower")
        }
        Some("feature-extraction") if is_vision(draft, settings) => {
            ("image-feature-extraction", "by the model's class, which takes images and no text")
        }
        Some(task) => (task, "by the model's class"),
        None => (by_name(settings, architecture, sees, hears)?, "by the ending of the class's name"),
    };
    Some(Fact::new(task.to_owned(), source().by(how)))
}

/// Whether the whole model is one that sees: it has patches and no words.
fn is_vision(draft: &Draft<'_>, settings: &Settings<'_>) -> bool {
    let patches = ["patch_size", "image_size"].iter().any(|key| settings.root.get(key).is_some());
    patches && draft.card.architecture.vocab_size.is_none() && settings.nested.is_none()
}

fn by_name(settings: &Settings<'_>, architecture: &str, sees: bool, hears: bool) -> Option<&'static str> {
    if architecture.ends_with("ForConditionalGeneration") {
        return generation(settings, sees, hears);
    }
    let (_, task) = ENDINGS.iter().find(|(ending, _)| architecture.ends_with(ending))?;
    Some(match *task {
        // `T5WithLMHeadModel`, as old files name it, has the ending of the models without an encoder.
        "text-generation" if settings.is_pair().is_some_and(|pair| pair.value) => "text2text-generation",
        "text-generation" if sees => "image-text-to-text",
        "text-generation" if hears => "audio-text-to-text",
        task => task,
    })
}

/// The ending is shared by translators, by models that see, and by ones that hear.
fn generation(settings: &Settings<'_>, sees: bool, hears: bool) -> Option<&'static str> {
    match (sees, hears) {
        (true, true) => Some("any-to-any"),
        (true, false) => Some("image-text-to-text"),
        (false, true) => Some("audio-text-to-text"),
        _ if settings.flag("is_encoder_decoder") == Some(true) => Some("text2text-generation"),
        _ => None,
    }
}

/// Without a class, a type that can only continue text says enough.
fn of_family(settings: &Settings<'_>) -> Option<Fact<String>> {
    let decides = settings.root_class.is_causal() && !settings.root_class.is_masked();
    let source = Source::key(settings.root.file, "/model_type").by("by the model's type: there is no class");
    decides.then(|| Fact::new("text-generation".to_owned(), source))
}

#[cfg(test)]
mod tests {
    use crate::cards::testing::card_of;

    fn task(config: &str) -> Option<String> {
        card_of(&[("config.json", config)]).task
    }

    #[test]
    fn the_class_decides() {
        let config = r#"{"architectures": ["BertForMaskedLM"], "model_type": "bert"}"#;
        assert_eq!(task(config).as_deref(), Some("fill-mask"));
    }

    #[test]
    fn an_ending_decides_for_a_class_that_is_not_known() {
        let of = |rest: &str| task(&format!(r#"{{"architectures": ["Nobody{rest}}}"#));
        assert_eq!(of(r#"ForCausalLM"]"#).as_deref(), Some("text-generation"));
        assert_eq!(of(r#"ForCausalLM"], "vision_config": {"depth": 2}"#).as_deref(), Some("image-text-to-text"));
        assert_eq!(of(r#"ForConditionalGeneration"]"#), None);
        for class in ["ForConditionalGeneration", "WithLMHeadModel"] {
            let pair = of(&format!(r#"{class}"], "is_encoder_decoder": true"#));
            assert_eq!(pair.as_deref(), Some("text2text-generation"), "{class}");
        }
    }

    #[test]
    fn a_class_that_only_hears_answers_in_text() {
        let config = r#"{"architectures": ["VoxtralForConditionalGeneration"], "model_type": "voxtral",
            "audio_config": {"model_type": "voxtral_encoder"}, "text_config": {"model_type": "llama"}}"#;
        assert_eq!(task(config).as_deref(), Some("audio-text-to-text"));
    }

    #[test]
    fn without_a_class_the_type_decides_if_it_can_do_one_thing() {
        assert_eq!(task(r#"{"model_type": "llama", "hidden_size": 8}"#).as_deref(), Some("text-generation"));
        assert_eq!(task(r#"{"model_type": "electra", "hidden_size": 8}"#), None);
    }
}
