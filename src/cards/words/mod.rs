//! What people say of the model and what it reads and writes: the model card and the README, the
//! licence, the vocabulary and the chat templates.
//!
//! Descriptive facts are taken from here first, because a configuration file hardly has any. Facts
//! of the network are not: a README is written by hand and copied from the base model, so its words
//! only fill what the configuration and the weights leave open (`complete`).

mod chat_template;
mod fill_in_middle;
mod hashing;
mod tokenizer_json;
mod vocabulary;

use super::draft::Draft;
use super::facts::Source;
use super::kind::Kind;

/// What was read here and is needed again once the network is known.
#[derive(Debug, Default)]
pub struct Words {
    /// Where the tokens stand that mark a hole to fill in, if the vocabulary has any.
    pub fill_in_middle: Option<Source>,
}

pub fn read(draft: &mut Draft<'_>, _kind: Kind) -> Words {
    chat_template::read(draft);
    Words { fill_in_middle: tokenizer_json::read(draft) }
}

/// Fills what neither the configuration nor the weights say.
pub fn complete(_draft: &mut Draft<'_>, _words: &Words) {}
