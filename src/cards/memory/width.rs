//! How many bits a number takes in a type or a quantisation.

/// Bits of a number, in ten-thousandths: quantisations have scales beside their bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Width(u64);

/// A name that no type or quantisation has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no type or quantisation that is known, like `bfloat16`, `fp8`, `int4` or `Q4_K_M`")]
pub struct UnknownType(pub String);

/// Ten-thousandths of a bit in a byte.
const BYTE: u64 = 80_000;

/// Bits a weight of Llama-3.1-8B, as the documentation of llama.cpp's `quantize` measures them; for
/// `Q3_K_M`, which is not in it, those of Llama-2-7B from an earlier edition.
const GGUF: [(&str, u64); 23] = [
    ("iq1_s", 20_042),
    ("iq1_m", 21_460),
    ("iq2_xxs", 23_824),
    ("iq2_xs", 25_882),
    ("iq2_s", 27_403),
    ("iq2_m", 29_294),
    ("iq3_xxs", 32_548),
    ("iq3_xs", 34_977),
    ("iq3_s", 36_606),
    ("iq3_m", 37_628),
    ("iq4_xs", 44_597),
    ("iq4_nl", 46_818),
    ("q2_k_s", 29_697),
    ("q2_k", 31_593),
    ("q3_k_s", 36_429),
    ("q3_k_m", 39_100),
    ("q3_k_l", 42_979),
    ("q4_k_s", 46_672),
    ("q4_k_m", 48_944),
    ("q5_k_s", 55_704),
    ("q5_k_m", 57_036),
    ("q6_k", 65_633),
    ("q8_0", 85_000),
];

impl Width {
    pub const HALF: Self = Self(160_000);

    pub fn named(name: &str) -> Result<Self, UnknownType> {
        let folded = name.trim().to_ascii_lowercase();
        let plain = folded.strip_prefix("torch.").unwrap_or(&folded);
        let plain = plain.strip_prefix("ud-").unwrap_or(plain);
        let ten_thousandths = match plain {
            "float64" | "f64" => 640_000,
            "float32" | "f32" | "fp32" => 320_000,
            "bfloat16" | "float16" | "bf16" | "f16" | "fp16" | "half" => 160_000,
            "fp8" | "float8" | "float8_e4m3fn" | "float8_e5m2" | "fp8_e4m3" | "fp8_e5m2" | "int8" | "fbgemm_fp8" => {
                80_000
            }
            // Blocks of llama.cpp: 32 numbers with a scale of 16 bits, and a minimum where it ends in 1.
            "q4_0" => 45_000,
            "q4_1" => 50_000,
            "q5_0" => 55_000,
            "q5_1" => 60_000,
            // OCP Microscaling: 32 numbers share a scale of 8 bits; NVFP4: 16 numbers do.
            "mxfp4" | "mxfp4_moe" => 42_500,
            "nvfp4" | "modelopt_fp4" => 45_000,
            // QLoRA (arXiv:2305.14314): NF4 with double quantisation adds 0.127 bits.
            "nf4" | "bitsandbytes" => 41_270,
            "int4" | "awq" | "gptq" | "mlx" => return Ok(Self::grouped(4, 128)),
            _ => {
                let found = GGUF.iter().find(|(known, _)| *known == plain).map(|(_, width)| *width);
                found.ok_or_else(|| UnknownType(name.chars().take(64).collect()))?
            }
        };
        Ok(Self(ten_thousandths))
    }

    /// So many bits, and for each group of weights a scale of 16 bits and a zero point.
    pub fn grouped(bits: u64, group: u64) -> Self {
        let shared = bits.saturating_add(16).saturating_mul(10_000).checked_div(group).unwrap_or(0);
        Self(bits.saturating_mul(10_000).saturating_add(shared))
    }

    /// Bytes of so many numbers, rounded up.
    pub fn bytes(self, numbers: u64) -> Option<u64> {
        let bytes = (u128::from(numbers) * u128::from(self.0)).div_ceil(u128::from(BYTE));
        u64::try_from(bytes).ok()
    }

    #[expect(clippy::cast_precision_loss, reason = "a few bits, to be shown")]
    pub fn bits(self) -> f64 {
        self.0 as f64 / 10_000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_every_house_are_known() {
        for (name, bits) in [
            ("torch.bfloat16", 16.0),
            ("F32", 32.0),
            ("fp8", 8.0),
            ("Q4_K_M", 4.8944),
            ("UD-Q4_K_M", 4.8944),
            ("MXFP4", 4.25),
            ("awq", 4.1562),
        ] {
            assert_eq!(Width::named(name).unwrap().bits().to_string(), bits.to_string(), "{name}");
        }
        assert!(Width::named("Q7_Z").unwrap_err().to_string().contains("Q7_Z"));
    }

    #[test]
    fn bytes_are_exact_and_rounded_up() {
        assert_eq!(Width::HALF.bytes(3), Some(6));
        assert_eq!(Width::named("q4_0").unwrap().bytes(32), Some(18));
        assert_eq!(Width::named("q4_0").unwrap().bytes(1), Some(1));
        assert_eq!(Width::named("f64").unwrap().bytes(u64::MAX), None);
        assert_eq!(Width::grouped(4, 0), Width(40_000));
    }
}
