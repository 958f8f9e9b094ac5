//! The fields that base models can be asked by: one table, from which parameters, the filter language, orders, facets,
//! selections, their documentation and the texts of refusals are made.

use chrono::{DateTime, Datelike as _, NaiveDate, SubsecRound as _, Utc};

use crate::base_models::facts::MAX_TEXT;
use crate::base_models::names::fold;
use crate::cards::{Capability, CardStatus, WeightsFormat};

/// Up to here every whole number is the same in every language's JSON.
pub const MAX_COUNT: i64 = (1 << 53) - 1;

/// Something that a base model can be asked by.
#[derive(Debug, PartialEq)]
pub struct Field {
    /// Its name in parameters and filters.
    pub name: &'static str,
    pub kind: Kind,
    /// The column, or the expression, that is compared and ordered by.
    pub column: &'static str,
    /// Whether a record may be without it.
    pub is_optional: bool,
    /// Where it stands in the record.
    pub place: &'static str,
    /// What it is, as a sentence of the documentation.
    pub about: &'static str,
}

/// What the values of a field are, and how they are compared.
#[derive(Debug, PartialEq)]
pub enum Kind {
    Text,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Several texts, each of which can be asked for; `shown` has them as they are spelled, item by item.
    Texts {
        shown: &'static str,
    },
    /// Several of these words.
    Choices(&'static [&'static str]),
    /// A whole number, with the parameters of its bounds.
    Count {
        min: &'static str,
        max: &'static str,
    },
    /// A point in time, with the parameters of its bounds.
    Time {
        after: &'static str,
        before: &'static str,
    },
}

/// What a field is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A folded text.
    Text(String),
    /// What a folded text begins with.
    Beginning(String),
    Count(i64),
    Time(DateTime<Utc>),
}

/// The words of an enum, as an array that a constant can hold.
macro_rules! words {
    ($kind:ident) => {{
        #[expect(clippy::indexing_slicing, reason = "a constant: an index out of bounds does not compile")]
        const fn words() -> [&'static str; $kind::ALL.len()] {
            let mut words = [""; $kind::ALL.len()];
            let mut at = 0;
            while at < words.len() {
                words[at] = $kind::ALL[at].as_str();
                at += 1;
            }
            words
        }
        words()
    }};
}

const STATUSES: [&str; CardStatus::ALL.len()] = words!(CardStatus);
const FORMATS: [&str; WeightsFormat::ALL.len()] = words!(WeightsFormat);
const CAPABILITIES: [&str; Capability::ALL.len()] = words!(Capability);

const TEXT: Field = Field { name: "", kind: Kind::Text, column: "", is_optional: true, place: "", about: "" };

/// All fields.
pub const FIELDS: [Field; 19] = [
    Field {
        name: "technical_name",
        column: "base_models.technical_name_key COLLATE \"C\"",
        is_optional: false,
        place: "technical_name",
        about: "Technical name",
        ..TEXT
    },
    Field {
        name: "model_name",
        column: "base_models.model_name_key COLLATE \"C\"",
        is_optional: false,
        place: "model_name",
        about: "Model name",
        ..TEXT
    },
    Field {
        name: "family",
        column: "base_models.family",
        place: "card.family",
        about: "Family of the model, such as `qwen2`",
        ..TEXT
    },
    Field {
        name: "architecture",
        kind: Kind::Texts { shown: "base_models.architectures" },
        column: "base_models.architecture_keys",
        place: "card.architectures",
        about: "Model class, such as `LlamaForCausalLM`",
        ..TEXT
    },
    Field {
        name: "task",
        column: "base_models.task",
        place: "card.task",
        about: "Task, such as `text-generation`",
        ..TEXT
    },
    Field {
        name: "license",
        column: "base_models.license",
        place: "card.license.id",
        about: "Identifier of the licence, such as `apache-2.0`",
        ..TEXT
    },
    Field {
        name: "language",
        kind: Kind::Texts { shown: "base_models.languages" },
        column: "base_models.languages",
        place: "card.languages",
        about: "Language, as the author wrote it, such as `en`",
        ..TEXT
    },
    Field {
        name: "tag",
        kind: Kind::Texts { shown: "base_models.tags" },
        column: "base_models.tag_keys",
        place: "tags",
        about: "Tag of the record",
        ..TEXT
    },
    Field {
        name: "library",
        column: "base_models.library",
        place: "card.library",
        about: "Library the folder is laid out for, such as `transformers`",
        ..TEXT
    },
    Field {
        name: "weights_format",
        kind: Kind::Choice(&FORMATS),
        column: "base_models.weights_format",
        is_optional: false,
        place: "card.weights.format",
        about: "Format of the weights",
    },
    Field {
        name: "quantization",
        column: "base_models.quantization",
        place: "card.weights.quantization.method",
        about: "Method of quantisation, such as `awq` or `q4_k_m`",
        ..TEXT
    },
    Field {
        name: "dtype",
        column: "base_models.dtype",
        place: "card.weights.dtype",
        about: "Type the model computes in, such as `bfloat16`",
        ..TEXT
    },
    Field {
        name: "capability",
        kind: Kind::Choices(&CAPABILITIES),
        column: "base_models.capabilities",
        place: "card.capabilities",
        about: "What the model can be asked to do",
        ..TEXT
    },
    Field {
        name: "card_status",
        kind: Kind::Choice(&STATUSES),
        column: "base_models.card_status",
        is_optional: false,
        place: "card.status",
        about: "How much of the card was found",
    },
    Field {
        name: "parameters",
        kind: Kind::Count { min: "min_parameters", max: "max_parameters" },
        column: "base_models.parameters",
        place: "card.weights.parameters.total",
        about: "Number of parameters",
        ..TEXT
    },
    Field {
        name: "context_length",
        kind: Kind::Count { min: "min_context_length", max: "max_context_length" },
        column: "base_models.context_length",
        place: "card.architecture.context_length",
        about: "Context length in tokens",
        ..TEXT
    },
    Field {
        name: "size_bytes",
        kind: Kind::Count { min: "min_size_bytes", max: "max_size_bytes" },
        column: "base_models.size_bytes",
        place: "card.weights.size_bytes",
        about: "Bytes of the weights",
        ..TEXT
    },
    Field {
        name: "created_at",
        kind: Kind::Time { after: "created_after", before: "created_before" },
        column: "base_models.created_at",
        is_optional: false,
        place: "created_at",
        about: "When it was registered",
    },
    Field {
        name: "updated_at",
        kind: Kind::Time { after: "updated_after", before: "updated_before" },
        column: "base_models.updated_at",
        is_optional: false,
        place: "updated_at",
        about: "When it was last changed",
    },
];

impl Field {
    pub fn named(name: &str) -> Option<&'static Self> {
        static ALL: [Field; 19] = FIELDS;
        ALL.iter().find(|field| field.name == name)
    }

    pub fn all() -> impl Iterator<Item = &'static Self> {
        FIELDS.iter().filter_map(|field| Self::named(field.name))
    }

    /// Whether a record has several values of it.
    pub fn is_list(&self) -> bool {
        matches!(self.kind, Kind::Texts { .. } | Kind::Choices(_))
    }

    /// Whether lists can be ordered by it.
    pub fn is_sortable(&self) -> bool {
        !self.is_list()
    }

    /// Reads a value of it; the error says what it must be.
    pub fn read(&self, text: &str) -> Result<Value, String> {
        match self.kind {
            Kind::Text | Kind::Texts { .. } => read_text(text).map(Value::Text),
            Kind::Choice(words) | Kind::Choices(words) => {
                let folded = fold(text);
                let known = words.iter().find(|word| **word == folded);
                known
                    .map(|word| Value::Text((*word).to_owned()))
                    .ok_or_else(|| format!("must be one of {}", words.join(", ")))
            }
            Kind::Count { .. } => read_count(text).map(Value::Count),
            Kind::Time { .. } => read_time(text).map(Value::Time),
        }
    }
}

/// A text to compare with, folded.
pub fn read_text(text: &str) -> Result<String, String> {
    if text.is_empty() || text.chars().count() > MAX_TEXT {
        return Err(format!("must be 1 to {MAX_TEXT} characters long"));
    }
    // Nothing that is kept holds control characters; the database refuses some, and this mark is not kept either.
    Ok(fold(text).replace(char::is_control, "\u{fffd}"))
}

/// A whole number, exactly, also where it is written with an exponent or a fraction that is none: `8e9`, `1.5e9`, `7.0`.
pub fn read_count(text: &str) -> Result<i64, String> {
    let fits = |count: &i64| *count <= MAX_COUNT;
    let rule = || format!("must be a whole number from 0 to {MAX_COUNT}, such as 8000000000 or 8e9");
    whole(text).filter(fits).ok_or_else(rule)
}

fn whole(text: &str) -> Option<i64> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        None => (text, 0),
        Some((mantissa, exponent)) => (mantissa, exponent.strip_prefix('+').unwrap_or(exponent).parse::<i32>().ok()?),
    };
    let (units, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let digits = |part: &str| !part.is_empty() && part.len() <= 40 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(units) || !digits(fraction) {
        return None;
    }
    let mantissa = format!("{units}{fraction}");
    let significant = mantissa.trim_end_matches('0');
    // How many zeros follow the last digit that is none.
    let zeros = i64::from(exponent) + i64::try_from(units.len()).ok()? - i64::try_from(significant.len()).ok()?;
    match significant.trim_start_matches('0') {
        "" => Some(0),
        number if (0..=18).contains(&zeros) => {
            number.parse::<i64>().ok()?.checked_mul(10_i64.checked_pow(u32::try_from(zeros).ok()?)?)
        }
        _ => None,
    }
}

/// A point in time as RFC 3339 has it, or a day, which is its beginning.
fn read_time(text: &str) -> Result<DateTime<Utc>, String> {
    let day = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0).map(|time| time.and_utc());
    let time = DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc()).or_else(day);
    // The database counts microseconds.
    time.filter(|time| (1..=9999).contains(&time.year())).map(|time| time.trunc_subsecs(6)).ok_or_else(|| {
        "must be a time as RFC 3339 has it, such as 2026-11-24T08:30:00Z (in a query, write + as %2B), or a day"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_read_exactly() {
        for (text, number) in [
            ("0", 0),
            ("8e9", 8_000_000_000),
            ("8E+9", 8_000_000_000),
            ("1.5e9", 1_500_000_000),
            ("7.0", 7),
            ("7.", -1),
            ("70e-1", 7),
            ("0e999", 0),
            ("0.0", 0),
            ("9007199254740993", 9_007_199_254_740_993),
            ("9223372036854775807", i64::MAX),
            ("00032768", 32768),
        ] {
            assert_eq!(whole(text).unwrap_or(-1), number, "{text}");
        }
        for bad in [
            "",
            "-1",
            "+1",
            "1.5",
            "1e-1",
            "1e19",
            "9223372036854775808",
            "0x10",
            "1_000",
            "8B",
            "e9",
            "1e",
            ".5",
            "NaN",
            "١",
        ] {
            assert_eq!(whole(bad), None, "{bad}");
        }
    }

    #[test]
    fn times_are_read_as_rfc_3339_has_them() {
        for good in
            ["2026-11-24T08:30:00Z", "2026-11-24T08:30:00.123456789+02:00", "2026-11-24", "2026-11-24t08:30:00z"]
        {
            assert!(read_time(good).is_ok(), "{good}");
        }
        for bad in
            ["", "2026", "yesterday", "2026-11-24T08:30:00", "2026-11-24T08:30:00 02:00", "2026-13-01", "0000-01-01"]
        {
            assert!(read_time(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_number_is_the_same_however_it_is_written(number in 0..=i64::MAX, shift in 0i32..18) {
            let text = number.to_string();
            prop_assert_eq!(whole(&text), Some(number));
            prop_assert_eq!(whole(&format!("{text}{}e-{shift}", "0".repeat(usize::try_from(shift).unwrap()))), Some(number));
        }

        #[test]
        fn nothing_makes_the_readers_fail(text in "\\PC{0,50}|[0-9.eE+-]{0,50}") {
            for field in Field::all() {
                drop(field.read(&text));
            }
        }
    }
}
