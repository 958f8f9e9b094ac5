//! The texts that end an answer.

use super::parts::{Parts, UserPrefix};
use super::piece::{Piece, token};
use crate::templates::jinja::SpecialTokens;

/// The token that ends all texts, the one that ends an answer, and what begins a question.
pub fn of(parts: &Parts, tokens: &SpecialTokens) -> Vec<String> {
    let ending = token(&parts.assistant_suffix);
    let prefix = match &parts.user_prefix {
        UserPrefix::Same { prefix, .. } => prefix,
        UserPrefix::Varied { later: [before, _], .. } => &before.without,
    };
    let begins = token(prefix).or_else(|| if ending.is_none() { words(prefix) } else { None });
    let mut stop: Vec<String> = Vec::new();
    for text in [ending, tokens.eos.clone(), begins].into_iter().flatten() {
        if !text.is_empty() && !stop.contains(&text) {
            stop.push(text);
        }
    }
    stop
}

/// The first line that says something, such as `### Instruction:`.
fn words(prefix: &Piece) -> Option<String> {
    let text: String = prefix.iter().collect();
    text.lines().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
}
