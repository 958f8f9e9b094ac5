//! Templates: how a conversation becomes the one text that a model reads.
//!
//! There are two languages for it. Ollama takes a Go `text/template`, which is a base model's deployment template; the
//! model's authors wrote a Jinja chat template. Both come from strangers and both are programs, so that each is run
//! within a budget and an error says where. This knows neither HTTP nor the database.

pub mod comparison;
pub mod conversation;
pub mod go;
pub mod jinja;
pub mod modelfile;
pub mod preview;
pub mod suggestion;

pub use conversation::{Conversation, Message, Tool, ToolCall};
