//! How much memory a model takes: to serve it, and to train it.
//!
//! A pure function of the card and of what is asked. Each number comes with the formula, what went
//! into it and where the formula is from, so that nobody has to believe it. What a runtime takes on
//! top (its own code, workspace, fragmentation) differs from one to the next and is not in it.

mod kv_cache;
mod sheet;
mod training;
mod weights;
mod width;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::card::Card;
pub use kv_cache::KvCache;
pub use sheet::Quantity;
pub use training::{LoraTraining, Training};
pub use width::UnknownType;
use width::Width;

/// What the memory is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MemoryRequest {
    /// Tokens of a sequence; the model's own context length where it is not given.
    pub context_length: Option<u64>,
    /// Sequences at a time; one where it is not given.
    pub batch: Option<u64>,
    /// Type or quantisation of the weights (`bfloat16`, `fp8`, `int4`, `Q4_K_M`, ...); as they are stored where it is not given.
    pub weights: Option<String>,
    /// Type of the key/value cache (`bfloat16`, `fp8`, `q8_0`, ...); 16 bits where it is not given.
    pub kv_cache: Option<String>,
    /// Rank of the LoRA adapter; 16 where it is not given.
    pub lora_rank: Option<u64>,
    /// Projections that the LoRA adapter changes (`q_proj`, `gate_proj`, ...); all of attention and feed-forward where it is empty.
    pub lora_targets: Vec<String>,
}

/// Memory in bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Memory {
    /// Tokens of a sequence that were reckoned with.
    #[schema(example = 8192)]
    pub context_length: Option<u64>,
    #[schema(example = 1)]
    pub batch: u64,
    pub weights: Quantity,
    pub kv_cache: KvCache,
    /// Weights and key/value cache together: what serving takes at least.
    #[schema(example = 2740000000_u64)]
    pub inference: Option<u64>,
    /// Training of all parameters.
    pub full_fine_tuning: Training,
    pub lora: LoraTraining,
}

/// Reckons the memory. The error names a type that is not known.
pub fn memory(card: &Card, request: &MemoryRequest) -> Result<Memory, UnknownType> {
    let width = |name: &Option<String>| name.as_deref().map(Width::named).transpose();
    let context = request.context_length.or(card.architecture.context_length);
    let batch = request.batch.unwrap_or(1);
    let weights = weights::quantity(card, width(&request.weights)?);
    let kv_cache = kv_cache::kv_cache(card, context, batch, width(&request.kv_cache)?.unwrap_or(Width::HALF));
    let inference = sheet::sum(&[weights.bytes, kv_cache.total.bytes]);
    let activations = training::activations(card, context, batch);
    Ok(Memory {
        context_length: context,
        batch,
        full_fine_tuning: training::full(card, &activations),
        lora: training::lora(card, request, &weights, &activations),
        weights,
        kv_cache,
        inference,
    })
}
