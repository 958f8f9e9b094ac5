//! `model_index.json`: a diffusers pipeline and the parts it is made of, each in a sub-folder.
//!
//! We trust the name of the pipeline, from which the task follows, and the list of the parts. The sizes
//! of a language model do not apply; the parts' own files are not followed.

use serde_json::Value;

use crate::cards::draft::{Draft, fill};
use crate::cards::facts::{Fact, Field, Source};
use crate::cards::kind::PIPELINES;
use crate::cards::warning::WarningCode;

use super::{library, remote_code};

/// What the name of a pipeline says of its task: the first that is in it.
const TASKS: [(&str, &str); 31] = [
    ("ImageToVideo", "image-to-video"),
    ("Img2Vid", "image-to-video"),
    ("I2V", "image-to-video"),
    ("StableVideoDiffusion", "image-to-video"),
    ("Img2Img", "image-to-image"),
    ("ImageToImage", "image-to-image"),
    ("Inpaint", "image-to-image"),
    ("Upscale", "image-to-image"),
    ("Fill", "image-to-image"),
    ("Edit", "image-to-image"),
    ("Kontext", "image-to-image"),
    ("InstructPix2Pix", "image-to-image"),
    ("SuperResolution", "image-to-image"),
    ("PaintByExample", "image-to-image"),
    ("FramePack", "image-to-video"),
    ("Video", "text-to-video"),
    ("Wan", "text-to-video"),
    ("CogVideoX", "text-to-video"),
    ("LTX", "text-to-video"),
    ("Mochi", "text-to-video"),
    ("AnimateDiff", "text-to-video"),
    ("Allegro", "text-to-video"),
    ("Latte", "text-to-video"),
    ("SkyReels", "text-to-video"),
    ("Audio", "text-to-audio"),
    ("MusicLDM", "text-to-audio"),
    ("DanceDiffusion", "text-to-audio"),
    ("ShapE", "text-to-3d"),
    ("Unconditional", "unconditional-image-generation"),
    ("DiTPipeline", "unconditional-image-generation"),
    ("Marigold", "depth-estimation"),
];
/// Pipelines without a prompt: named for the method alone.
const UNCONDITIONAL: [&str; 7] = [
    "DDPMPipeline",
    "DDIMPipeline",
    "PNDMPipeline",
    "KarrasVePipeline",
    "ScoreSdeVePipeline",
    "LDMPipeline",
    "ConsistencyModelPipeline",
];

/// Parts that are looked at: no pipeline has nearly as many.
const MAX_PARTS: usize = 256;

pub fn read(draft: &mut Draft<'_>) {
    let Some(document) = PIPELINES.iter().find_map(|file| draft.json(file)) else { return };
    let root = document.root();
    library(draft, "diffusers", Source::file(root.file));
    remote_code::warn(draft, &root);
    warn_of_local_parts(draft, &root);
    let Some(name) = root.get("_class_name").and_then(|field| class_name(&field)) else { return };
    let task = of_pipeline(&name.value);
    fill!(draft, task, Some(Fact::new(task.to_owned(), name.source.clone().by("by the pipeline's name"))));
    draft.fill_list("/architectures", Some(name.map(|name| vec![name])), |card| &mut card.architectures);
}

/// A pipeline of the folder's own is a pair of its module and its class.
fn class_name(field: &Field<'_>) -> Option<Fact<String>> {
    let names = field.strings()?;
    let name = names.value.last().cloned()?;
    Some(names.map(|_| name))
}

fn of_pipeline(name: &str) -> &'static str {
    if UNCONDITIONAL.contains(&name) {
        return "unconditional-image-generation";
    }
    TASKS.iter().find(|(part, _)| name.contains(part)).map_or("text-to-image", |(_, task)| task)
}

/// A part is a pair of library and class. One whose library is a module of the folder runs that code.
fn warn_of_local_parts(draft: &mut Draft<'_>, root: &Field<'_>) {
    let parts = root.value.as_object().into_iter().flatten().take(MAX_PARTS);
    let libraries = parts.filter_map(|(part, pair)| Some((part.as_str(), pair.as_array()?.first()?.as_str()?)));
    let in_folder =
        |part: &str, library: &str| draft.has(&format!("{part}/{library}.py")) || draft.has(&format!("{library}.py"));
    let local = libraries.filter(|(part, library)| in_folder(part, library)).map(|(part, _)| part);
    let local: Vec<&str> = local.take(8).collect();
    let custom = root.value.get("_class_name").is_some_and(Value::is_array);
    if !local.is_empty() || custom {
        let what = if custom { "the pipeline itself".to_owned() } else { local.join(", ") };
        let detail = format!("{} takes code from the folder for {what}", root.file);
        draft.warn(WarningCode::NeedsRemoteCode, None, detail, [root.file]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cards::card::ArchitectureKind;
    use crate::cards::testing::{card_of, warning_codes};

    #[test]
    fn a_pipeline_is_named_and_its_task_follows() {
        let card = card_of(&[
            ("model_index.json", r#"{"_class_name": "StableDiffusionXLPipeline", "unet": ["diffusers", "UNet"]}"#),
            ("unet/config.json", r#"{"_class_name": "UNet"}"#),
        ]);
        assert_eq!(card.architectures, ["StableDiffusionXLPipeline"]);
        assert_eq!((card.library.as_deref(), card.task.as_deref()), (Some("diffusers"), Some("text-to-image")));
        assert_eq!(card.architecture.kind, Some(ArchitectureKind::Diffusion));
        assert!(!warning_codes(&card).contains(&WarningCode::NeedsRemoteCode));
    }

    #[test]
    fn names_of_pipelines_tell_their_tasks() {
        for (name, task) in [
            ("DDPMPipeline", "unconditional-image-generation"),
            ("StableDiffusionXLImg2ImgPipeline", "image-to-image"),
            ("FluxFillPipeline", "image-to-image"),
            ("WanImageToVideoPipeline", "image-to-video"),
            ("WanPipeline", "text-to-video"),
            ("HunyuanVideoPipeline", "text-to-video"),
            ("StableAudioPipeline", "text-to-audio"),
            ("IFSuperResolutionPipeline", "image-to-image"),
            ("SkyReelsV2ImageToVideoPipeline", "image-to-video"),
            ("SkyReelsV2Pipeline", "text-to-video"),
            ("FluxPipeline", "text-to-image"),
        ] {
            assert_eq!(of_pipeline(name), task, "{name}");
        }
    }

    #[test]
    fn code_of_the_folder_is_told() {
        let index = r#"{"_class_name": "DiffusionPipeline", "unet": ["my_unet", "UNet"], "vae": ["diffusers", "Vae"]}"#;
        let card = card_of(&[("model_index.json", index), ("unet/my_unet.py", "")]);
        let warning = card.warnings.iter().find(|warning| warning.code == WarningCode::NeedsRemoteCode).unwrap();
        assert!(warning.detail.ends_with("for unet"), "{}", warning.detail);
        let custom = card_of(&[("model_index.json", r#"{"_class_name": ["pipeline", "MyPipeline"]}"#)]);
        assert_eq!(custom.architectures, ["MyPipeline"]);
        assert!(warning_codes(&custom).contains(&WarningCode::NeedsRemoteCode));
    }
}
