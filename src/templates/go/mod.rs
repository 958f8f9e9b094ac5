//! Go's `text/template`, as far as Ollama's `TEMPLATE` takes it: parsed, checked, rendered.
//!
//! It is written here because no crate fits. `gtmpl` knows neither assignment nor `break`. `gotmpl` follows Go closely, but what goes wrong while it renders has no line, nothing bounds its
//! steps or the depth it parses to, the first unknown function ends the parsing, and all its data are maps, so that an
//! unknown field is not told from an empty one. What is left out of Go's language: complex numbers, bytes that are no
//! text, `%e` and `*` of `printf`.
//!
//! What Ollama does with a template beyond Go's own rules is in [`Template::render`].

mod check;
mod data;
mod error;
mod execute;
mod format;
mod functions;
mod lexer;
mod parser;
mod position;
mod print;
mod syntax;
#[cfg(test)]
mod tests;
mod turns;
mod types;
mod value;

use std::collections::BTreeMap;

use error::Mistake;
pub use error::{Finding, ParseError, RenderError};
pub use execute::Budget;
use execute::Run;
pub use position::position;

use super::conversation::Conversation;
use data::Data;
use parser::Tree;

/// Longest template in bytes.
pub const MAX_BYTES: usize = 64 << 10;

/// A template that is one by Go's grammar.
#[derive(Debug, Clone)]
pub struct Template {
    text: String,
    tree: Tree,
    takes_messages: bool,
}

impl Template {
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        if text.len() > MAX_BYTES {
            return Err(Mistake::at(0, format!("a template has at most {MAX_BYTES} bytes")).told(text));
        }
        let mut tree = parser::parse(text).map_err(|mistake| mistake.told(text))?;
        let takes_messages = turns::names(&tree, "messages");
        if !takes_messages && !turns::names(&tree, "response") {
            tree.root.push(turns::response(text.len()));
        }
        Ok(Self { text: text.to_owned(), tree, takes_messages })
    }

    /// The functions, fields and templates it names that are not there, in their order, twenty at most.
    pub fn check(&self) -> Vec<Finding> {
        check::check(&self.tree, &self.text)
    }

    /// Renders as Ollama does before it asks the model for the next answer.
    ///
    /// A template that names `.Messages` is given all of them, those of one role in a row as one, and in `.System` all
    /// system messages. Any other one is rendered once for each turn with `.System`, `.Prompt` and `.Response`, the last
    /// turn only up to `.Response`; if it does not name that either, it follows at the end.
    pub fn render(&self, conversation: &Conversation, budget: &Budget) -> Result<String, RenderError> {
        self.render_thinking(conversation, None, budget)
    }

    /// The same when it was said whether the model shall think: `.Think` and `.IsThinkSet`.
    pub fn render_thinking(
        &self,
        conversation: &Conversation,
        think: Option<bool>,
        budget: &Budget,
    ) -> Result<String, RenderError> {
        let told = |mistake: Mistake| {
            let (line, column) = position(&self.text, mistake.at);
            RenderError { line, column, message: mistake.message }
        };
        let data = Data::of(conversation);
        let mut run = Run::new(&self.tree, budget);
        if self.takes_messages {
            run.execute(&self.tree.root, data::of_messages(&data, &conversation.tools, think)).map_err(told)?;
            return Ok(run.output());
        }
        self.turns(&data, think, run).map_err(told)
    }

    fn turns<'t>(&'t self, data: &Data, think: Option<bool>, mut run: Run<'t>) -> Result<String, Mistake> {
        let (mut system, mut prompt, mut response) = ("", "", "");
        for message in &data.messages {
            let ends_turn = match message.role.as_str() {
                "system" => !prompt.is_empty() || !response.is_empty(),
                "user" => !response.is_empty(),
                _ => false,
            };
            if ends_turn {
                run.execute(&self.tree.root, data::of_turn(system, prompt, response, think))?;
                (system, prompt, response) = ("", "", "");
            }
            match message.role.as_str() {
                "system" => system = &message.content,
                "user" => prompt = &message.content,
                "assistant" => response = &message.content,
                _ => {}
            }
        }
        let (last, none) = (turns::cut(&self.tree.root), BTreeMap::new());
        let mut run = run.without_own(&none);
        run.execute(&last, data::of_turn(system, prompt, response, think))?;
        Ok(run.output())
    }
}
