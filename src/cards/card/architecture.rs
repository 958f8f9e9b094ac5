//! What the network of a model looks like.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What the network looks like. Of a multimodal model, these are the facts of its text backbone;
/// of an encoder-decoder, those of the encoder.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Architecture {
    pub kind: Option<ArchitectureKind>,
    #[schema(example = 2048)]
    pub hidden_size: Option<u64>,
    #[schema(example = 16)]
    pub num_hidden_layers: Option<u64>,
    #[schema(example = 32)]
    pub num_attention_heads: Option<u64>,
    #[schema(example = 8)]
    pub num_key_value_heads: Option<u64>,
    /// Size of a query/key head; with multi-head latent attention, its two parts together.
    #[schema(example = 64)]
    pub head_dim: Option<u64>,
    #[schema(example = 8192)]
    pub intermediate_size: Option<u64>,
    #[schema(example = 128256)]
    pub vocab_size: Option<u64>,
    /// Context length as declared, before any RoPE scaling, in tokens.
    #[schema(example = 131072)]
    pub context_length: Option<u64>,
    /// Context length that RoPE scaling extends to, in tokens, where it is longer than the declared one.
    #[schema(example = 262144)]
    pub context_length_extended: Option<u64>,
    /// Attention window of the sliding layers, in tokens.
    #[schema(example = 4096)]
    pub sliding_window: Option<u64>,
    #[schema(example = 500000.0)]
    pub rope_theta: Option<f64>,
    pub rope_scaling: Option<RopeScaling>,
    pub tie_word_embeddings: Option<bool>,
    pub attention: Option<Attention>,
    /// Set for a mixture of experts.
    pub experts: Option<Experts>,
    /// Set for multi-head latent attention.
    pub mla: Option<Mla>,
    /// How many layers attend fully, within a window, or keep a state instead; set where they differ.
    pub layers: Option<Layers>,
    /// Sizes of the state-space or linear-attention layers; set where there are any.
    pub state_space: Option<StateSpace>,
    /// The decoder of an encoder-decoder.
    pub decoder: Option<Tower>,
    pub vision: Option<Tower>,
    pub audio: Option<Tower>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ArchitectureKind {
    Decoder,
    Encoder,
    EncoderDecoder,
    Diffusion,
    Adapter,
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Attention {
    /// Multi-head: a key/value head for each query head.
    Mha,
    /// Multi-query: one key/value head.
    Mqa,
    /// Grouped-query: fewer key/value heads than query heads.
    Gqa,
    /// Multi-head latent attention.
    Mla,
    /// No attention at all: state-space models.
    None,
    /// Attention in some layers, a state in the others.
    Hybrid,
}

/// How rotary positions are stretched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RopeScaling {
    /// `linear`, `dynamic`, `yarn`, `longrope`, `llama3`, ...
    #[serde(rename = "type")]
    #[schema(example = "llama3")]
    pub kind: String,
    #[schema(example = 32.0)]
    pub factor: Option<f64>,
    #[schema(example = 8192)]
    pub original_max_position_embeddings: Option<u64>,
}

/// The experts of a mixture.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Experts {
    #[schema(example = 128)]
    pub total: Option<u64>,
    /// Experts a token is routed to.
    #[schema(example = 8)]
    pub active: Option<u64>,
    /// Experts that every token passes.
    #[schema(example = 1)]
    pub shared: Option<u64>,
    #[schema(example = 768)]
    pub intermediate_size: Option<u64>,
}

/// Multi-head latent attention: what is cached is `kv_lora_rank + qk_rope_head_dim` a token and layer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Mla {
    #[schema(example = 1536)]
    pub q_lora_rank: Option<u64>,
    #[schema(example = 512)]
    pub kv_lora_rank: Option<u64>,
    #[schema(example = 128)]
    pub qk_nope_head_dim: Option<u64>,
    #[schema(example = 64)]
    pub qk_rope_head_dim: Option<u64>,
    #[schema(example = 128)]
    pub v_head_dim: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Layers {
    /// Layers whose attention sees the whole context.
    #[schema(example = 16)]
    pub full_attention: u64,
    /// Layers whose attention sees a window or a chunk.
    #[schema(example = 0)]
    pub sliding_attention: u64,
    /// Layers that keep a state of constant size: state-space, linear attention, convolution.
    #[schema(example = 0)]
    pub recurrent: u64,
    /// Layers that keep nothing between tokens: plain feed-forward, or attention over the keys and values of an earlier layer.
    #[schema(example = 0)]
    pub other: u64,
    /// Keys and values that a token leaves in a layer of full attention, where they are not 2 x `num_key_value_heads` x `head_dim`.
    #[schema(example = 4096)]
    pub full_attention_width: Option<u64>,
    /// The same of a layer with a window.
    #[schema(example = 8192)]
    pub sliding_attention_width: Option<u64>,
}

/// Sizes that decide how large the state of one recurrent layer is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct StateSpace {
    #[schema(example = 128)]
    pub state_size: Option<u64>,
    #[schema(example = 4)]
    pub conv_kernel: Option<u64>,
    #[schema(example = 5120)]
    pub inner_size: Option<u64>,
    #[schema(example = 1)]
    pub groups: Option<u64>,
    #[schema(example = 80)]
    pub heads: Option<u64>,
    #[schema(example = 64)]
    pub head_dim: Option<u64>,
}

/// A part beside the backbone: a vision or audio tower, or the decoder of an encoder-decoder.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Tower {
    #[schema(example = "siglip_vision_model")]
    pub family: Option<String>,
    #[schema(example = 1152)]
    pub hidden_size: Option<u64>,
    #[schema(example = 27)]
    pub num_hidden_layers: Option<u64>,
    #[schema(example = 16)]
    pub num_attention_heads: Option<u64>,
    #[schema(example = 4304)]
    pub intermediate_size: Option<u64>,
    /// Side of the square image, in pixels.
    #[schema(example = 384)]
    pub image_size: Option<u64>,
    /// Side of a patch, in pixels.
    #[schema(example = 14)]
    pub patch_size: Option<u64>,
}
