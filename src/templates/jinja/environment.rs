//! What a chat template finds around it: the filters and functions that transformers adds, and no more.

use std::fmt::Write as _;

use chrono::NaiveDateTime;
use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Error, ErrorKind, Value};

use super::{json, methods};

/// Nested blocks, macros and calls.
const RECURSION: usize = 100;
/// Longest format of a time, in bytes.
const MAX_TIME_FORMAT: usize = 256;

/// What `strftime_now` tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// This time.
    At(NaiveDateTime),
    /// The format itself between [`Clock::OPEN`] and [`Clock::CLOSE`]: it shows where in the text the time stands.
    Format,
}

impl Clock {
    pub const OPEN: char = '\u{F0000}';
    pub const CLOSE: char = '\u{F0001}';

    fn tell(self, format: &str) -> Result<String, Error> {
        let mut told = String::new();
        let written = match self {
            _ if format.len() > MAX_TIME_FORMAT => Err(std::fmt::Error),
            Self::At(time) => write!(told, "{}", time.format(format)),
            Self::Format => write!(told, "{}{format}{}", Self::OPEN, Self::CLOSE),
        };
        let refused = |_| Error::new(ErrorKind::InvalidOperation, "strftime_now does not know this format");
        written.map_err(refused).map(|()| told)
    }
}

/// The message of a template that does not take the conversation.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub String);

pub fn environment(clock: Clock, fuel: u64) -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.set_fuel(Some(fuel));
    environment.set_recursion_limit(RECURSION);
    environment.set_unknown_method_callback(methods::call);
    environment.add_filter("tojson", json::tojson);
    environment.add_test("iterable", |value: &Value| !value.is_none() && minijinja::tests::is_iterable(value));
    environment.add_function("raise_exception", raise_exception);
    environment.add_function("strftime_now", move |format: &str| clock.tell(format));
    Ok(environment)
}

fn raise_exception(message: Value) -> Result<Value, Error> {
    let message: String = message.as_str().unwrap_or("the template refused").chars().take(1000).collect();
    Err(Error::new(ErrorKind::InvalidOperation, "raise_exception").with_source(Refusal(message)))
}
