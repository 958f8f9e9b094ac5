//! What the configuration classes of `transformers` know and a folder does not say: under which key
//! a class keeps a standard value, what its defaults are, and which task a model class is for.
//!
//! Files are often saved as the difference from their class's defaults, so a value that is absent is
//! not unknown. The tables are facts generated from `transformers` by `scripts/class-tables.py`.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::Value;

use crate::cards::facts::{Fact, Field, Source};

/// The release that the tables were generated from.
const RELEASE: &str = "transformers 5.23.0";

/// How the source of a class default begins.
pub const DEFAULT_OF: &str = "class default of ";

type Table = HashMap<&'static str, Vec<(&'static str, &'static str)>>;

static KEYS: LazyLock<Table> = LazyLock::new(|| table(include_str!("tables/keys.tsv")));
static DEFAULTS: LazyLock<Table> = LazyLock::new(|| table(include_str!("tables/defaults.tsv")));
static FOLLOWS: LazyLock<Table> = LazyLock::new(|| table(include_str!("tables/follows.tsv")));
static PARTS: LazyLock<Table> = LazyLock::new(|| table(include_str!("tables/parts.tsv")));
static TYPES: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| rows(include_str!("tables/types.tsv")).collect());
static ELSEWHERE: LazyLock<HashMap<&str, &str>> =
    LazyLock::new(|| rows(include_str!("tables/elsewhere.tsv")).collect());
static TASKS: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| rows(include_str!("tables/tasks.tsv")).collect());

/// The rows of a table: what stands before the first tab, and what after it.
fn rows(text: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t'))
}

fn table(text: &'static str) -> Table {
    rows(text)
        .map(|(name, cells)| (name, cells.split('\t').filter_map(|cell| cell.split_once('=')).collect()))
        .collect()
}

fn cell(table: &Table, row: &str, key: &str) -> Option<&'static str> {
    table.get(row)?.iter().find(|(name, _)| *name == key).map(|(_, value)| *value)
}

/// A configuration class, by its `model_type`. One that is not known has no keys and no defaults.
#[derive(Debug, Clone, Default)]
pub struct Class {
    pub model_type: String,
}

impl Class {
    pub fn new(model_type: &str) -> Self {
        Self { model_type: model_type.to_owned() }
    }

    pub fn is_known(&self) -> bool {
        TYPES.contains_key(self.model_type.as_str())
    }

    /// Whether the class has a head that continues text.
    pub fn is_causal(&self) -> bool {
        self.has_head("causal-lm")
    }

    /// Whether the class has a head that fills masks in a text.
    pub fn is_masked(&self) -> bool {
        self.has_head("masked-lm")
    }

    fn has_head(&self, head: &str) -> bool {
        TYPES.get(self.model_type.as_str()).is_some_and(|heads| heads.split(' ').any(|name| name == head))
    }

    /// The key under which files of this class keep a standard value.
    pub fn key(&self, standard: &str) -> Option<&'static str> {
        cell(&KEYS, &self.model_type, standard)
    }

    /// Whether the default of this key is a function of another key.
    pub fn follows(&self, key: &str) -> bool {
        cell(&FOLLOWS, &self.model_type, key).is_some()
    }

    /// The class of a nested configuration that does not name its own.
    pub fn part(&self, key: &str) -> Option<Self> {
        cell(&PARTS, &self.model_type, key).map(Self::new)
    }

    /// Whether a class default of this key is known.
    pub fn has_default(&self, key: &str) -> bool {
        cell(&DEFAULTS, &self.model_type, key).is_some()
    }

    /// The class default of a key that the file does not state.
    pub fn default<T>(&self, key: &str, read: impl Fn(&Field<'_>) -> Option<Fact<T>>) -> Option<Fact<T>> {
        let value: Value = serde_json::from_str(cell(&DEFAULTS, &self.model_type, key)?).ok()?;
        let fact = read(&Field::root("", &value))?;
        Some(Fact::new(fact.value, Source::derived(format!("{DEFAULT_OF}{} ({RELEASE})", self.model_type))))
    }
}

/// The task of a model class, in the words of the Hub.
pub fn task_of(architecture: &str) -> Option<&'static str> {
    TASKS.get(architecture).copied()
}

/// Whether transformers, vLLM or llama.cpp loads a model class.
pub fn is_known(architecture: &str) -> bool {
    TASKS.contains_key(architecture) || ELSEWHERE.contains_key(architecture)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_knows_its_keys_and_its_defaults() {
        let class = Class::new("gpt2");
        assert_eq!(class.key("hidden_size"), Some("n_embd"));
        let fact = class.default("n_embd", |field| field.count()).unwrap();
        assert_eq!(fact.value, 768);
        assert_eq!(fact.source.derived.unwrap(), "class default of gpt2 (transformers 5.23.0)");
        assert!(class.is_causal() && !class.is_masked());
    }

    #[test]
    fn a_default_that_follows_another_key_is_told_from_a_fixed_one() {
        assert!(Class::new("llama").follows("num_key_value_heads"));
        assert!(!Class::new("qwen2").follows("num_key_value_heads"));
    }

    #[test]
    fn a_part_without_a_name_gets_the_class_that_its_parent_gives_it() {
        assert_eq!(Class::new("llava").part("text_config").unwrap().model_type, "llama");
    }

    #[test]
    fn an_unknown_class_has_nothing() {
        let class = Class::new("nobody");
        assert!(!class.is_known() && !class.has_default("hidden_size") && class.part("text_config").is_none());
    }

    #[test]
    fn every_default_in_the_table_is_json() {
        for cells in DEFAULTS.values() {
            for (key, value) in cells {
                assert!(serde_json::from_str::<Value>(value).is_ok(), "{key}={value}");
            }
        }
    }
}
