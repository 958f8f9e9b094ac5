//! How the names are put together, and what is left of Ollama's limit.

use serde::Serialize;
use utoipa::ToSchema;

/// Most characters of the name of a model in Ollama (`types/model/name.go` of ollama/ollama at fb30760, 2026-08-21).
pub const MAX_OLLAMA_NAME: usize = 80;
/// So many characters are enough to name a training by.
pub const ENOUGH: usize = 12;
/// A day, as `YYYYMMDD`.
const DATE: usize = 8;
/// The first characters of an id.
const HEX: usize = 4;

/// How a deployed model is quantised; the word ends its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub enum QuantMode {
    #[serde(rename = "no_quantization")]
    None,
    #[serde(rename = "q8_0")]
    Q8_0,
    #[serde(rename = "q4_K_M")]
    Q4KM,
    #[serde(rename = "q4_K_S")]
    Q4KS,
}

impl QuantMode {
    pub const ALL: [Self; 4] = [Self::None, Self::Q8_0, Self::Q4KM, Self::Q4KS];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "no_quantization",
            Self::Q8_0 => "q8_0",
            Self::Q4KM => "q4_K_M",
            Self::Q4KS => "q4_K_S",
        }
    }

    /// Characters of a deployed model's name besides the two names it is made of.
    pub fn overhead(self) -> usize {
        let trained = 1 + 1 + DATE + 1 + HEX;
        let saved = "_s_".len() + HEX;
        let deployed = "_d_".len() + HEX + 1 + self.as_str().len();
        trained + saved + deployed
    }
}

/// Characters that the name of a training can have so that the deployed model's name fits, however it is quantised.
pub fn train_name_characters(technical_name: &str) -> usize {
    let overhead = QuantMode::ALL.into_iter().map(QuantMode::overhead).max().unwrap_or(MAX_OLLAMA_NAME);
    MAX_OLLAMA_NAME.saturating_sub(overhead + technical_name.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_overhead_is_that_of_the_names_as_they_are_built() {
        for (mode, overhead) in [(QuantMode::None, 45), (QuantMode::Q8_0, 34), (QuantMode::Q4KM, 36)] {
            assert_eq!(mode.overhead(), overhead, "{mode:?}");
        }
        assert_eq!(train_name_characters("qw2.5-7-i"), 26);
        assert_eq!(train_name_characters(&"a".repeat(23)), ENOUGH);
        assert_eq!(train_name_characters(&"a".repeat(40)), 0);
    }
}
