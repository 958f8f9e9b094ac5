//! A number with its reckoning.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// Bytes, how they were reckoned and of what.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Quantity {
    /// `null` where something needed is not known (`missing` says what), or beyond 2^63.
    #[schema(example = 2471628800_u64)]
    pub bytes: Option<u64>,
    /// The formula, in the words of `inputs`.
    #[schema(example = "parameters * bits / 8")]
    pub formula: String,
    pub inputs: BTreeMap<String, Value>,
    /// The paper or project that the formula is from.
    #[schema(example = "Kwon et al. 2023, arXiv:2309.06180")]
    pub source: String,
    /// What the card would have to hold.
    pub missing: Vec<String>,
}

/// The inputs of a formula as they are gathered.
#[derive(Debug, Default)]
pub struct Sheet {
    inputs: BTreeMap<String, Value>,
    missing: Vec<String>,
}

impl Sheet {
    /// Notes an input that the formula cannot do without.
    pub fn need(&mut self, name: &str, value: Option<u64>) -> Option<u64> {
        match value {
            Some(value) => self.note(name, value),
            None => self.missing.push(name.to_owned()),
        }
        value
    }

    pub fn note(&mut self, name: &str, value: impl Into<Value>) {
        self.inputs.insert(name.to_owned(), value.into());
    }

    pub fn finish(self, bytes: Option<u64>, formula: &str, source: &str) -> Quantity {
        let (formula, source) = (formula.to_owned(), source.to_owned());
        Quantity { bytes: bytes.filter(is_tellable), formula, inputs: self.inputs, source, missing: self.missing }
    }
}

/// A product, unless it is beyond what can be told.
pub fn product(factors: &[u64]) -> Option<u64> {
    factors.iter().try_fold(1_u64, |product, factor| product.checked_mul(*factor)).filter(is_tellable)
}

/// A sum, unless one of its terms is not known or it is beyond what can be told.
pub fn sum(terms: &[Option<u64>]) -> Option<u64> {
    terms.iter().try_fold(0_u64, |sum, term| sum.checked_add((*term)?)).filter(is_tellable)
}

/// Whether a number is one of the 64-bit integers with a sign that most languages have.
fn is_tellable(number: &u64) -> bool {
    i64::try_from(*number).is_ok()
}
