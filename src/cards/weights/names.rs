//! What the name of a weights file tells: format, shard, variant, and what it is for.
//!
//! The names are those that transformers, diffusers, llama.cpp, MLX and Meta write.

use crate::cards::card::WeightsFormat;

/// What a name says of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeightName {
    /// Folder inside the model folder, empty or ending in `/`.
    pub dir: String,
    /// The name without number, variant and extension: what all shards of a set share.
    pub stem: String,
    pub extension: String,
    /// `fp16`, `bf16`, `non_ema`, ...: a copy in another precision.
    pub variant: Option<String>,
    pub shard: Option<ShardNumber>,
    pub format: WeightsFormat,
    pub role: Role,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShardNumber {
    pub number: u64,
    /// How many there are, where the names say so.
    pub of: Option<u64>,
}

/// What a weights file is for. Only models count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Model,
    /// LoRA and its kin: weights that go on top of a model's.
    Adapter,
    /// A vision or audio tower that llama.cpp keeps in a file of its own.
    Projector,
    /// Something beside a model: an importance matrix, a draft head.
    Sidecar,
}

/// Stems that carry a variant behind a dot.
const STEMS: [&str; 6] =
    ["model", "pytorch_model", "diffusion_pytorch_model", "adapter_model", "tf_model", "flax_model"];

impl WeightName {
    /// `None` for a file that holds no weights.
    pub fn of(path: &str) -> Option<Self> {
        let at = path.rfind('/').map_or(0, |slash| slash + 1);
        let (dir, name) = path.split_at_checked(at)?;
        let (stem, extension) = name.rsplit_once('.')?;
        let extension = extension.to_ascii_lowercase();
        let format = format_of(&stem.to_ascii_lowercase(), &extension)?;
        let (stem, shard) = split_shard(stem);
        let (stem, variant) = split_variant(&stem);
        let role = role_of(&stem.to_ascii_lowercase(), format);
        Some(Self { dir: dir.to_owned(), stem, extension, variant, shard, format, role })
    }

    /// The name of a set: of its one file, or what its shards share.
    pub fn set_name(&self) -> String {
        let variant = self.variant.as_ref().map_or_else(String::new, |variant| format!(".{variant}"));
        format!("{}{}{variant}.{}", self.dir, self.stem, self.extension)
    }
}

fn format_of(stem: &str, extension: &str) -> Option<WeightsFormat> {
    match extension {
        "safetensors" => Some(WeightsFormat::Safetensors),
        "gguf" => Some(WeightsFormat::Gguf),
        "onnx" => Some(WeightsFormat::Onnx),
        "npz" if stem.starts_with("weights") || stem.starts_with("model") => Some(WeightsFormat::Mlx),
        "h5" | "keras" => Some(WeightsFormat::Tensorflow),
        "pb" if stem == "saved_model" => Some(WeightsFormat::Tensorflow),
        "msgpack" => Some(WeightsFormat::Flax),
        // An archive of NeMo, with pickled weights in it.
        "nemo" => Some(WeightsFormat::Pytorch),
        "bin" if is_pytorch_bin(stem) => Some(WeightsFormat::Pytorch),
        "pt" | "pth" | "ckpt" | "pkl" | "pickle" if !is_training_state(stem) => Some(WeightsFormat::Pytorch),
        _ => None,
    }
}

/// `.bin` says nothing by itself; these are the names that PyTorch weights have.
fn is_pytorch_bin(stem: &str) -> bool {
    let known = ["pytorch_model", "diffusion_pytorch_model", "adapter_model", "consolidated", "pytorch_lora_weights"];
    known.iter().any(|known| stem.starts_with(known)) || stem.ends_with("pytorch_model") || stem == "model"
}

/// What a trainer leaves beside the weights.
fn is_training_state(stem: &str) -> bool {
    ["optimizer", "scheduler", "scaler", "rng_state", "random_states", "training_args", "trainer_state"]
        .iter()
        .any(|state| stem.starts_with(state))
        || stem.ends_with("optim_states")
}

/// Cuts `-00001-of-00004` out, wherever it stands, or the `.00` of Meta's and MLX's parts.
fn split_shard(stem: &str) -> (String, Option<ShardNumber>) {
    let numbered = stem.match_indices("-of-").find_map(|(at, of)| {
        let (before, after) = (stem.get(..at)?, stem.get(at + of.len()..)?);
        let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        let (total, rest) = after.split_at_checked(digits)?;
        let head = before.trim_end_matches(|c: char| c.is_ascii_digit());
        let number = before.get(head.len()..)?;
        let is_number = |text: &str| (5..=6).contains(&text.len());
        let head = head.strip_suffix(['-', '_', '.'])?;
        (is_number(number) && is_number(total) && (rest.is_empty() || rest.starts_with('.')))
            .then_some(())
            .and_then(|()| Some((format!("{head}{rest}"), number.parse().ok()?, total.parse().ok()?)))
    });
    if let Some((stem, number, of)) = numbered {
        return (stem, Some(ShardNumber { number, of: Some(of) }));
    }
    match stem.rsplit_once('.') {
        Some((head @ ("consolidated" | "weights"), part)) if part.len() == 2 => match part.parse() {
            Ok(number) => (head.to_owned(), Some(ShardNumber { number, of: None })),
            Err(_) => (stem.to_owned(), None),
        },
        _ => (stem.to_owned(), None),
    }
}

fn split_variant(stem: &str) -> (String, Option<String>) {
    match stem.split_once('.') {
        Some((base, variant)) if STEMS.contains(&base) && !variant.is_empty() => {
            (base.to_owned(), Some(variant.to_owned()))
        }
        _ => (stem.to_owned(), None),
    }
}

fn role_of(stem: &str, format: WeightsFormat) -> Role {
    let gguf = format == WeightsFormat::Gguf;
    if stem.starts_with("adapter_model") || stem == "adapters" || stem.starts_with("pytorch_lora_weights") {
        Role::Adapter
    } else if gguf && stem.contains("mmproj") {
        Role::Projector
    } else if stem.contains("imatrix") || gguf && stem.starts_with("mtp-") || stem == "training_args" {
        Role::Sidecar
    } else {
        Role::Model
    }
}

/// The index that a file name announces: the folder and the extension of what it indexes.
pub fn is_index(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.ends_with(".json")
        && [".safetensors.index.", ".bin.index.", ".h5.index.", ".msgpack.index."]
            .iter()
            .any(|mark| name.contains(mark))
}

/// The quantisation that the name of a GGUF file ends in: `Q4_K_M`, `UD-Q4_K_XL`, `IQ2_XXS`, `BF16`, ...
pub fn quantization_label(stem: &str) -> Option<String> {
    let parts: Vec<&str> = stem.split(['-', '.']).collect();
    let at = parts.iter().rposition(|part| is_quantization(&part.to_ascii_uppercase()))?;
    let label = parts.get(at)?.to_ascii_uppercase();
    let dynamic = at.checked_sub(1).and_then(|before| parts.get(before)).is_some_and(|part| *part == "UD");
    Some(if dynamic { format!("UD-{label}") } else { label })
}

fn is_quantization(part: &str) -> bool {
    if matches!(part, "F16" | "BF16" | "F32" | "FP16" | "FP32" | "MXFP4" | "MXFP4_MOE" | "NVFP4") {
        return true;
    }
    let digits = ["IQ", "TQ", "Q"].iter().find_map(|mark| part.strip_prefix(mark));
    digits.is_some_and(|rest| {
        let mut rest = rest.chars();
        rest.next().is_some_and(|digit| digit.is_ascii_digit())
            && rest.next().is_some_and(|next| next == '_')
            && rest.all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(path: &str) -> WeightName {
        WeightName::of(path).unwrap_or_else(|| panic!("{path} is not weights"))
    }

    #[test]
    fn shards_of_one_set_share_a_stem() {
        for (path, set, number, of) in [
            ("model-00002-of-00004.safetensors", "model.safetensors", 2, Some(4)),
            (
                "unet/diffusion_pytorch_model.fp16-00001-of-00002.safetensors",
                "unet/diffusion_pytorch_model.fp16.safetensors",
                1,
                Some(2),
            ),
            ("model-00001-of-00002.fp16.safetensors", "model.fp16.safetensors", 1, Some(2)),
            ("pytorch_model_00003-of-00009.bin", "pytorch_model.bin", 3, Some(9)),
            ("Q4/x-Q4_K_M-00001-of-00003.gguf", "Q4/x-Q4_K_M.gguf", 1, Some(3)),
            ("consolidated.03.pth", "consolidated.pth", 3, None),
            ("weights.00.safetensors", "weights.safetensors", 0, None),
        ] {
            let name = name(path);
            assert_eq!(name.set_name(), set);
            assert_eq!(name.shard, Some(ShardNumber { number, of }), "{path}");
        }
        for single in ["model.safetensors", "sd_xl_base_1.0.safetensors", "x-1-of-2.gguf", "a-of-b.bin.safetensors"] {
            assert_eq!(name(single).shard, None, "{single}");
            assert_eq!(name(single).set_name(), single);
        }
    }

    #[test]
    fn what_is_no_model_is_known_by_its_name() {
        assert_eq!(name("adapter_model.safetensors").role, Role::Adapter);
        assert_eq!(name("mmproj-model-f16.gguf").role, Role::Projector);
        assert_eq!(name("imatrix.gguf").role, Role::Sidecar);
        for none in [
            "optimizer.pt",
            "rng_state_0.pth",
            "training_args.bin",
            "tokenizer.bin",
            "openvino_model.bin",
            "x.npz",
            "README.md",
            "bin",
            ".safetensors.index.json",
        ] {
            assert_eq!(WeightName::of(none), None, "{none}");
        }
    }

    #[test]
    fn an_index_is_known_by_what_it_indexes() {
        assert!(is_index("unet/diffusion_pytorch_model.safetensors.index.fp16.json"));
        assert!(is_index("pytorch_model.bin.index.json"));
        assert!(!is_index("index.json"));
        assert!(!is_index("model.safetensors"));
    }

    #[test]
    fn a_quantisation_is_read_off_the_end_of_a_name() {
        for (stem, label) in [
            ("Qwen3-8B-Q4_K_M", Some("Q4_K_M")),
            ("Qwen3-8B-UD-Q4_K_XL", Some("UD-Q4_K_XL")),
            ("llama-2-7b.q5_k_s", Some("Q5_K_S")),
            ("x-IQ2_XXS", Some("IQ2_XXS")),
            ("model-bf16", Some("BF16")),
            ("gpt-oss-20b-mxfp4", Some("MXFP4")),
            ("Qwen3-8B", None),
            ("Q-learning", None),
        ] {
            assert_eq!(quantization_label(stem).as_deref(), label, "{stem}");
        }
    }
}
