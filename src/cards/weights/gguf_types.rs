//! The types of GGUF: of its values, its tensors and its whole files.
//!
//! From `ggml.h`, `ggml-common.h` and `llama.h` of ggml-org/llama.cpp and `constants.py` of gguf-py.

/// Type of a value, as its number stands in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueType {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    F32,
    Bool,
    String,
    Array,
    U64,
    I64,
    F64,
}

impl ValueType {
    pub fn of(number: u32) -> Option<Self> {
        Some(match number {
            0 => Self::U8,
            1 => Self::I8,
            2 => Self::U16,
            3 => Self::I16,
            4 => Self::U32,
            5 => Self::I32,
            6 => Self::F32,
            7 => Self::Bool,
            8 => Self::String,
            9 => Self::Array,
            10 => Self::U64,
            11 => Self::I64,
            12 => Self::F64,
            _ => return None,
        })
    }

    /// Bytes of a value; `None` where they vary.
    pub fn size(self) -> Option<u64> {
        match self {
            Self::U8 | Self::I8 | Self::Bool => Some(1),
            Self::U16 | Self::I16 => Some(2),
            Self::U32 | Self::I32 | Self::F32 => Some(4),
            Self::U64 | Self::I64 | Self::F64 => Some(8),
            Self::String | Self::Array => None,
        }
    }
}

/// How a tensor type is stored: blocks of so many elements in so many bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TensorType {
    pub name: &'static str,
    pub block: u64,
    pub bytes: u64,
}

impl TensorType {
    /// `None` for the numbers that were removed from ggml and those it does not know.
    pub fn of(number: u32) -> Option<Self> {
        let (name, block, bytes) = match number {
            0 => ("F32", 1, 4),
            1 => ("F16", 1, 2),
            2 => ("Q4_0", 32, 18),
            3 => ("Q4_1", 32, 20),
            6 => ("Q5_0", 32, 22),
            7 => ("Q5_1", 32, 24),
            8 => ("Q8_0", 32, 34),
            9 => ("Q8_1", 32, 36),
            10 => ("Q2_K", 256, 84),
            11 => ("Q3_K", 256, 110),
            12 => ("Q4_K", 256, 144),
            13 => ("Q5_K", 256, 176),
            14 => ("Q6_K", 256, 210),
            15 => ("Q8_K", 256, 292),
            16 => ("IQ2_XXS", 256, 66),
            17 => ("IQ2_XS", 256, 74),
            18 => ("IQ3_XXS", 256, 98),
            19 => ("IQ1_S", 256, 50),
            20 => ("IQ4_NL", 32, 18),
            21 => ("IQ3_S", 256, 110),
            22 => ("IQ2_S", 256, 82),
            23 => ("IQ4_XS", 256, 136),
            24 => ("I8", 1, 1),
            25 => ("I16", 1, 2),
            26 => ("I32", 1, 4),
            27 => ("I64", 1, 8),
            28 => ("F64", 1, 8),
            29 => ("IQ1_M", 256, 56),
            30 => ("BF16", 1, 2),
            34 => ("TQ1_0", 256, 54),
            35 => ("TQ2_0", 256, 66),
            39 => ("MXFP4", 32, 17),
            40 => ("NVFP4", 64, 36),
            41 => ("Q1_0", 128, 18),
            42 => ("Q2_0", 64, 18),
            _ => return None,
        };
        Some(Self { name, block, bytes })
    }

    /// Bytes of a tensor whose rows have `row` elements; `None` if rows are no whole blocks.
    pub fn size(self, row: u64, elements: u64) -> Option<u64> {
        let blocks = elements.checked_div(self.block)?;
        if row.checked_rem(self.block)? != 0 {
            return None;
        }
        blocks.checked_mul(self.bytes)
    }
}

/// What `general.file_type` names: the quantisation of most tensors.
pub fn file_type(number: u64) -> Option<&'static str> {
    /// Added where the type was guessed.
    const GUESSED: u64 = 1024;
    let number = if number >= GUESSED { number - GUESSED } else { number };
    Some(match number {
        0 => "F32",
        1 => "F16",
        2 => "Q4_0",
        3 => "Q4_1",
        7 => "Q8_0",
        8 => "Q5_0",
        9 => "Q5_1",
        10 => "Q2_K",
        11 => "Q3_K_S",
        12 => "Q3_K_M",
        13 => "Q3_K_L",
        14 => "Q4_K_S",
        15 => "Q4_K_M",
        16 => "Q5_K_S",
        17 => "Q5_K_M",
        18 => "Q6_K",
        19 => "IQ2_XXS",
        20 => "IQ2_XS",
        21 => "Q2_K_S",
        22 => "IQ3_XS",
        23 => "IQ3_XXS",
        24 => "IQ1_S",
        25 => "IQ4_NL",
        26 => "IQ3_S",
        27 => "IQ3_M",
        28 => "IQ2_S",
        29 => "IQ2_M",
        30 => "IQ4_XS",
        31 => "IQ1_M",
        32 => "BF16",
        36 => "TQ1_0",
        37 => "TQ2_0",
        38 => "MXFP4_MOE",
        39 => "NVFP4",
        40 => "Q1_0",
        41 => "Q2_0",
        _ => return None,
    })
}

/// Bits of a weight in a quantisation of that name, without its scales.
pub fn bits(quantization: &str) -> Option<u64> {
    let name = quantization.strip_prefix("UD-").unwrap_or(quantization);
    if name.contains("FP4") {
        return Some(4);
    }
    let rest = ["IQ", "TQ", "Q"].iter().find_map(|mark| name.strip_prefix(mark))?;
    rest.chars().next().and_then(|digit| digit.to_digit(10)).map(u64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_those_of_the_name() {
        assert_eq!(bits("Q4_K_M"), Some(4));
        assert_eq!(bits("UD-IQ2_XXS"), Some(2));
        assert_eq!(bits("MXFP4_MOE"), Some(4));
        assert_eq!(bits("BF16"), None);
    }

    #[test]
    fn a_guessed_file_type_is_the_type() {
        assert_eq!(file_type(1024 + 15), Some("Q4_K_M"));
        assert_eq!(file_type(4), None);
        assert_eq!(file_type(u64::MAX), None);
    }

    #[test]
    fn a_row_must_be_whole_blocks() {
        let q4_k = TensorType::of(12).unwrap();
        assert_eq!(q4_k.size(512, 1024), Some(576));
        assert_eq!(q4_k.size(100, 1000), None);
        assert_eq!(TensorType::of(4), None);
        assert_eq!(TensorType::of(0).unwrap().size(0, 0), Some(0));
        assert_eq!(TensorType::of(0).unwrap().size(1, u64::MAX), None);
    }
}
