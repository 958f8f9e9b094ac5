//! How the layers of a model family are built, as far as it changes the number of their weights.
//!
//! From the modelling files of transformers; the names are its `model_type` and, where they differ,
//! the `general.architecture` of GGUF.

/// What differs between families.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family {
    /// Three feed-forward matrices instead of two.
    pub gated: bool,
    pub qkv_bias: bool,
    pub out_bias: bool,
    pub mlp_bias: bool,
    /// Norms on each query and key head.
    pub qk_norm: bool,
    /// Norms in a layer.
    pub norms: u64,
    /// Norms outside of the layers.
    pub final_norms: u64,
    pub norm_bias: bool,
    /// Embeddings of positions.
    pub positions: bool,
    /// Rows of these that stand before the first position.
    pub position_offset: u64,
    /// Whether input and output embeddings are one, where the configuration does not say.
    pub tied: bool,
    pub head_bias: bool,
    /// No output embedding at all: an encoder.
    pub headless: bool,
    /// A bias of each routed expert, by which they are balanced.
    pub router_bias: bool,
    /// The feed-forward width is declared this much too large.
    pub inner_divisor: u64,
}

impl Family {
    /// Numbers that a norm has for each channel.
    pub fn vector(&self) -> u64 {
        if self.norm_bias { 2 } else { 1 }
    }
}

/// Llama's layers, which most later families share.
const LLAMA: Family = Family {
    gated: true,
    qkv_bias: false,
    out_bias: false,
    mlp_bias: false,
    qk_norm: false,
    norms: 2,
    final_norms: 1,
    norm_bias: false,
    positions: false,
    position_offset: 0,
    tied: false,
    head_bias: false,
    headless: false,
    router_bias: false,
    inner_divisor: 1,
};

/// GPT-2's layers: biases everywhere, two feed-forward matrices.
const GPT2: Family = Family {
    gated: false,
    qkv_bias: true,
    out_bias: true,
    mlp_bias: true,
    norm_bias: true,
    positions: true,
    tied: true,
    ..LLAMA
};

/// The family of that name, if its layers are known.
pub fn family(name: &str) -> Option<Family> {
    Some(match name {
        "llama" | "mistral" | "mixtral" | "internlm2" | "phi3" | "granite" | "yi" | "baichuan" | "deepseek"
        | "deepseek_v2" | "deepseek2" | "aquila" | "smollm3" | "ministral" => LLAMA,
        "deepseek_v3" | "kimi_k2" => Family { router_bias: true, ..LLAMA },
        "gemma" => Family { tied: true, ..LLAMA },
        "gemma2" => Family { tied: true, norms: 4, ..LLAMA },
        "gemma3_text" | "gemma3" => Family { tied: true, norms: 4, qk_norm: true, ..LLAMA },
        "qwen" => Family { qkv_bias: true, inner_divisor: 2, ..LLAMA },
        "qwen2" | "qwen2_moe" | "qwen2moe" => Family { qkv_bias: true, ..LLAMA },
        "qwen3" | "qwen3_moe" | "qwen3moe" => Family { qk_norm: true, ..LLAMA },
        "gpt2" => GPT2,
        "gpt_neox" | "gptneox" => Family { positions: false, tied: false, ..GPT2 },
        "opt" => Family { position_offset: 2, ..GPT2 },
        "bloom" => Family { positions: false, final_norms: 2, ..GPT2 },
        "phi" | "phi2" => Family { norms: 1, positions: false, tied: false, head_bias: true, ..GPT2 },
        "bert" => Family { headless: true, ..GPT2 },
        _ => return None,
    })
}
