//! The grammar of Modelfiles, as Ollama reads them.
//!
//! A command is a word and a value, up to the end of the line. A value that begins with `"` or `"""` goes on
//! to the first end of a line at which the same quotes stand behind it, white space aside. There are no escapes.
//! `#` begins a comment only where a command could begin. Within a value, characters that cannot be printed are left
//! out without a word.

/// What a line or block of a Modelfile says: `model` of `FROM`, a command's name in lower case, or a parameter's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    pub name: String,
    pub value: String,
}

/// Why a text is no Modelfile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Misread {
    #[error("a line begins with no command that is known")]
    UnknownCommand,
    #[error("a parameter's name has another character than letters, digits and `_`")]
    ParameterName,
    #[error("the file ends within a command")]
    Unfinished,
}

const COMMANDS: [&str; 10] =
    ["from", "license", "template", "system", "adapter", "draft", "renderer", "parser", "parameter", "requires"];

enum State {
    Between,
    Comment,
    Name(String),
    Parameter(String),
    Value { name: String, value: String },
}

/// The commands of a Modelfile. `MESSAGE` is not read: it is not written either.
pub fn read(text: &str) -> Result<Vec<Command>, Misread> {
    let mut commands = Vec::new();
    let mut state = State::Between;
    for c in text.strip_prefix('\u{feff}').unwrap_or(text).chars() {
        state = next(state, c, &mut commands)?;
    }
    match state {
        State::Between | State::Comment => Ok(commands),
        State::Value { name, value } => {
            let value = unquoted(&value).ok_or(Misread::Unfinished)?.to_owned();
            commands.push(Command { name, value });
            Ok(commands)
        }
        State::Name(_) | State::Parameter(_) => Err(Misread::Unfinished),
    }
}

fn next(state: State, c: char, commands: &mut Vec<Command>) -> Result<State, Misread> {
    let (is_blank, is_end) = (c == ' ' || c == '\t', c == '\n' || c == '\r');
    Ok(match state {
        State::Between if c == '#' => State::Comment,
        State::Between if is_blank || is_end => State::Between,
        State::Between => State::Name(c.to_string()),
        State::Comment => {
            if is_end {
                State::Between
            } else {
                State::Comment
            }
        }
        State::Name(name) if is_blank => named(&name)?,
        State::Name(name) if c.is_ascii_alphabetic() => State::Name(name + c.encode_utf8(&mut [0; 4])),
        State::Name(_) => return Err(Misread::UnknownCommand),
        State::Parameter(name) if is_blank => State::Value { name, value: String::new() },
        State::Parameter(name) if c.is_ascii_alphanumeric() || c == '_' => {
            State::Parameter(name + c.encode_utf8(&mut [0; 4]))
        }
        State::Parameter(_) => return Err(Misread::ParameterName),
        State::Value { name, mut value } => match unquoted(&value).filter(|_| is_end).map(str::to_owned) {
            Some(value) => {
                commands.push(Command { name, value });
                State::Between
            }
            None => {
                if is_blank || is_end || printable(c) {
                    value.push(c);
                }
                State::Value { name, value }
            }
        },
    })
}

fn named(name: &str) -> Result<State, Misread> {
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "parameter" => Ok(State::Parameter(String::new())),
        "from" => Ok(State::Value { name: "model".to_owned(), value: String::new() }),
        known if COMMANDS.contains(&known) => Ok(State::Value { name, value: String::new() }),
        _ => Err(Misread::UnknownCommand),
    }
}

/// The value without its quotes, if they are closed.
fn unquoted(value: &str) -> Option<&str> {
    let value = value.trim();
    for quote in ["\"\"\"", "\""] {
        if let Some(rest) = value.strip_prefix(quote) {
            return rest.strip_suffix(quote);
        }
    }
    Some(value)
}

/// Whether a character is a letter, mark, number, sign or plain space: the others are lost in a value.
pub fn printable(c: char) -> bool {
    match c {
        ' ' | '"' | '\'' | '\\' => true,
        // Behind a letter, because a mark alone is always escaped.
        c => ['a', c].iter().collect::<String>().escape_debug().count() == 2,
    }
}
