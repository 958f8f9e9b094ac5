use actix_web::get;
use actix_web::web::{Data, Json};
use utoipa::IntoParams;

use super::find;
use crate::app::{ReadProblems, Service, Unavailable};
use crate::base_models::reference::Asked;
use crate::cards::{Card, Memory, MemoryRequest, memory};
use crate::error::{ApiError, ApiResult, Fault};
use crate::extract::{Parameters, Query, ValidQuery};

/// What to reckon with.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MemoryQuery {
    /// Tokens of a sequence; the model's own context length if it is absent.
    #[param(minimum = 1, maximum = 1_000_000_000, example = 8192)]
    context_length: Option<u64>,
    /// Sequences at a time.
    #[param(minimum = 1, maximum = 1_000_000, default = 1)]
    batch: Option<u64>,
    /// Type or quantisation of the weights, such as `bfloat16`, `fp8`, `int4` or `Q4_K_M`; as stored if it is absent.
    #[param(max_length = 64)]
    weights: Option<String>,
    /// Type of the key/value cache, such as `bfloat16`, `fp8` or `q8_0`; 16 bits if it is absent.
    #[param(max_length = 64)]
    kv_cache: Option<String>,
    /// Rank of a LoRA adapter.
    #[param(minimum = 1, maximum = 65_536, default = 16)]
    lora_rank: Option<u64>,
    /// Projection that a LoRA adapter changes, such as `q_proj`; repeat it for more, leave it out for all.
    #[param(required = false, max_items = 32)]
    lora_target: Vec<String>,
}

impl Query for MemoryQuery {
    fn read(parameters: &mut Parameters) -> Self {
        Self {
            context_length: parameters.number("context_length", 1..=1_000_000_000),
            batch: parameters.number("batch", 1..=1_000_000),
            weights: parameters.one("weights"),
            kv_cache: parameters.one("kv_cache"),
            lora_rank: parameters.number("lora_rank", 1..=65_536),
            lora_target: parameters.many("lora_target", 32),
        }
    }
}

/// Reckon the memory
///
/// Bytes for serving and for training the model, from its card: weights, key/value cache, full fine-tuning, LoRA. Each
/// number comes with its formula, what went into it and where the formula is from.
#[utoipa::path(
    tag = "memory",
    params(Asked, MemoryQuery),
    responses((status = OK, body = Memory, description = "The memory in bytes"), ReadProblems, Unavailable)
)]
#[get("/base-models/{base_model}/memory")]
pub async fn get_memory(
    service: Data<Service>,
    asked: Asked,
    ValidQuery(query): ValidQuery<MemoryQuery>,
) -> ApiResult<Json<Memory>> {
    let card: Card = find(&service, &asked).await?.card.parse().map_err(|error| ApiError::Internal(error.into()))?;
    let MemoryQuery { context_length, batch, weights, kv_cache, lora_rank, lora_target } = query;
    let request = MemoryRequest { context_length, batch, weights, kv_cache, lora_rank, lora_targets: lora_target };
    memory(&card, &request).map(Json).map_err(|unknown| {
        let parameter = if request.weights.as_ref() == Some(&unknown.0) { "weights" } else { "kv_cache" };
        ApiError::InvalidParameter(vec![Fault::parameter(parameter, "enum", unknown.to_string())])
    })
}
