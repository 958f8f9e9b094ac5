//! Modelfiles: what `ollama create` takes.
//!
//! Values come from strangers. Each is written so that reading the file gives it back exactly, which is
//! tried before it is written: a value that cannot be written so is refused, and none can add a command.

pub mod grammar;

use std::fmt::Write as _;

use grammar::{Command, printable, read};

/// Longest line of a comment, in characters.
const MAX_COMMENT: usize = 400;

/// A value that a Modelfile cannot hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a Modelfile cannot hold this {command}: it has a line that ends in \"\"\" or a character that Ollama leaves out, such as a control character"
)]
pub struct Unwritable {
    /// The command, such as `SYSTEM`.
    pub command: String,
}

/// A Modelfile that grows, command by command.
#[derive(Debug, Default)]
pub struct Modelfile {
    text: String,
}

impl Modelfile {
    /// Adds a comment of one line; what a line cannot show is left out.
    pub fn comment(&mut self, comment: &str) {
        let line: String = comment.chars().filter(|&c| printable(c)).take(MAX_COMMENT).collect();
        let _ = writeln!(self.text, "# {line}");
    }

    pub fn from(&mut self, path: &str) -> Result<(), Unwritable> {
        self.command("FROM", "model", path)
    }

    pub fn template(&mut self, template: &str) -> Result<(), Unwritable> {
        self.command("TEMPLATE", "template", template)
    }

    pub fn system(&mut self, system: &str) -> Result<(), Unwritable> {
        self.command("SYSTEM", "system", system)
    }

    pub fn license(&mut self, license: &str) -> Result<(), Unwritable> {
        self.command("LICENSE", "license", license)
    }

    /// Adds a parameter. Its name is one of Ollama's own.
    pub fn parameter(&mut self, name: &'static str, value: &str) -> Result<(), Unwritable> {
        self.command(&format!("PARAMETER {name}"), name, value)
    }

    /// The file, which [`grammar::read`] reads as what was added.
    pub fn text(self) -> String {
        self.text
    }

    fn command(&mut self, keyword: &str, name: &str, value: &str) -> Result<(), Unwritable> {
        let written = written(keyword, name, value).ok_or_else(|| Unwritable { command: keyword.to_owned() })?;
        self.text.push_str(&written);
        Ok(())
    }
}

/// The command in the plainest form that reads as it.
fn written(keyword: &str, name: &str, value: &str) -> Option<String> {
    let command = Command { name: name.to_owned(), value: value.to_owned() };
    let is_plain = !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || "._:/+-".contains(c));
    let plain = is_plain.then(|| format!("{keyword} {value}\n"));
    let is_line = !value.contains(['"', '\n', '\r']);
    let quoted = is_line.then(|| format!("{keyword} \"{value}\"\n"));
    let block = format!("{keyword} \"\"\"{value}\"\"\"\n");
    // Behind another one, so that nothing of the value can reach beyond its own command.
    let reads = |text: &String| {
        let next = Command { name: "license".to_owned(), value: "x".to_owned() };
        read(&format!("{text}LICENSE x\n")).is_ok_and(|commands| commands == [command.clone(), next])
    };
    [plain, quoted, Some(block)].into_iter().flatten().find(reads)
}

#[cfg(test)]
mod tests;
