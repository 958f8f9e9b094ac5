//! The memory of training: of all parameters, or of a LoRA adapter.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::MemoryRequest;
use super::sheet::{Quantity, Sheet, product, sum};
use crate::cards::card::{Architecture, Card};

/// Mixed-precision Adam keeps of each trained parameter 2 bytes of weight and 2 of gradient, and in 32 bits
/// the weight itself and two moments.
const TRAINED: u64 = 2 + 2 + 4 + 4 + 4;
const ZERO: &str =
    "Rajbhandari et al., ZeRO (arXiv:1910.02054), section 3.1: 16 bytes a parameter with mixed-precision Adam";
const RECOMPUTED: &str =
    "Korthikanti et al. (arXiv:2205.05198), section 5: with full recomputation, the 16-bit input of each layer";
const LORA: &str = "Hu et al., LoRA (arXiv:2106.09685), section 4: r * (d_in + d_out) parameters a matrix; optimiser as in ZeRO (arXiv:1910.02054)";
/// The rank that is reckoned with where none is asked for.
const RANK: u64 = 16;

/// Training of all parameters with mixed-precision AdamW.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Training {
    /// Weights, gradients, master weights and moments.
    pub state: Quantity,
    /// Activations, with full recomputation.
    pub activations: Quantity,
    #[schema(example = 19800000000_u64)]
    pub total: Option<u64>,
}

/// Training of a LoRA adapter on frozen weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LoraTraining {
    #[schema(example = 16)]
    pub rank: u64,
    /// Parameters of the adapter.
    #[schema(example = 11272192)]
    pub trainable_parameters: Option<u64>,
    /// The adapter's weights, gradients, master weights and moments.
    pub state: Quantity,
    /// State, activations and the frozen weights.
    #[schema(example = 3500000000_u64)]
    pub total: Option<u64>,
}

pub fn full(card: &Card, activations: &Quantity) -> Training {
    let mut sheet = Sheet::default();
    let parameters = sheet.need("parameters", card.weights.parameters.total);
    let bytes = parameters.and_then(|parameters| parameters.checked_mul(TRAINED));
    let state = sheet.finish(bytes, "parameters * (2 + 2 + 4 + 4 + 4)", ZERO);
    let total = sum(&[state.bytes, activations.bytes]);
    Training { state, activations: activations.clone(), total }
}

/// What is kept between the layers when everything inside them is computed again.
pub fn activations(card: &Card, context: Option<u64>, batch: u64) -> Quantity {
    let mut sheet = Sheet::default();
    let factors = [
        sheet.need("context_length", context),
        sheet.need("hidden_size", card.architecture.hidden_size),
        sheet.need("num_hidden_layers", card.architecture.num_hidden_layers),
    ];
    sheet.note("batch", batch);
    let bytes = match factors {
        [Some(context), Some(width), Some(layers)] => product(&[2, context, batch, width, layers]),
        _ => None,
    };
    sheet.finish(bytes, "2 * context_length * batch * hidden_size * num_hidden_layers", RECOMPUTED)
}

pub fn lora(card: &Card, request: &MemoryRequest, weights: &Quantity, activations: &Quantity) -> LoraTraining {
    let rank = request.lora_rank.unwrap_or(RANK);
    let mut sheet = Sheet::default();
    sheet.note("rank", rank);
    let widths = widths(&mut sheet, &card.architecture, &request.lora_targets);
    let layers = sheet.need("num_hidden_layers", card.architecture.num_hidden_layers);
    let trainable = widths.zip(layers).and_then(|(widths, layers)| product(&[layers, rank, widths]));
    let state = trainable.and_then(|trainable| trainable.checked_mul(TRAINED));
    let formula = "num_hidden_layers * rank * sum of (d_in + d_out) over the targets * (2 + 2 + 4 + 4 + 4)";
    let total = sum(&[weights.bytes, state, activations.bytes]);
    LoraTraining { rank, trainable_parameters: trainable, state: sheet.finish(state, formula, LORA), total }
}

/// The projections of a layer by their usual names.
const TARGETS: [&str; 7] = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

/// `d_in + d_out`, over all targets of a layer.
fn widths(sheet: &mut Sheet, architecture: &Architecture, targets: &[String]) -> Option<u64> {
    let default = targets.is_empty() || targets.iter().any(|target| target == "all-linear");
    let targets: Vec<&str> = if default { TARGETS.to_vec() } else { targets.iter().map(String::as_str).collect() };
    sheet.note("targets", targets.clone());
    let widths: Vec<Option<u64>> = targets.iter().map(|target| width(sheet, architecture, target)).collect();
    let total = sum(&widths);
    if let Some(total) = total {
        sheet.note("d_in + d_out", total);
    }
    total
}

/// `d_in + d_out` of one projection; of experts, of all of them.
fn width(sheet: &mut Sheet, architecture: &Architecture, target: &str) -> Option<u64> {
    let hidden = sheet.need("hidden_size", architecture.hidden_size)?;
    let is_attention = matches!(target, "q_proj" | "k_proj" | "v_proj" | "o_proj");
    if is_attention && architecture.mla.is_none() {
        let heads = match target {
            "q_proj" | "o_proj" => sheet.need("num_attention_heads", architecture.num_attention_heads),
            _ => sheet.need("num_key_value_heads", architecture.num_key_value_heads),
        };
        let size = sheet.need("head_dim", architecture.head_dim)?;
        return hidden.checked_add(product(&[heads?, size])?);
    }
    if matches!(target, "gate_proj" | "up_proj" | "down_proj") {
        let experts = architecture.experts.as_ref();
        let inner = experts.and_then(|experts| experts.intermediate_size).or(architecture.intermediate_size);
        let inner = sheet.need("intermediate_size", inner)?;
        let count = experts.and_then(|experts| experts.total).unwrap_or(1);
        return product(&[count, hidden.checked_add(inner)?]);
    }
    sheet.need(target, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cards::memory::memory;

    fn llama() -> Card {
        let mut card = Card::default();
        card.weights.parameters.total = Some(8_030_261_248);
        card.weights.dtype = Some("bfloat16".to_owned());
        let architecture = &mut card.architecture;
        architecture.num_hidden_layers = Some(32);
        architecture.hidden_size = Some(4096);
        architecture.num_attention_heads = Some(32);
        architecture.num_key_value_heads = Some(8);
        architecture.head_dim = Some(128);
        architecture.intermediate_size = Some(14_336);
        architecture.context_length = Some(8192);
        card
    }

    #[test]
    fn full_training_takes_sixteen_bytes_a_parameter() {
        let memory = memory(&llama(), &MemoryRequest::default()).unwrap();
        assert_eq!(memory.weights.bytes, Some(16_060_522_496));
        assert_eq!(memory.full_fine_tuning.state.bytes, Some(128_484_179_968));
        assert_eq!(memory.full_fine_tuning.activations.bytes, Some(2 * 8192 * 4096 * 32));
        assert_eq!(memory.inference, Some(16_060_522_496 + 8192 * 131_072));
    }

    #[test]
    fn lora_trains_what_peft_counts() {
        // PEFT prints 41,943,040 trainable parameters for rank 16 on all linear layers of Llama-3.1-8B,
        // and 6,815,744 for q_proj and v_proj.
        let all = memory(&llama(), &MemoryRequest::default()).unwrap().lora;
        assert_eq!(all.trainable_parameters, Some(41_943_040));
        let request = MemoryRequest {
            lora_targets: vec!["q_proj".to_owned(), "v_proj".to_owned()],
            weights: Some("nf4".to_owned()),
            ..MemoryRequest::default()
        };
        let qlora = memory(&llama(), &request).unwrap();
        assert_eq!(qlora.lora.trainable_parameters, Some(6_815_744));
        assert_eq!(qlora.lora.state.bytes, Some(6_815_744 * 16));
        assert!(qlora.lora.total < all.total);
    }

    #[test]
    fn a_target_that_is_not_known_is_named() {
        let request = MemoryRequest { lora_targets: vec!["conv1".to_owned()], ..MemoryRequest::default() };
        let lora = memory(&llama(), &request).unwrap().lora;
        assert_eq!((lora.trainable_parameters, &lora.state.missing[..]), (None, &["conv1".to_owned()][..]));
    }

    #[test]
    fn a_type_that_is_not_known_is_an_error() {
        let request = MemoryRequest { kv_cache: Some("q9".to_owned()), ..MemoryRequest::default() };
        assert!(memory(&llama(), &request).is_err());
    }
}
