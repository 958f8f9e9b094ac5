//! Python's methods of strings, lists and maps, as far as templates call them.

use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, State, Value};
use minijinja_contrib::pycompat::unknown_method_callback;

pub fn call(state: &mut State, value: &Value, method: &str, arguments: &[Value]) -> Result<Value, Error> {
    match (value.kind(), method) {
        (ValueKind::String, "join") => join_of_strings(arguments)?,
        (ValueKind::String, "format") => scalars(arguments)?,
        _ => {}
    }
    unknown_method_callback(state, value, method, arguments)
}

/// Python joins strings only. Here it matters: a list that holds itself many times over would be written out
/// without being paid for.
fn join_of_strings(arguments: &[Value]) -> Result<(), Error> {
    for item in arguments.first().into_iter().filter_map(|items| items.try_iter().ok()).flatten() {
        if item.kind() != ValueKind::String {
            return Err(Error::new(ErrorKind::InvalidOperation, format!("join takes strings, not a {}", item.kind())));
        }
    }
    Ok(())
}

fn scalars(arguments: &[Value]) -> Result<(), Error> {
    let container = |value: &&Value| {
        matches!(value.kind(), ValueKind::Seq | ValueKind::Map | ValueKind::Iterable | ValueKind::Plain)
    };
    match arguments.iter().find(|value| container(value) && !value.is_kwargs()) {
        Some(value) => Err(Error::new(ErrorKind::InvalidOperation, format!("format takes no {}", value.kind()))),
        None => Ok(()),
    }
}
