//! The keys of a GGUF file as facts: each value with the key it stands under.

use super::gguf::Header;
use super::gguf_value::Value;
use crate::cards::facts::{Fact, Source};

/// The keys of a file, and the name of its architecture, which most keys begin with.
#[derive(Clone, Copy)]
pub struct Keys<'a> {
    file: &'a str,
    header: &'a Header,
    architecture: &'a str,
}

impl<'a> Keys<'a> {
    pub fn new(file: &'a str, header: &'a Header) -> Self {
        let architecture = match header.keys.get("general.architecture") {
            Some(Value::Text(name)) => name,
            _ => "",
        };
        Self { file, header, architecture }
    }

    pub fn architecture(&self) -> &'a str {
        self.architecture
    }

    /// A key as it is written in the file; `*` stands for the name of the architecture.
    fn full(&self, key: &str) -> String {
        key.replacen('*', self.architecture, 1)
    }

    pub fn value(&self, key: &str) -> Option<&'a Value> {
        self.header.keys.get(&self.full(key))
    }

    pub fn source(&self, key: &str) -> Source {
        Source::key(self.file, self.full(key))
    }

    fn fact<T>(&self, key: &str, value: Option<T>) -> Option<Fact<T>> {
        value.map(|value| Fact::new(value, self.source(key)))
    }

    /// A count of zero says that there is none.
    pub fn positive(&self, key: &str) -> Option<Fact<u64>> {
        self.count(key).filter(|fact| fact.value > 0)
    }

    pub fn count(&self, key: &str) -> Option<Fact<u64>> {
        self.fact(key, unsigned(self.value(key)?))
    }

    /// A number, or where each layer has its own, the number of most layers that is not zero.
    pub fn common(&self, key: &str) -> Option<Fact<u64>> {
        let layers = self.layers(key)?;
        let times = |number: u64| layers.iter().filter(|other| **other == number).count();
        let most =
            layers.iter().copied().filter(|number| *number > 0).max_by_key(|number| (times(*number), *number))?;
        let source = self.source(key);
        let alike = layers.iter().all(|number| *number == most);
        let source = if alike { source } else { source.by("the number of most layers that is not zero") };
        Some(Fact::new(most, source))
    }

    /// The number of each layer, or the one number of all.
    pub fn layers(&self, key: &str) -> Option<Vec<u64>> {
        match self.value(key)? {
            Value::Array(array) => {
                let numbers: Vec<u64> = array.items.iter().filter_map(unsigned).collect();
                (!numbers.is_empty() && numbers.len() as u64 == array.count).then_some(numbers)
            }
            value => unsigned(value).map(|number| vec![number]),
        }
    }

    pub fn number(&self, key: &str) -> Option<Fact<f64>> {
        let number = match self.value(key)? {
            Value::Float(float) => Some(*float).filter(|float| float.is_finite()),
            #[expect(clippy::cast_precision_loss, reason = "a base or a factor, not a count")]
            value => unsigned(value).map(|number| number as f64),
        };
        self.fact(key, number)
    }

    pub fn text(&self, key: &str) -> Option<Fact<String>> {
        match self.value(key)? {
            Value::Text(text) if !text.trim().is_empty() => self.fact(key, Some(text.clone())),
            _ => None,
        }
    }

    /// The texts of a list, or the one text in its place.
    pub fn texts(&self, key: &str) -> Option<Fact<Vec<String>>> {
        let texts = match self.value(key)? {
            Value::Text(text) => vec![text.clone()],
            Value::Array(array) => array.items.iter().filter_map(text).map(str::to_owned).collect(),
            _ => return None,
        };
        self.fact(key, Some(texts).filter(|texts: &Vec<String>| !texts.is_empty()))
    }

    pub fn flag(&self, key: &str) -> Option<bool> {
        match self.value(key)? {
            Value::Bool(flag) => Some(*flag),
            _ => None,
        }
    }

    /// The keys that begin so, without that beginning.
    pub fn below(&self, prefix: &str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let prefix = prefix.to_owned();
        self.header.keys.iter().filter_map(move |(key, value)| Some((key.strip_prefix(prefix.as_str())?, value)))
    }
}

fn unsigned(value: &Value) -> Option<u64> {
    match value {
        Value::Unsigned(number) => Some(*number),
        Value::Bool(flag) => Some(u64::from(*flag)),
        _ => None,
    }
}

pub fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}
