//! A model's own chat template: Jinja, rendered the way transformers renders it.
//!
//! A template is a stranger's program. It gets no files and no other templates; what it may do, make
//! and write is bounded: fuel pays for every step and every byte, nesting has a limit, and so has the
//! text. What goes wrong is a [`Fault`] with the line.

mod environment;
mod generation;
mod input;
mod json;
mod methods;

use std::io;

use minijinja::{Environment, Error, ErrorKind};

pub use environment::Clock;
use environment::Refusal;
pub use input::{Input, SpecialTokens};

/// Most bytes of a rendered text.
pub const MAX_TEXT: usize = 1 << 20;
/// Fuel of a rendering: steps, and 64 bytes of data each.
pub const FUEL: u64 = 500_000;
/// Where the template stands in its environment.
const NAME: &str = "chat_template";

/// A chat template that was read without a fault.
pub struct ChatTemplate {
    environment: Environment<'static>,
}

/// Why a template was not read or not rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// Line of the template, from 1.
    pub line: Option<usize>,
    pub message: String,
    pub kind: FaultKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// The template is not Jinja.
    Syntax,
    /// The template itself refused the conversation, with `raise_exception`.
    Refused,
    /// It used up what it may use.
    Exhausted,
    /// It failed for another reason.
    Failed,
}

impl ChatTemplate {
    /// Reads a template; `strftime_now` tells the time of `clock`.
    pub fn parse(text: &str, clock: Clock) -> Result<Self, Fault> {
        let mut environment = environment::environment(clock, FUEL).map_err(|error| fault(&error))?;
        let text = generation::without_blocks(text);
        environment.add_template_owned(NAME, text).map_err(|error| fault(&error))?;
        Ok(Self { environment })
    }

    /// Renders a conversation.
    pub fn render(&self, input: &Input<'_>) -> Result<String, Fault> {
        let mut text = Bounded::default();
        let template = self.environment.get_template(NAME).map_err(|error| fault(&error))?;
        template.render_captured_to(input.variables(), &mut text).map_err(|error| match text.full {
            true => too_long(),
            false => fault(&error),
        })?;
        String::from_utf8(text.bytes).map_err(|_| too_long())
    }
}

/// A text that stops growing.
#[derive(Default)]
struct Bounded {
    bytes: Vec<u8>,
    full: bool,
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > MAX_TEXT {
            self.full = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn too_long() -> Fault {
    let message = format!("the text has more than {MAX_TEXT} bytes");
    Fault { line: None, message, kind: FaultKind::Exhausted }
}

fn fault(error: &Error) -> Fault {
    let line = error.line();
    if let Some(refusal) = refusal(error) {
        return Fault { line, message: refusal, kind: FaultKind::Refused };
    }
    if is_out_of_fuel(error) {
        let message = "the template takes more steps or memory than it may".to_owned();
        return Fault { line, message, kind: FaultKind::Exhausted };
    }
    let message =
        error.detail().map_or_else(|| error.kind().to_string(), |detail| format!("{}: {detail}", error.kind()));
    let kind = if error.kind() == ErrorKind::SyntaxError { FaultKind::Syntax } else { FaultKind::Failed };
    Fault { line, message, kind }
}

/// The causes of an error, itself first.
fn causes(error: &Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error as &(dyn std::error::Error + 'static)), |error| error.source())
}

/// What the template said when it refused.
fn refusal(error: &Error) -> Option<String> {
    causes(error).find_map(|cause| cause.downcast_ref::<Refusal>()).map(|refusal| refusal.0.clone())
}

fn is_out_of_fuel(error: &Error) -> bool {
    causes(error).filter_map(|cause| cause.downcast_ref::<Error>()).any(|cause| cause.kind() == ErrorKind::OutOfFuel)
}

#[cfg(test)]
mod tests;
