//! How the layers of a model family are built, as far as it changes the number of their weights.
//!
//! From the modelling files of transformers; the names are its `model_type` and, where they differ,
//! the `general.architecture` of GGUF.

/// Norms on queries and keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QkNorm {
    None,
    /// One as long as a head, shared by all of them.
    Head,
    /// One as long as all heads together.
    Wide,
}

/// What differs between families.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family {
    /// Three feed-forward matrices instead of two.
    pub gated: bool,
    pub qkv_bias: bool,
    pub out_bias: bool,
    pub mlp_bias: bool,
    pub qk_norm: QkNorm,
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
    /// A bias of each routed expert, by which they are balanced.
    pub router_bias: bool,
    /// Biases in the experts themselves.
    pub expert_bias: bool,
    /// A number for each head that takes up what attention is to go nowhere.
    pub sinks: bool,
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
    qk_norm: QkNorm::None,
    norms: 2,
    final_norms: 1,
    norm_bias: false,
    positions: false,
    position_offset: 0,
    tied: false,
    head_bias: false,
    router_bias: false,
    expert_bias: false,
    sinks: false,
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

/// GPT-J's: attention and feed-forward side by side after one norm.
const GPT_J: Family =
    Family { qkv_bias: false, out_bias: false, norms: 1, positions: false, tied: false, head_bias: true, ..GPT2 };

/// The family of that name, if its layers are known.
pub fn family(name: &str) -> Option<Family> {
    Some(match name {
        "llama" | "mistral" | "mixtral" | "internlm2" | "phi3" | "granite" | "granitemoe" | "yi" | "baichuan"
        | "deepseek" | "deepseek_v2" | "deepseek2" | "aquila" | "smollm3" | "ministral" | "ernie4_5" => LLAMA,
        "deepseek_v3" | "deepseek_v32" | "glm_moe_dsa" | "kimi_k2" => Family { router_bias: true, ..LLAMA },
        "gemma" => Family { tied: true, ..LLAMA },
        "gemma2" => Family { tied: true, norms: 4, ..LLAMA },
        "gemma3_text" | "gemma3" => Family { tied: true, norms: 4, qk_norm: QkNorm::Head, ..LLAMA },
        "qwen" => Family { qkv_bias: true, inner_divisor: 2, ..LLAMA },
        "qwen2" | "qwen2_moe" | "qwen2moe" | "seed_oss" => Family { qkv_bias: true, ..LLAMA },
        "qwen3" | "qwen3_moe" | "qwen3moe" | "exaone4" | "hunyuan_v1_dense" => {
            Family { qk_norm: QkNorm::Head, ..LLAMA }
        }
        "dots1" => Family { qk_norm: QkNorm::Head, router_bias: true, ..LLAMA },
        "glm" => Family { qkv_bias: true, ..LLAMA },
        "glm4" => Family { qkv_bias: true, norms: 4, ..LLAMA },
        "glm4_moe" => Family { router_bias: true, ..LLAMA },
        "minimax_m2" => Family { qk_norm: QkNorm::Wide, router_bias: true, ..LLAMA },
        "gpt_oss" => {
            Family { qkv_bias: true, out_bias: true, router_bias: true, expert_bias: true, sinks: true, ..LLAMA }
        }
        "olmo" => Family { norms: 0, final_norms: 0, ..LLAMA },
        "olmo2" | "olmo3" | "olmoe" => Family { qk_norm: QkNorm::Wide, ..LLAMA },
        "cohere" | "cohere2" => Family { norms: 1, tied: true, ..LLAMA },
        "stablelm" => Family { norm_bias: true, ..LLAMA },
        "phimoe" => Family { norm_bias: true, ..LLAMA },
        "arcee" => Family { gated: false, ..LLAMA },
        "nemotron" => Family { gated: false, norm_bias: true, ..LLAMA },
        "mpt" => Family { gated: false, tied: true, ..LLAMA },
        "falcon" => Family { gated: false, norms: 1, norm_bias: true, tied: true, ..LLAMA },
        "gpt2" | "gpt_bigcode" => GPT2,
        "starcoder2" => Family { positions: false, ..GPT2 },
        "gpt_neo" => Family { qkv_bias: false, ..GPT2 },
        "gptj" | "codegen" => GPT_J,
        "gpt_neox" | "gptneox" => Family { positions: false, tied: false, ..GPT2 },
        "opt" => Family { position_offset: 2, ..GPT2 },
        "bloom" => Family { positions: false, final_norms: 2, ..GPT2 },
        "phi" | "phi2" => Family { norms: 1, positions: false, tied: false, head_bias: true, ..GPT2 },
        _ => return None,
    })
}
