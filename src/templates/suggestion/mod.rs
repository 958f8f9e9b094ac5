//! A deployment template derived from a model's own chat template.
//!
//! Nothing is looked up in a table: conversations of marks are rendered through the chat template, the
//! parts are read off and written as a Go template, and conversations are rendered through both. Only what
//! gives the same text each time is suggested.

mod go_text;
mod parts;
mod piece;
mod probes;
mod proof;
mod stop;
mod subject;

use std::time::Instant;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use proof::{Outcome, Proof};

use super::jinja::{Clock, SpecialTokens};
use parts::Parts;
use subject::Subject;

/// Fewest conversations that must give the same text.
const ENOUGH: usize = 10;

/// A template that was derived and proven, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Suggestion {
    /// The Go template; `null` if none could be proven.
    #[schema(
        max_length = 65536,
        example = "{{- range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}<|im_start|>assistant\n"
    )]
    pub template: Option<String>,
    /// Texts that end an answer, for `PARAMETER stop`.
    #[schema(max_items = 16, example = json!(["<|im_end|>", "<|endoftext|>"]))]
    pub stop: Vec<String>,
    /// Why there is no template; `null` if there is one.
    #[schema(max_length = 4096, example = "the content of a message appears more than once")]
    pub reason: Option<String>,
    /// The conversations that were rendered through both templates.
    #[schema(max_items = 64)]
    pub proven: Vec<Proof>,
    pub covers: Covers,
}

/// What else gives the same text through both; `null` where the model's own chat template writes nothing of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Covers {
    /// System messages.
    #[schema(example = true)]
    pub system: Option<bool>,
    /// Earlier questions and answers.
    #[schema(example = true)]
    pub several_turns: Option<bool>,
    /// What the model thought before its earlier answers.
    #[schema(example = false)]
    pub thinking: Option<bool>,
    /// Tools that a conversation offers, their calls and their results.
    #[schema(example = false)]
    pub tools: Option<bool>,
}

/// Derives a template.
pub fn suggest(chat_template: &str, tokens: &SpecialTokens, clock: Clock, until: Instant) -> Suggestion {
    let subject = match Subject::new(chat_template, tokens, clock, until) {
        Ok(subject) => subject,
        Err(fault) => return Suggestion::none(subject::Unreadable::from(fault).reason(), Vec::new()),
    };
    let parts = match Parts::read(&subject) {
        Ok(parts) => parts,
        Err(unreadable) => return Suggestion::none(unreadable.reason(), Vec::new()),
    };
    let template = match go_text::write(&parts) {
        Ok(template) => template,
        Err(reason) => return Suggestion::none(reason, Vec::new()),
    };
    let (proven, covers) = match proof::prove(&subject, &template) {
        Ok(proven) => proven,
        Err(reason) => return Suggestion::none(reason, Vec::new()),
    };
    match proof::objection(&proven, ENOUGH) {
        Some(reason) => Suggestion::none(reason, proven),
        None => Suggestion { template: Some(template), stop: stop::of(&parts, tokens), reason: None, proven, covers },
    }
}

impl Suggestion {
    pub fn none(reason: String, proven: Vec<Proof>) -> Self {
        Self { template: None, stop: Vec::new(), reason: Some(reason), proven, covers: Covers::default() }
    }
}

#[cfg(test)]
mod tests;
