//! How the names are put together, and what is left of Ollama's limit.

use serde::Serialize;
use utoipa::ToSchema;

/// Most characters of the name of a model in Ollama (`types/model/name.go` of ollama/ollama at fb30760, 2026-08-21).
pub const MAX_OLLAMA_NAME: usize = 80;
/// So many characters are enough to name a training by.
pub const ENOUGH: u32 = 12;
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
pub fn train_name_characters(technical_name: &str) -> u32 {
    let overhead = QuantMode::ALL.into_iter().map(QuantMode::overhead).max().unwrap_or(MAX_OLLAMA_NAME);
    let left = MAX_OLLAMA_NAME.saturating_sub(overhead + technical_name.chars().count());
    u32::try_from(left).unwrap_or(u32::MAX)
}

/// What should be known of a technical name that leaves little room.
pub fn notice(technical_name: &str) -> Option<String> {
    let characters = train_name_characters(technical_name);
    (characters < ENOUGH).then(|| {
        format!(
            "the technical name leaves {characters} characters for the name of a training; {ENOUGH} are recommended"
        )
    })
}

/// The names that come of a technical name and the name of a training.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TrainedNames {
    /// The name after training: `{technical_name}_{train_name}_{YYYYMMDD}_{4 of an id}`.
    pub customized: DerivedName,
    /// The name once it is saved: `_s_{4 of an id}` more.
    pub saved: DerivedName,
    /// The names once it is deployed, one for each way of quantising it: `_d_{4 of an id}_{quantization}` more.
    #[schema(max_items = 4)]
    pub deployed: Vec<DeployedName>,
}

/// A name that is made of others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DerivedName {
    /// `YYYYMMDD` stands for the day and each `XXXX` for the first four characters of an id.
    #[schema(max_length = 512, example = "qw2.5-7-i_support_YYYYMMDD_XXXX")]
    pub name: String,
    #[schema(minimum = 0, maximum = 512, example = 31)]
    pub length: u32,
    /// Whether Ollama takes it as the name of a model.
    pub fits: bool,
    /// Characters left of Ollama's 80; negative where there are too many.
    #[schema(minimum = -512, maximum = 80, example = 49)]
    pub characters_left: i32,
}

/// The name of a deployed model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeployedName {
    pub quantization: QuantMode,
    pub name: DerivedName,
}

impl TrainedNames {
    pub fn of(technical_name: &str, train_name: &str) -> Self {
        let customized = format!("{technical_name}_{train_name}_YYYYMMDD_XXXX");
        let saved = format!("{customized}_s_XXXX");
        let deployed = |quantization: QuantMode| {
            let name = DerivedName::new(format!("{saved}_d_XXXX_{}", quantization.as_str()));
            DeployedName { quantization, name }
        };
        let deployed = QuantMode::ALL.into_iter().map(deployed).collect();
        Self { customized: DerivedName::new(customized), saved: DerivedName::new(saved), deployed }
    }

    /// Whether every one of them fits.
    pub fn fit(&self) -> bool {
        let deployed = self.deployed.iter().map(|deployed| &deployed.name);
        [&self.customized, &self.saved].into_iter().chain(deployed).all(|name| name.fits)
    }
}

impl DerivedName {
    fn new(name: String) -> Self {
        let length = name.chars().count();
        let fits = length <= MAX_OLLAMA_NAME && name.chars().all(is_taken);
        let left =
            i32::try_from(MAX_OLLAMA_NAME).unwrap_or(0).saturating_sub(i32::try_from(length).unwrap_or(i32::MAX));
        Self { length: u32::try_from(length).unwrap_or(u32::MAX), fits, characters_left: left, name }
    }
}

/// Whether Ollama takes the character within the name of a model.
pub fn is_taken(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_overhead_is_that_of_the_names_as_they_are_built() {
        for (mode, overhead) in [(QuantMode::None, 45), (QuantMode::Q8_0, 34), (QuantMode::Q4KM, 36)] {
            assert_eq!(mode.overhead(), overhead, "{mode:?}");
        }
        for mode in QuantMode::ALL {
            let name = format!("t_r_20261124_ab12_s_cd34_d_ef56_{}", mode.as_str());
            assert_eq!(mode.overhead() + 2, name.len(), "{mode:?}");
        }
        assert_eq!(train_name_characters("qw2.5-7-i"), 26);
        assert_eq!(train_name_characters(&"a".repeat(23)), ENOUGH);
        assert_eq!(train_name_characters(&"a".repeat(40)), 0);
    }

    #[test]
    fn names_fit_up_to_the_character_and_no_further() {
        for length in [25_i32, 26, 27] {
            let names = TrainedNames::of("qw2.5-7-i", &"r".repeat(usize::try_from(length).unwrap()));
            assert_eq!(names.fit(), length <= 26, "{length}");
            assert_eq!(names.deployed[0].name.characters_left, 26 - length);
        }
        let names = TrainedNames::of("qw2.5-7-i", "my run");
        assert!(!names.customized.fits && names.customized.characters_left > 0);
        assert_eq!(names.saved.name, "qw2.5-7-i_my run_YYYYMMDD_XXXX_s_XXXX");
        assert_eq!(names.deployed[2].name.name, "qw2.5-7-i_my run_YYYYMMDD_XXXX_s_XXXX_d_XXXX_q4_K_M");
    }
}
