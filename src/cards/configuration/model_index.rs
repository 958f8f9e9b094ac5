//! `model_index.json`: a diffusers pipeline and the parts it is made of, each in a sub-folder.
//!
//! We trust the name of the pipeline, from which the task follows, and the list of the parts. The sizes
//! of a language model do not apply; the parts' own files are not followed, but for the dtype.

use serde_json::Value;

use crate::cards::draft::{Draft, fill};
use crate::cards::facts::{Fact, Field, Source};
use crate::cards::kind::PIPELINES;
use crate::cards::warning::WarningCode;

use super::{library, remote_code};

/// What the name of a pipeline says of its task: the first that is in it.
const TASKS: [(&str, &str); 22] = [
    ("ImageToVideo", "image-to-video"),
    ("Img2Vid", "image-to-video"),
    ("I2V", "image-to-video"),
    ("StableVideoDiffusion", "image-to-video"),
    ("Img2Img", "image-to-image"),
    ("ImageToImage", "image-to-image"),
    ("Inpaint", "image-to-image"),
    ("Upscale", "image-to-image"),
    ("Edit", "image-to-image"),
    ("Kontext", "image-to-image"),
    ("InstructPix2Pix", "image-to-image"),
    ("Video", "text-to-video"),
    ("Wan", "text-to-video"),
    ("CogVideoX", "text-to-video"),
    ("LTX", "text-to-video"),
    ("Mochi", "text-to-video"),
    ("Audio", "text-to-audio"),
    ("MusicLDM", "text-to-audio"),
    ("ShapE", "text-to-3d"),
    ("Unconditional", "unconditional-image-generation"),
    ("DiTPipeline", "unconditional-image-generation"),
    ("Marigold", "depth-estimation"),
];
/// Pipelines without a prompt: named for the method alone.
const UNCONDITIONAL: [&str; 6] =
    ["DDPMPipeline", "DDIMPipeline", "PNDMPipeline", "KarrasVePipeline", "ScoreSdeVePipeline", "LDMPipeline"];

pub fn read(draft: &mut Draft<'_>) {
    let Some(document) = PIPELINES.iter().find_map(|file| draft.json(file)) else { return };
    let root = document.root();
    library(draft, "diffusers", Source::file(root.file));
    remote_code::warn(draft, &root);
    warn_of_local_parts(draft, &root);
    let Some(name) = root.get("_class_name").and_then(|field| field.string()) else { return };
    let task = of_pipeline(&name.value);
    fill!(draft, task, Some(Fact::new(task.to_owned(), name.source.clone().by("by the pipeline's name"))));
    draft.fill_list("/architectures", Some(name.map(|name| vec![name])), |card| &mut card.architectures);
}

pub fn of_pipeline(name: &str) -> &'static str {
    if UNCONDITIONAL.contains(&name) {
        return "unconditional-image-generation";
    }
    TASKS.iter().find(|(part, _)| name.contains(part)).map_or("text-to-image", |(_, task)| task)
}

/// A part is a pair of library and class. One whose library is a module of the folder runs that code.
fn warn_of_local_parts(draft: &mut Draft<'_>, root: &Field<'_>) {
    let parts = root.value.as_object().into_iter().flatten();
    let libraries = parts.filter_map(|(part, pair)| Some((part, pair.as_array()?.first()?.as_str()?)));
    let local: Vec<&str> =
        libraries.filter(|(_, library)| !is_installed(library)).map(|(part, _)| part.as_str()).take(8).collect();
    let custom = root.value.get("_class_name").is_some_and(Value::is_array);
    if !local.is_empty() || custom {
        let detail = format!("{} takes code from the folder for: {}", root.file, local.join(", "));
        draft.warn(WarningCode::NeedsRemoteCode, None, detail, [root.file]);
    }
}

/// Libraries that a pipeline may name, and the modules of diffusers itself.
fn is_installed(library: &str) -> bool {
    let name = library.split('.').next().unwrap_or_default();
    matches!(name, "diffusers" | "transformers" | "onnxruntime" | "optimum" | "torch" | "k_diffusion")
        || PIPELINE_MODULES.iter().any(|module| name.starts_with(module))
}

/// Modules below `diffusers.pipelines` whose classes pipelines name by the module.
const PIPELINE_MODULES: [&str; 12] = [
    "stable_diffusion",
    "stable_cascade",
    "wuerstchen",
    "latent_diffusion",
    "paint_by_example",
    "unclip",
    "kandinsky",
    "audioldm",
    "unidiffuser",
    "shap_e",
    "deepfloyd_if",
    "ltx",
];
