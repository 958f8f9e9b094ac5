//! How many weights a stored element stands for.
//!
//! Quantised files pack several weights into one integer and keep scales beside them; the count of
//! elements is then not the count of parameters. The rules follow how each method lays its tensors
//! out: AutoGPTQ and AutoAWQ pack along one dimension of an `int32`, bitsandbytes and MXFP4 two
//! weights to a byte, compressed-tensors and MLX `32 / bits` weights to an `int32`.

use super::tensors::Tensor;

/// How the weights of a folder are packed, as its configuration declares it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Packing {
    pub method: Method,
    pub bits: Option<u64>,
    pub group_size: Option<u64>,
    /// Whether routed experts hold two 4-bit weights to a byte where all else is FP8.
    pub fp4_experts: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Method {
    /// One element, one weight.
    #[default]
    Plain,
    /// `qweight` of int32 beside `qzeros` and `scales`.
    Gptq,
    /// `weight_packed` beside `weight_scale`.
    CompressedTensors,
    /// `_blocks` and `_scales`.
    Mxfp4,
    /// `weight` of bytes beside `absmax` and `quant_map`.
    Bitsandbytes,
    /// `weight` of bytes, two weights each: NVFP4 of ModelOpt, MXFP4 of Quark.
    HalfByte,
    /// `weight` of uint32 beside `scales` and `biases`.
    Mlx,
    /// `W_q` beside `scale`, `zero` and what else HQQ notes of a layer.
    Hqq,
    /// `_data` beside `_scale` and `_shift`.
    Quanto,
    /// `weight` of bytes, four ternary weights each.
    Bitnet,
    /// Codebooks, trellises and the like: the elements do not tell the number of weights.
    Opaque,
}

/// Last parts of the names of tensors that only help to unpack others.
const HELPERS: [&str; 16] = [
    "weight_scale",
    "weight_scale_inv",
    "weight_scale_2",
    "weight_global_scale",
    "weight_zero_point",
    "weight_shape",
    "weight_g_idx",
    "weight_scales",
    "input_scale",
    "output_scale",
    "input_global_scale",
    "input_zero_point",
    "zero_point",
    "k_scale",
    "v_scale",
    "SCB",
];

/// Methods whose tensors do not tell how many weights they stand for.
const OPAQUE: [&str; 9] = ["aqlm", "vptq", "spqr", "higgs", "exl2", "exl3", "torchao", "fp_quant", "qqq"];

impl Method {
    /// The method of that name in a quantisation configuration.
    pub fn named(name: &str, bits: Option<u64>) -> Self {
        let name = name.to_ascii_lowercase();
        let has = |part: &str| name.contains(part);
        match () {
            () if OPAQUE.iter().any(|method| has(method)) => Self::Opaque,
            () if has("mxfp4") => Self::Mxfp4,
            () if has("gptq") || has("awq") || has("auto-round") || has("autoround") => Self::Gptq,
            () if has("compressed") => Self::CompressedTensors,
            () if has("bitsandbytes") || has("bnb") => Self::Bitsandbytes,
            () if has("mlx") => Self::Mlx,
            () if has("hqq") => Self::Hqq,
            () if has("quanto") => Self::Quanto,
            () if has("bitnet") => Self::Bitnet,
            () if has("modelopt") || has("nvfp4") || has("quark") => Self::HalfByte,
            () if has("fp4") || (bits == Some(4) && has("fp8")) => Self::HalfByte,
            () => Self::Plain,
        }
    }
}

impl Packing {
    /// The weights that a stored tensor stands for; none for a scale or another helper.
    pub fn weights(&self, tensor: &Tensor<'_>) -> u64 {
        let last = tensor.name.rsplit('.').next().unwrap_or(tensor.name);
        if HELPERS.contains(&last) || tensor.dtype == "F8_E8M0" || self.is_helper(tensor, last) {
            return 0;
        }
        match (self.method, tensor.dtype) {
            (Method::Gptq, "I32") if last == "qweight" => self.unpacked(tensor.elements),
            (Method::CompressedTensors, "I32") if last == "weight_packed" => self.unpacked(tensor.elements),
            (Method::CompressedTensors, "U8" | "I8") if last == "weight_packed" => tensor.elements.saturating_mul(2),
            (Method::Mxfp4, "U8") if last.ends_with("_blocks") => tensor.elements.saturating_mul(2),
            (Method::Bitsandbytes | Method::HalfByte, "U8") if last == "weight" => tensor.elements.saturating_mul(2),
            (Method::Mlx, "U32") => self.group_size.map_or_else(|| self.unpacked(tensor.elements), |_| 0),
            (Method::Mlx, _) if last == "scales" => tensor.elements.saturating_mul(self.group_size.unwrap_or(0)),
            (Method::Hqq, _) => {
                if last == "W_q" {
                    self.in_hqq(tensor)
                } else {
                    own(tensor, last)
                }
            }
            (Method::Quanto, "U8") if last == "_data" => tensor.elements.saturating_mul(self.to_a_byte()),
            (Method::Bitnet, "U8") if last == "weight" => tensor.elements.saturating_mul(4),
            (_, "U8" | "I8") if self.fp4_experts && tensor.name.contains(".experts.") => {
                tensor.elements.saturating_mul(2)
            }
            _ => tensor.elements,
        }
    }

    fn is_helper(&self, tensor: &Tensor<'_>, last: &str) -> bool {
        match self.method {
            Method::Gptq => matches!(last, "qzeros" | "g_idx" | "scales"),
            Method::Mxfp4 => last.ends_with("_scales"),
            Method::Mlx => last == "biases",
            Method::Bitsandbytes => {
                matches!(last, "absmax" | "quant_map" | "nested_absmax" | "nested_quant_map" | "weight_format")
                    || tensor.name.contains("bitsandbytes__")
            }
            Method::HalfByte => last == "scale" && self.fp4_experts,
            Method::Quanto => matches!(last, "_scale" | "_shift"),
            Method::Hqq | Method::Bitnet | Method::Opaque => false,
            Method::Plain | Method::CompressedTensors => self.fp4_experts && last == "scale",
        }
    }

    /// HQQ packs as many weights as fit into a byte, and ten of 3 bits into an integer.
    fn in_hqq(&self, tensor: &Tensor<'_>) -> u64 {
        let each = if tensor.dtype == "I32" { 10 } else { self.to_a_byte() };
        tensor.elements.saturating_mul(each)
    }

    /// How many weights share a byte; one where the configuration does not say.
    fn to_a_byte(&self) -> u64 {
        self.bits.and_then(|bits| 8_u64.checked_div(bits)).filter(|each| *each > 0).unwrap_or(1)
    }

    /// Elements of 32 bits as weights of `bits`; 4 bits where the configuration does not say.
    fn unpacked(&self, elements: u64) -> u64 {
        let bits = self.bits.filter(|bits| (1..=32).contains(bits)).unwrap_or(4);
        u64::try_from(u128::from(elements) * 32 / u128::from(bits)).unwrap_or(u64::MAX)
    }
}

/// Beside HQQ's packed layers, plain ones; what it notes of a packed one is no weight.
fn own(tensor: &Tensor<'_>, last: &str) -> u64 {
    if matches!(last, "weight" | "bias") { tensor.elements } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(packing: &Packing, name: &str, dtype: &str, elements: u64) -> u64 {
        packing.weights(&Tensor { name, dtype, elements, bytes: 0 })
    }

    fn packing(method: Method, bits: u64) -> Packing {
        Packing { method, bits: Some(bits), ..Packing::default() }
    }

    #[test]
    fn gptq_and_awq_unpack_the_integers_and_leave_the_scales_out() {
        let four = packing(Method::named("awq", None), 4);
        assert_eq!(weights(&four, "l.q_proj.qweight", "I32", 100), 800);
        assert_eq!(weights(&packing(Method::named("gptq", None), 3), "l.q_proj.qweight", "I32", 96), 1024);
        for helper in ["l.q_proj.qzeros", "l.q_proj.scales", "l.q_proj.g_idx"] {
            assert_eq!(weights(&four, helper, "I32", 100), 0, "{helper}");
        }
        assert_eq!(weights(&four, "lm_head.weight", "F16", 7), 7);
    }

    #[test]
    fn two_weights_to_a_byte_count_twice() {
        let mxfp4 = packing(Method::named("mxfp4", None), 4);
        assert_eq!(weights(&mxfp4, "mlp.experts.gate_up_proj_blocks", "U8", 10), 20);
        assert_eq!(weights(&mxfp4, "mlp.experts.gate_up_proj_scales", "U8", 10), 0);
        let nvfp4 = packing(Method::named("modelopt_fp4", None), 4);
        assert_eq!(weights(&nvfp4, "l.up_proj.weight", "U8", 10), 20);
        assert_eq!(weights(&nvfp4, "l.up_proj.weight_scale", "F8_E4M3", 10), 0);
        let bnb = packing(Method::named("bitsandbytes", None), 4);
        assert_eq!(weights(&bnb, "l.up_proj.weight", "U8", 10), 20);
        assert_eq!(weights(&bnb, "l.up_proj.weight.quant_state.bitsandbytes__nf4", "U8", 10), 0);
    }

    #[test]
    fn mlx_weights_are_counted_by_their_groups_whatever_bits_each_layer_has() {
        let mlx = Packing { group_size: Some(64), ..packing(Method::Mlx, 4) };
        assert_eq!(weights(&mlx, "l.q_proj.weight", "U32", 512), 0);
        assert_eq!(weights(&mlx, "l.q_proj.scales", "F16", 64), 4096);
        assert_eq!(weights(&mlx, "l.q_proj.biases", "F16", 64), 0);
        assert_eq!(weights(&packing(Method::Mlx, 4), "l.q_proj.weight", "U32", 512), 4096);
    }

    #[test]
    fn bytes_hold_as_many_weights_as_the_bits_allow() {
        let hqq = packing(Method::named("hqq", None), 4);
        assert_eq!(weights(&hqq, "l.q_proj.W_q", "U8", 10), 20);
        assert_eq!(weights(&packing(Method::Hqq, 3), "l.q_proj.W_q", "I32", 10), 100);
        for helper in ["l.q_proj.scale", "l.q_proj.zero", "l.q_proj.shape"] {
            assert_eq!(weights(&hqq, helper, "F16", 10), 0, "{helper}");
        }
        assert_eq!(weights(&hqq, "l.norm.weight", "F16", 10), 10);
        let quanto = packing(Method::named("quanto", None), 8);
        assert_eq!(weights(&quanto, "l.q_proj.weight._data", "I8", 10), 10);
        assert_eq!(weights(&packing(Method::Quanto, 4), "l.q_proj.weight._data", "U8", 10), 20);
        assert_eq!(weights(&quanto, "l.q_proj.weight._scale", "F16", 10), 0);
        assert_eq!(weights(&quanto, "l.q_proj.output_scale", "F16", 1), 0);
        assert_eq!(weights(&packing(Method::named("bitnet", None), 2), "l.q_proj.weight", "U8", 10), 40);
    }

    #[test]
    fn fp8_counts_as_it_is_stored() {
        let fp8 = packing(Method::named("fp8", Some(8)), 8);
        assert_eq!(weights(&fp8, "l.q_proj.weight", "F8_E4M3", 10), 10);
        assert_eq!(weights(&fp8, "l.q_proj.weight_scale_inv", "F32", 10), 0);
        let experts = Packing { fp4_experts: true, ..fp8 };
        assert_eq!(weights(&experts, "l.ffn.experts.3.w1.weight", "I8", 10), 20);
    }

    #[test]
    fn numbers_of_no_sense_do_not_break_the_count() {
        assert_eq!(weights(&packing(Method::Gptq, 0), "qweight", "I32", 1), 8);
        assert_eq!(weights(&packing(Method::Gptq, 1), "qweight", "I32", u64::MAX), u64::MAX);
    }
}
