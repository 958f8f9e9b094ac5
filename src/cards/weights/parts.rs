//! Models whose weights lie in several folders: the parts of a pipeline, the modules of a
//! sentence-transformers model.

use serde_json::Value;

use super::sets::{Layout, WeightSet};
use crate::cards::draft::Draft;
use crate::cards::kind::PIPELINES;
use crate::cards::warning::WarningCode;

/// Parts that are looked at: no model has nearly as many.
const MOST_PARTS: usize = 256;
/// Parts that one warning names.
const MOST_NAMED: usize = 20;
/// What the names of classes contain that have no weights.
const WEIGHTLESS: [&str; 6] = ["Scheduler", "Tokenizer", "FeatureExtractor", "Processor", "Guider", "Guidance"];
/// What the types of modules end in that have weights.
const WEIGHTED: [&str; 4] = [".Transformer", ".Dense", ".LSTM", ".CNN"];

/// Where the weights lie: diffusers names its components, sentence-transformers its modules.
pub fn layout(draft: &mut Draft<'_>) -> Layout {
    for pipeline in PIPELINES {
        if let Some(document) = draft.json(pipeline)
            && let Some(members) = document.value.as_object()
        {
            let parts = members.iter().filter(|(key, value)| !key.starts_with('_') && value.is_array());
            return Layout::Parts(parts.map(|(key, _)| format!("{key}/")).collect());
        }
    }
    let Some(document) = draft.json("modules.json") else { return Layout::One };
    let paths: Vec<String> =
        document.root().items().filter_map(|item| item.get("path")?.string()).map(|fact| fact.value).collect();
    let dirs = paths.iter().map(|path| match path.trim_matches('/') {
        "" => String::new(),
        path => format!("{path}/"),
    });
    Layout::Parts(dirs.collect())
}

/// Tells of the parts that should have weights and have none here. Where there are no weights at all, that is told
/// instead.
pub fn warn_of_bare(draft: &mut Draft<'_>, sets: &[WeightSet]) {
    let (file, parts) = match of_pipeline(draft) {
        Some(parts) => ("model_index.json", parts),
        None => ("modules.json", of_modules(draft)),
    };
    let below = |set: &WeightSet, part: &str| match part {
        "" => set.name.dir.is_empty() || set.name.dir.starts_with("onnx/"),
        part => set.name.dir.strip_prefix(part).is_some_and(|rest| rest.starts_with('/')),
    };
    let bare = |part: &String| !sets.iter().any(|set| below(set, part));
    let bare: Vec<String> = parts.into_iter().filter(bare).take(MOST_NAMED).collect();
    if sets.is_empty() || bare.is_empty() {
        return;
    }
    let name = |part: &String| if part.is_empty() { "the folder itself".to_owned() } else { part.clone() };
    let names: Vec<String> = bare.iter().map(name).collect();
    let detail = format!("{file} names parts whose weights are not here: {}; fetch them", names.join(", "));
    draft.warn(WarningCode::NoWeights, Some("/weights"), detail, [file]);
}

/// The parts of a pipeline that have weights: pairs of a library and a class.
fn of_pipeline(draft: &mut Draft<'_>) -> Option<Vec<String>> {
    let document = draft.json("model_index.json")?;
    let members = document.value.as_object()?;
    document.root().get("_class_name")?;
    let has_weights = |pair: &Value| {
        let class = pair.as_array().filter(|pair| pair.len() == 2).and_then(|pair| pair.get(1)?.as_str());
        class.is_some_and(|class| !WEIGHTLESS.iter().any(|mark| class.contains(mark)))
    };
    let parts = members.iter().take(MOST_PARTS).filter(|(name, pair)| !name.starts_with('_') && has_weights(pair));
    Some(parts.map(|(name, _)| name.clone()).collect())
}

/// The modules that have weights.
fn of_modules(draft: &mut Draft<'_>) -> Vec<String> {
    let Some(document) = draft.json("modules.json") else { return Vec::new() };
    let root = document.root();
    let modules = root.items().take(MOST_PARTS).filter_map(|module| {
        let kind = module.get("type")?.string()?.value;
        let path = module.get("path")?.string()?.value;
        WEIGHTED.iter().any(|ending| kind.ends_with(ending)).then(|| path.trim_matches(['/', '.']).to_owned())
    });
    modules.collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::safetensors;
    use crate::cards::Limits;
    use crate::cards::card::{Card, CardStatus};
    use crate::cards::testing::card_within;
    use crate::cards::warning::WarningCode;

    fn warning(card: &Card) -> Option<&str> {
        let warning = card.warnings.iter().find(|warning| warning.code == WarningCode::NoWeights)?;
        Some(warning.detail.as_str())
    }

    #[test]
    fn a_pipeline_that_lacks_a_part_is_not_complete() {
        let index: (&str, &[u8]) = (
            "model_index.json",
            br#"{"_class_name": "FluxPipeline", "transformer": ["diffusers", "FluxTransformer2DModel"],
            "vae": ["diffusers", "AutoencoderKL"], "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
            "tokenizer": ["transformers", "T5TokenizerFast"], "safety_checker": [null, null],
            "image_processor": ["transformers", "CLIPImageProcessor"], "requires_safety_checker": false}"#,
        );
        let weights = safetensors(&[("a", "BF16", &[4])]);
        let vae = ("vae/diffusion_pytorch_model.safetensors", weights.as_slice());
        let bare = card_within(&[index, vae], &Limits::default());
        assert!(warning(&bare).unwrap().contains("not here: transformer;"), "{:?}", bare.warnings);
        assert_eq!(bare.status, CardStatus::Partial);
        let transformer = ("transformer/diffusion_pytorch_model.safetensors", weights.as_slice());
        let whole = card_within(&[index, vae, transformer], &Limits::default());
        assert_eq!((warning(&whole), whole.status), (None, CardStatus::Complete));
    }

    #[test]
    fn a_dense_module_without_its_matrix_is_told() {
        let modules: (&str, &[u8]) = (
            "modules.json",
            br#"[{"type": "sentence_transformers.models.Transformer", "path": ""},
            {"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"},
            {"type": "sentence_transformers.models.Dense", "path": "2_Dense"}]"#,
        );
        let weights = safetensors(&[("a", "F32", &[4])]);
        let model = ("model.safetensors", weights.as_slice());
        assert!(warning(&card_within(&[modules, model], &Limits::default())).unwrap().contains("2_Dense"));
        let dense = ("2_Dense/model.safetensors", weights.as_slice());
        assert!(warning(&card_within(&[modules, dense], &Limits::default())).unwrap().contains("the folder itself"));
        assert_eq!(warning(&card_within(&[modules, model, dense], &Limits::default())), None);
    }
}
