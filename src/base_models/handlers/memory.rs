use actix_web::get;
use actix_web::web::{Data, Json};
use utoipa::{IntoParams, ToSchema};

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
    #[param(
        max_length = 64,
        pattern = "^(float(64|32|16)|bfloat16|f(64|32|16)|fp(32|16)|bf16|fp8(_e4m3|_e5m2)?|int[48]|awq|gptq|mxfp4|nvfp4|nf4|[Qq](4_[01]|5_[01]|8_0|2_[Kk](_[Ss])?|3_[Kk]_[SMLsml]|[45]_[Kk]_[SMsm]|6_[Kk])|[Ii][Qq](1_[SMsm]|[23]_(XX?S|xx?s|[SMsm])|4_(XS|xs|NL|nl)))$",
        example = "int4"
    )]
    weights: Option<String>,
    /// Type of the key/value cache, such as `bfloat16`, `fp8` or `q8_0`; 16 bits if it is absent.
    #[param(
        max_length = 64,
        pattern = "^(float(64|32|16)|bfloat16|f(64|32|16)|fp(32|16)|bf16|fp8(_e4m3|_e5m2)?|int[48]|awq|gptq|mxfp4|nvfp4|nf4|[Qq](4_[01]|5_[01]|8_0|2_[Kk](_[Ss])?|3_[Kk]_[SMLsml]|[45]_[Kk]_[SMsm]|6_[Kk])|[Ii][Qq](1_[SMsm]|[23]_(XX?S|xx?s|[SMsm])|4_(XS|xs|NL|nl)))$",
        example = "q8_0"
    )]
    kv_cache: Option<String>,
    /// Rank of a LoRA adapter.
    #[param(minimum = 1, maximum = 65_536, default = 16)]
    lora_rank: Option<u64>,
    /// Projection that a LoRA adapter changes, such as `q_proj`; repeat it for more, leave it out for all.
    #[param(required = false, max_items = 32, inline, value_type = Vec<LoraTarget>)]
    lora_target: Vec<String>,
}

/// A projection, by the end of its name.
#[derive(ToSchema)]
#[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_.]+$", example = "q_proj")]
#[expect(dead_code, reason = "it describes the items in the OpenAPI document")]
pub struct LoraTarget(String);

/// Most characters of the name of a projection.
const MAX_TARGET: usize = 64;

fn is_projection(name: &str) -> bool {
    (1..=MAX_TARGET).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.".contains(&byte))
}

fn targets(parameters: &mut Parameters) -> Vec<String> {
    let targets = parameters.many("lora_target", 32);
    if targets.iter().any(|name| !is_projection(name)) {
        parameters.fault("lora_target", "pattern", "must be 1 to 64 letters, digits, `_` and `.`, like `q_proj`");
    }
    targets
}

impl Query for MemoryQuery {
    fn read(parameters: &mut Parameters) -> Self {
        Self {
            context_length: parameters.number("context_length", 1..=1_000_000_000),
            batch: parameters.number("batch", 1..=1_000_000),
            weights: parameters.one("weights"),
            kv_cache: parameters.one("kv_cache"),
            lora_rank: parameters.number("lora_rank", 1..=65_536),
            lora_target: targets(parameters),
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
