//! The weights of a model: how many, of which type, in which files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Weights {
    pub format: WeightsFormat,
    pub parameters: Parameters,
    /// Type the model computes in, as its configuration declares it: `bfloat16`, `float16`, ...
    #[schema(example = "bfloat16")]
    pub dtype: Option<String>,
    pub quantization: Option<Quantization>,
    /// Bytes of the one weight set the other facts describe, as they lie on disk.
    #[schema(example = 2471628800_u64)]
    pub size_bytes: Option<u64>,
    pub shards: Shards,
    /// The weight sets of a folder that holds several of the same model, such as GGUF quantisations.
    pub variants: Vec<WeightsVariant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WeightsFormat {
    Safetensors,
    Gguf,
    Pytorch,
    Onnx,
    Tensorflow,
    Flax,
    Mlx,
    #[default]
    None,
}

impl WeightsFormat {
    pub const ALL: [Self; 8] =
        [Self::Safetensors, Self::Gguf, Self::Pytorch, Self::Onnx, Self::Tensorflow, Self::Flax, Self::Mlx, Self::None];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Safetensors => "safetensors",
            Self::Gguf => "gguf",
            Self::Pytorch => "pytorch",
            Self::Onnx => "onnx",
            Self::Tensorflow => "tensorflow",
            Self::Flax => "flax",
            Self::Mlx => "mlx",
            Self::None => "none",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Parameters {
    #[schema(example = 30532122624_u64)]
    pub total: Option<u64>,
    /// Parameters a token passes, where a mixture of experts makes them fewer.
    #[schema(example = 3300000000_u64)]
    pub active: Option<u64>,
    /// Stored elements by their type, in the words of the file format.
    pub by_dtype: BTreeMap<String, u64>,
    /// False where the count was computed from the configuration instead of read from the weights.
    pub exact: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Quantization {
    /// `awq`, `gptq`, `fp8`, `bitsandbytes`, `Q4_K_M`, ...
    #[schema(example = "awq")]
    pub method: String,
    #[schema(example = 4)]
    pub bits: Option<u64>,
    #[schema(example = 128)]
    pub group_size: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Shards {
    /// Files that the index, or the numbering of the names, promises.
    #[schema(example = 4)]
    pub expected: Option<u64>,
    /// Files that are there and hold weights.
    #[schema(example = 4)]
    pub found: u64,
}

/// One weight set of several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WeightsVariant {
    /// What tells it apart: the quantisation, or the file's name.
    #[schema(example = "Q4_K_M")]
    pub name: String,
    pub files: Vec<String>,
    pub format: WeightsFormat,
    #[schema(example = "Q4_K_M")]
    pub quantization: Option<String>,
    #[schema(example = 1235814400_u64)]
    pub parameters: Option<u64>,
    #[schema(example = 807694464)]
    pub size_bytes: u64,
}
