//! Whether Ollama can take a model, by the rules of one version of it.
//!
//! It is answered from the card whenever somebody asks, and never stored: when Ollama learns a new architecture, the
//! answer changes with the table and no folder has to be read again.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::card::{ArchitectureKind, Card, WeightsFormat};
use super::warning::WarningCode;

const ARCHITECTURES: &str = include_str!("architectures.txt");
/// Where the rules are from.
const SOURCE: &str = "ollama/ollama at commit fb30760 of 2026-08-21";
/// Families of which Ollama converts adapters (`ConvertAdapter` in `convert/convert.go`).
const ADAPTER_FAMILIES: [&str; 2] = ["llama", "gemma2"];
/// Files of a tokenizer that the converter reads (`parseVocabulary` in `convert/tokenizer.go`).
const TOKENIZERS: [&str; 2] = ["tokenizer.model", "tokenizer.json"];
/// Types of tensors that its reader of safetensors knows.
const DTYPES: [&str; 4] = ["F32", "F16", "BF16", "F8_E4M3"];

/// What can be done with a model besides registering it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Deployment {
    pub ollama: OllamaConversion,
}

/// Whether Ollama can make a model of the folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OllamaConversion {
    pub convertible: Convertible,
    pub code: ConversionCode,
    /// Why, and what to do about it.
    #[schema(example = "Ollama converts LlamaForCausalLM")]
    pub detail: String,
    /// The version of Ollama whose rules these are.
    #[schema(example = "ollama/ollama at commit fb30760 of 2026-08-21")]
    pub source: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Convertible {
    Yes,
    No,
    /// The folder does not say enough.
    Unknown,
}

/// Stable name of the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConversionCode {
    /// The weights are converted.
    Converted,
    /// GGUF files are taken as they are.
    Gguf,
    /// The architecture is not in Ollama's list.
    Architecture,
    /// The folder names no architecture, as one that holds weights alone.
    NoArchitecture,
    /// The model is code of its own, which Ollama does not run.
    RemoteCode,
    /// An adapter of a family other than Llama and Gemma 2.
    AdapterFamily,
    /// An adapter of another kind than LoRA.
    AdapterType,
    /// The weights are quantised in a way that it does not read.
    Quantization,
    /// The weights are in another format than safetensors and GGUF.
    WeightsFormat,
    /// The weights are not there.
    NoWeights,
    /// There is neither a `tokenizer.json` nor a `tokenizer.model`.
    NoTokenizer,
    /// The folder is gone.
    NoFolder,
}

type Verdict = (Convertible, ConversionCode, String);

impl Deployment {
    pub fn of(card: &Card) -> Self {
        let (convertible, code, detail) = judge(card);
        Self { ollama: OllamaConversion { convertible, code, detail, source: SOURCE.to_owned() } }
    }

    pub fn of_gone_folder() -> Self {
        let detail = "the folder is gone".to_owned();
        let (convertible, code) = (Convertible::Unknown, ConversionCode::NoFolder);
        Self { ollama: OllamaConversion { convertible, code, detail, source: SOURCE.to_owned() } }
    }
}

/// The first thing that decides. What no download mends comes before what is only missing.
fn judge(card: &Card) -> Verdict {
    if card.weights.format == WeightsFormat::Gguf {
        return (Convertible::Yes, ConversionCode::Gguf, "Ollama takes GGUF files as they are".to_owned());
    }
    if card.adapter.is_some() || card.architecture.kind == Some(ArchitectureKind::Adapter) {
        return adapter(card);
    }
    let refusal = architecture(card).or_else(|| format(card)).or_else(|| quantization(card)).or_else(|| missing(card));
    refusal.unwrap_or_else(|| {
        let name = card.architectures.first().map_or("it", String::as_str);
        (Convertible::Yes, ConversionCode::Converted, format!("Ollama converts {name}"))
    })
}

fn no(code: ConversionCode, detail: impl Into<String>) -> Option<Verdict> {
    Some((Convertible::No, code, detail.into()))
}

fn is_known(architecture: &str) -> bool {
    ARCHITECTURES.lines().any(|line| line == architecture)
}

fn architecture(card: &Card) -> Option<Verdict> {
    let Some(name) = card.architectures.first() else {
        let detail = "the folder names no architecture, by which Ollama chooses how to convert";
        return no(ConversionCode::NoArchitecture, detail);
    };
    if is_known(name) {
        return None;
    }
    let needs_code = card.warnings.iter().any(|warning| warning.code == WarningCode::NeedsRemoteCode);
    if needs_code {
        let detail = format!("{name} is code that comes with the model; Ollama runs none");
        return no(ConversionCode::RemoteCode, detail);
    }
    let detail = format!("Ollama does not convert {name}; look for GGUF files of the model");
    no(ConversionCode::Architecture, detail)
}

fn format(card: &Card) -> Option<Verdict> {
    match card.weights.format {
        WeightsFormat::Safetensors | WeightsFormat::Gguf | WeightsFormat::None => None,
        WeightsFormat::Pytorch
        | WeightsFormat::Onnx
        | WeightsFormat::Tensorflow
        | WeightsFormat::Flax
        | WeightsFormat::Mlx => {
            let detail = "Ollama takes safetensors and GGUF files only; look for the model in one of these formats";
            no(ConversionCode::WeightsFormat, detail)
        }
    }
}

/// Its reader knows plain numbers, FP8 in blocks, and the MXFP4 of gpt-oss.
fn quantization(card: &Card) -> Option<Verdict> {
    let is_gpt_oss = card.architectures.first().is_some_and(|name| name == "GptOssForCausalLM");
    if let Some(quantization) = &card.weights.quantization {
        let method = quantization.method.to_ascii_lowercase();
        let is_read = method == "fp8" || method == "mxfp4" && is_gpt_oss;
        let detail = format!("Ollama does not read weights quantised with {method}; take the model as it was before");
        return if is_read { None } else { no(ConversionCode::Quantization, detail) };
    }
    let packed = card.weights.parameters.by_dtype.keys().find(|dtype| {
        let is_packed = dtype.starts_with('U') || dtype.starts_with("F8") || dtype.starts_with("F4");
        is_packed && !DTYPES.contains(&dtype.as_str())
    });
    let detail = |dtype: &String| format!("Ollama does not read tensors of the type {dtype}");
    packed.filter(|_| !is_gpt_oss).and_then(|dtype| no(ConversionCode::Quantization, detail(dtype)))
}

fn missing(card: &Card) -> Option<Verdict> {
    if card.weights.format == WeightsFormat::None {
        let name = card.architectures.first().map_or("it", String::as_str);
        let detail = format!("Ollama converts {name}, but the weights are not there");
        return Some((Convertible::Unknown, ConversionCode::NoWeights, detail));
    }
    let has_one = card.files.iter().any(|file| TOKENIZERS.contains(&file.path.as_str()));
    let detail = "the folder holds neither tokenizer.json nor tokenizer.model, of which Ollama needs one";
    if has_one { None } else { no(ConversionCode::NoTokenizer, detail) }
}

/// An adapter is converted with the base model that it is put on, whose family decides.
fn adapter(card: &Card) -> Verdict {
    let kind = card.adapter.as_ref().and_then(|adapter| adapter.kind.as_deref()).unwrap_or("LORA");
    if !kind.eq_ignore_ascii_case("lora") {
        let detail = format!("the adapter is of the type {kind}; Ollama takes LoRA only");
        return (Convertible::No, ConversionCode::AdapterType, detail);
    }
    if matches!(card.weights.format, WeightsFormat::Pytorch) {
        let detail = "the adapter is a pickle; Ollama takes safetensors and GGUF files only".to_owned();
        return (Convertible::No, ConversionCode::WeightsFormat, detail);
    }
    let base = card.base_models.first().map(|name| name.to_ascii_lowercase()).unwrap_or_default();
    let family = card.family.clone().or_else(|| family_in(&base));
    match family {
        Some(family) if ADAPTER_FAMILIES.contains(&family.as_str()) => {
            let detail = format!("Ollama converts adapters of {family}; the base model must be there as well");
            (Convertible::Yes, ConversionCode::Converted, detail)
        }
        Some(family) => {
            let detail = format!("Ollama converts adapters of llama and gemma2 only, and this one is of {family}");
            (Convertible::No, ConversionCode::AdapterFamily, detail)
        }
        None => {
            let detail = "the adapter does not say of which family its base model is; Ollama converts llama and gemma2";
            (Convertible::Unknown, ConversionCode::AdapterFamily, detail.to_owned())
        }
    }
}

/// The family that the name of a base model speaks of. Mistral's models can be either: GGUF calls them llama.
fn family_in(name: &str) -> Option<String> {
    const FAMILIES: [(&str, &str); 12] = [
        ("gemma-2", "gemma2"),
        ("gemma2", "gemma2"),
        ("gemma", "gemma"),
        ("qwen", "qwen"),
        ("phi", "phi"),
        ("falcon", "falcon"),
        ("bloom", "bloom"),
        ("glm", "glm"),
        ("gpt2", "gpt2"),
        ("t5", "t5"),
        ("llama-4", "llama4"),
        ("llama", "llama"),
    ];
    let known = FAMILIES.iter().find(|(word, _)| name.contains(word))?;
    Some(known.1.to_owned())
}
