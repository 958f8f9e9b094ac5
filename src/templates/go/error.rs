//! What is wrong with a template, and where.

use serde::Serialize;
use utoipa::ToSchema;

use super::position::position;
use super::syntax::Offset;

/// What is wrong at an offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    pub at: Offset,
    pub message: String,
}

impl Mistake {
    pub fn at(at: Offset, message: impl Into<String>) -> Self {
        Self { at, message: message.into() }
    }

    pub fn told(self, text: &str) -> ParseError {
        let (line, column) = position(text, self.at);
        ParseError { line, column, message: self.message }
    }
}

/// Why a text is no Go template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct ParseError {
    pub line: usize,
    pub column: usize,
    pub message: String,
}

/// Why a template could not be rendered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct RenderError {
    /// From 1.
    #[schema(minimum = 1, example = 3)]
    pub line: usize,
    /// From 1, counted in characters.
    #[schema(minimum = 1, example = 12)]
    pub column: usize,
    #[schema(example = "the index 4 is out of range: there are 4 items")]
    pub message: String,
}

/// A name in a template that Ollama does not know.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct Finding {
    pub line: usize,
    pub column: usize,
    pub message: String,
}
