//! What goes into the model and what comes out of it: what its task takes and gives, and what its
//! towers and processors add to that.

use super::super::card::{ArchitectureKind, Modality};
use super::super::draft::Draft;
use super::super::facts::{Fact, Source};
use super::evidence;
use Modality::{Audio, Embedding, Image, Text, Video};

/// Tasks whose answer is a text that the model writes.
pub const GENERATIVE: [&str; 9] = [
    "text-generation",
    "text2text-generation",
    "image-text-to-text",
    "video-text-to-text",
    "audio-text-to-text",
    "any-to-any",
    "summarization",
    "translation",
    "conversational",
];

/// What a task of the Hub takes and gives. A class label is a text; a mask or a depth map an image.
const TASKS: [(&[&str], &[Modality], &[Modality]); 23] = [
    (
        &["text-generation", "text2text-generation", "summarization", "translation", "conversational", "fill-mask"],
        &[Text],
        &[Text],
    ),
    (
        &["text-classification", "token-classification", "question-answering", "zero-shot-classification"],
        &[Text],
        &[Text],
    ),
    (&["text-ranking", "multiple-choice", "table-question-answering"], &[Text], &[Text]),
    (&["feature-extraction", "sentence-similarity"], &[Text], &[Embedding]),
    (&["image-text-to-text", "visual-question-answering", "document-question-answering"], &[Text, Image], &[Text]),
    (&["video-text-to-text"], &[Text, Video], &[Text]),
    (&["audio-text-to-text"], &[Text, Audio], &[Text]),
    (&["any-to-any"], &[Text], &[Text]),
    (&["image-to-text", "image-classification", "object-detection", "keypoint-detection"], &[Image], &[Text]),
    (&["zero-shot-image-classification", "zero-shot-object-detection"], &[Text, Image], &[Text]),
    (&["image-segmentation", "depth-estimation", "mask-generation"], &[Image], &[Image]),
    (&["image-to-image", "image-text-to-image"], &[Text, Image], &[Image]),
    (&["image-feature-extraction"], &[Image], &[Embedding]),
    (&["visual-document-retrieval"], &[Text, Image], &[Embedding]),
    (&["image-to-video", "image-text-to-video"], &[Text, Image], &[Video]),
    (&["video-classification"], &[Video], &[Text]),
    (&["text-to-image"], &[Text], &[Image]),
    (&["text-to-video"], &[Text], &[Video]),
    (&["unconditional-image-generation"], &[], &[Image]),
    (&["automatic-speech-recognition", "audio-classification"], &[Audio], &[Text]),
    (&["zero-shot-audio-classification"], &[Text, Audio], &[Text]),
    (&["text-to-speech", "text-to-audio"], &[Text], &[Audio]),
    (&["audio-to-audio"], &[Audio], &[Audio]),
];

/// Files that describe how an input is prepared, and their members that tell which input it is.
const PROCESSORS: [(&str, &str, Modality); 5] = [
    ("preprocessor_config.json", "image_processor_type", Image),
    ("preprocessor_config.json", "image_mean", Image),
    ("preprocessor_config.json", "sampling_rate", Audio),
    ("video_preprocessor_config.json", "video_processor_type", Video),
    ("processor_config.json", "image_processor", Image),
];

/// Members of `config.json` that only a model that takes videos has.
const VIDEO_KEYS: [&str; 3] = ["video_token_id", "video_token_index", "video_config"];

/// Files of a tokenizer.
const TEXT_FILES: [&str; 7] = [
    "tokenizer.json",
    "tokenizer_config.json",
    "tokenizer.model",
    "vocab.txt",
    "vocab.json",
    "tekken.json",
    "chat_template.jinja",
];

pub struct Sides {
    pub input: Vec<Fact<Modality>>,
    pub output: Vec<Fact<Modality>>,
}

pub fn of(draft: &mut Draft<'_>) -> Sides {
    let (takes, gives) = of_task(draft);
    let mut sides = Sides { input: takes, output: gives };
    if draft.card.architecture.kind != Some(ArchitectureKind::Diffusion) {
        of_towers(draft).into_iter().for_each(|fact| add(&mut sides.input, fact));
        // A processor of what comes out, such as the spectrograms of a speaking model, is none of what goes in.
        let processed = of_processors(draft);
        let entering = processed.into_iter().filter(|fact| sides.output.iter().all(|out| out.value != fact.value));
        entering.for_each(|fact| add(&mut sides.input, fact));
        of_video(draft, &sides.input).into_iter().for_each(|fact| add(&mut sides.input, fact));
        mind_the_tokenizer(draft, &mut sides.input);
    }
    sides.input.sort_by_key(|fact| fact.value);
    sides
}

fn add(list: &mut Vec<Fact<Modality>>, fact: Fact<Modality>) {
    if list.iter().all(|held| held.value != fact.value) {
        list.push(fact);
    }
}

/// Without a task, a tokenizer is the sign of text. Of a model that only extracts features, and has a
/// processor for something else, its absence is a sign of none.
fn mind_the_tokenizer(draft: &Draft<'_>, input: &mut Vec<Fact<Modality>>) {
    let tokenizer = TEXT_FILES.into_iter().find(|file| draft.has(file));
    match (&draft.card.task, tokenizer) {
        (None, Some(file)) => add(input, Fact::new(Text, Source::file(file).by("there is a tokenizer"))),
        (Some(task), None) if task == "feature-extraction" && input.len() > 1 => {
            input.retain(|fact| fact.value != Text)
        }
        _ => {}
    }
}

fn of_task(draft: &Draft<'_>) -> (Vec<Fact<Modality>>, Vec<Fact<Modality>>) {
    if let Some(source) = super::of_gguf(draft) {
        return (vec![Fact::new(Text, source.clone())], vec![Fact::new(Text, source)]);
    }
    let task = draft.card.task.clone().unwrap_or_default();
    let Some((_, takes, gives)) = TASKS.iter().find(|(tasks, ..)| tasks.contains(&task.as_str())) else {
        return (Vec::new(), Vec::new());
    };
    let source = evidence(draft, "/task", &format!("the task is {task}"));
    let facts = |side: &[Modality]| side.iter().map(|one| Fact::new(*one, source.clone())).collect();
    (facts(takes), facts(gives))
}

fn of_towers(draft: &Draft<'_>) -> Vec<Fact<Modality>> {
    let architecture = &draft.card.architecture;
    let vision = architecture.vision.as_ref().map(|_| (Image, "/architecture/vision", "there is a vision tower"));
    let audio = architecture.audio.as_ref().map(|_| (Audio, "/architecture/audio", "there is an audio tower"));
    let towers = [vision, audio].into_iter().flatten();
    towers.map(|(modality, pointer, how)| Fact::new(modality, evidence(draft, pointer, how))).collect()
}

fn of_processors(draft: &mut Draft<'_>) -> Vec<Fact<Modality>> {
    let mut found = Vec::new();
    for (file, key, modality) in PROCESSORS {
        let document = draft.json(file);
        if let Some(field) = document.as_ref().and_then(|document| document.root().get(key)) {
            found.push(Fact::new(modality, field.source().by("there is a processor for it")));
        }
    }
    found
}

/// A mark for videos counts only beside images: drafts of multimodal models keep it without a tower.
fn of_video(draft: &mut Draft<'_>, input: &[Fact<Modality>]) -> Option<Fact<Modality>> {
    input.iter().find(|fact| fact.value == Image)?;
    let document = draft.json("config.json")?;
    let field = document.root().first(&VIDEO_KEYS)?;
    Some(Fact::new(Video, field.source().by("there is a mark for videos")))
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::card_of;
    use super::*;

    #[test]
    fn no_task_is_listed_twice() {
        let mut tasks: Vec<_> = TASKS.iter().flat_map(|(tasks, ..)| tasks.iter()).collect();
        let all = tasks.len();
        tasks.sort_unstable();
        tasks.dedup();
        assert_eq!(tasks.len(), all);
    }

    #[test]
    fn processors_tell_what_goes_in() {
        let card = card_of(&[
            ("preprocessor_config.json", r#"{"sampling_rate": 16000, "image_mean": [0.5]}"#),
            ("config.json", r#"{"video_token_id": 7}"#),
        ]);
        assert_eq!(card.modalities.input, [Image, Audio, Video]);
        let source = Source::key("config.json", "/video_token_id").by("there is a mark for videos");
        assert_eq!(card.sources["/modalities/input/2"], source);
    }

    #[test]
    fn a_task_tells_both_sides_and_a_processor_of_the_output_adds_nothing() {
        let audio = ("preprocessor_config.json", r#"{"sampling_rate": 16000}"#);
        let speaks = ("model_card.json", r#"{"tasks": "text-to-speech"}"#);
        let card = card_of(&[audio, speaks]);
        assert_eq!((card.modalities.input, card.modalities.output), (vec![Text], vec![Audio]));
    }

    #[test]
    fn without_a_task_a_tokenizer_is_the_sign_of_text() {
        assert_eq!(card_of(&[("vocab.txt", "a\nb\n")]).modalities.input, [Text]);
        let features = ("model_card.json", r#"{"tasks": "feature-extraction"}"#);
        let card = card_of(&[features, ("preprocessor_config.json", r#"{"sampling_rate": 16000}"#)]);
        assert_eq!(card.modalities.input, [Audio]);
    }
}
