//! Facts: what of a card the register can be asked for, as columns of their own beside it.
//!
//! They are written in the same statement as the card. What a card cannot be asked for stays in the card alone.

use std::collections::BTreeSet;

use diesel::prelude::{AsChangeset, Insertable};

use super::names::fold;
use super::words::Words;
use crate::cards::{Architecture, Card, License, Parameters, Quantization, Weights};
use crate::schema::base_models;

/// How the facts are made; 0 in a row means that they were not made yet.
const VERSION: i16 = 1;
/// Most characters of a text that is kept as a fact; an index takes no long ones.
pub const MAX_TEXT: usize = 200;
/// Most items of a list that is kept as a fact.
const MAX_ITEMS: usize = 2000;

/// The facts of a card. Texts are folded: letter case makes no difference to those who ask.
#[derive(Debug, Clone, PartialEq, Insertable, AsChangeset)]
#[diesel(table_name = base_models, treat_none_as_null = true)]
pub struct Facts {
    facts_version: i16,
    pub card_words: Words,
    pub card_status: &'static str,
    pub family: Option<String>,
    pub architectures: Vec<String>,
    pub architecture_keys: Vec<String>,
    pub library: Option<String>,
    pub task: Option<String>,
    pub license: Option<String>,
    pub languages: Vec<String>,
    pub capabilities: Vec<&'static str>,
    pub weights_format: &'static str,
    pub quantization: Option<String>,
    pub dtype: Option<String>,
    pub parameters: Option<i64>,
    pub context_length: Option<i64>,
    pub size_bytes: Option<i64>,
}

impl Facts {
    /// Destructures the card, so that a new member of it is thought of here.
    pub fn of(card: &Card) -> Self {
        let Card {
            schema_version: _,
            status,
            extracted_at: _,
            extractor: _,
            fingerprint: _,
            family,
            architectures,
            library,
            task,
            modalities: _,
            capabilities,
            description,
            version: _,
            license,
            languages,
            tags,
            authors: _,
            datasets: _,
            base_models: _,
            references: _,
            limitations: _,
            training_objectives: _,
            training_framework: _,
            released_at: _,
            architecture,
            weights,
            tokenizer: _,
            chat_template: _,
            generation: _,
            adapter: _,
            embedding: _,
            sources: _,
            warnings: _,
            files: _,
        } = card;
        let Weights { format, parameters, dtype, quantization, size_bytes, shards: _, variants: _ } = weights;
        let Parameters { total, active: _, by_dtype: _, exact: _ } = parameters;
        let License { id, name, link: _ } = license;
        let Architecture { context_length, .. } = architecture;
        let architectures = distinct(architectures.iter().filter_map(|name| text(name)));
        let described = [family, id, name, description].into_iter().flatten();
        Self {
            facts_version: VERSION,
            card_words: Words::of(described.chain(&architectures).chain(tags).map(String::as_str)),
            card_status: status.as_str(),
            family: key(family.as_ref()),
            architecture_keys: architectures.iter().map(|name| fold(name)).collect(),
            architectures,
            library: key(library.as_ref()),
            task: key(task.as_ref()),
            license: key(id.as_ref()),
            languages: distinct(languages.iter().filter_map(|language| key(Some(language)))),
            capabilities: capabilities.iter().map(|capability| capability.as_str()).collect(),
            weights_format: format.as_str(),
            quantization: key(quantization.as_ref().map(|Quantization { method, .. }| method)),
            dtype: key(dtype.as_ref()),
            parameters: number(*total),
            context_length: number(*context_length),
            size_bytes: number(*size_bytes),
        }
    }
}

/// A text as a fact: without characters that the database does not take, and not too long.
fn text(text: &str) -> Option<String> {
    let text: String = text.trim().chars().filter(|c| !c.is_control()).take(MAX_TEXT).collect();
    Some(text).filter(|text| !text.is_empty())
}

/// Each once, whatever its letter case.
fn distinct(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut keys = BTreeSet::new();
    texts.filter(|text| keys.insert(fold(text))).take(MAX_ITEMS).collect()
}

fn key(value: Option<&String>) -> Option<String> {
    value.and_then(|value| text(value)).and_then(|value| text(&fold(&value)))
}

fn number(value: Option<u64>) -> Option<i64> {
    value.map(|value| i64::try_from(value).unwrap_or(i64::MAX))
}
