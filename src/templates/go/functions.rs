//! The functions of a template: those of Go, and those that Ollama adds.

use std::cmp::Ordering;
use std::sync::Arc;

use chrono::{Days, Local};

use super::format::formatted;
use super::print::{NO_VALUE, json, plain, shown};
use super::types::Type;
use super::value::{List, Value};

/// All that Ollama gives, as messages list them.
pub const NAMES: &[&str] = &[
    "and",
    "call",
    "currentDate",
    "eq",
    "ge",
    "gt",
    "html",
    "index",
    "js",
    "json",
    "le",
    "len",
    "lt",
    "ne",
    "not",
    "or",
    "print",
    "printf",
    "println",
    "slice",
    "toTypeScriptType",
    "urlquery",
    "yesterdayDate",
];

/// Whether Ollama adds it to those of Go.
pub fn is_of_ollama(name: &str) -> bool {
    matches!(name, "json" | "currentDate" | "yesterdayDate" | "toTypeScriptType")
}

type Called = Result<Value, String>;

/// Calls any but `and` and `or`, which do not take the values of all their arguments.
pub fn call(name: &str, arguments: &[Value]) -> Called {
    match (name, arguments) {
        ("not", [value]) => Ok(Value::Bool(!value.is_true())),
        ("len", [value]) => length(value),
        ("index" | "slice", [Value::Nil, ..]) => Err(format!("`{name}` cannot take a part of nil")),
        ("index", [item, indexes @ ..]) => indexes.iter().try_fold(item.clone(), |item, index| indexed(&item, index)),
        ("slice", [item, indexes @ ..]) => sliced(item, indexes),
        ("eq", [first, others @ ..]) => equal_to_any(first, others),
        ("ne", [first, second]) => equal(first, second).map(|equal| Value::Bool(!equal)),
        ("lt", [first, second]) => ordered(first, second, Ordering::is_lt),
        ("le", [first, second]) => ordered(first, second, Ordering::is_le),
        ("gt", [first, second]) => ordered(first, second, Ordering::is_gt),
        ("ge", [first, second]) => ordered(first, second, Ordering::is_ge),
        ("print", values) => joined(values, plain).map(text),
        ("println", values) => {
            let words: Result<Vec<String>, String> = values.iter().map(plain).collect();
            words.map(|words| text(format!("{}\n", words.join(" "))))
        }
        ("printf", [Value::Text(format), values @ ..]) => formatted(format, values).map(text),
        ("printf", [_, ..]) => Err("the format of `printf` must be a string".to_owned()),
        ("html", values) => joined(values, shown).map(|told| text(html(&told))),
        ("js", values) => joined(values, shown).map(|told| text(js(&told))),
        ("urlquery", values) => joined(values, shown).map(|told| text(urlquery(&told))),
        ("json", [value]) => Ok(text(json(value))),
        ("currentDate", formats) => dated(formats, 0),
        ("yesterdayDate", formats) => dated(formats, 1),
        ("toTypeScriptType", [value]) => Ok(text(type_script(value))),
        ("call", [_, ..]) => Err("`call` takes a function, and no value of a template is one".to_owned()),
        _ if NAMES.contains(&name) => Err(wrong_number(name, arguments.len())),
        _ => Err(format!("there is no function {name:?}")),
    }
}

fn text(text: String) -> Value {
    Value::Text(text.into())
}

/// Why a call with so many arguments fails.
pub fn wrong_number(name: &str, given: usize) -> String {
    let wanted = match name {
        "not" | "len" | "json" | "toTypeScriptType" => "1 argument",
        "ne" | "lt" | "le" | "gt" | "ge" => "2 arguments",
        _ => "at least 1 argument",
    };
    format!("`{name}` takes {wanted}, but is given {given}")
}

fn named(value: &Value) -> &'static str {
    match value {
        Value::Nil => "nil",
        Value::Float(_) => "a number with a fraction",
        Value::List(list) if list.kind == Type::Any => "a list",
        Value::Map(map) if map.kind == Type::Any => "a map",
        value => Type::of(value).name(),
    }
}

fn count(length: usize) -> Value {
    Value::Int(i64::try_from(length).unwrap_or(i64::MAX))
}

fn length(value: &Value) -> Called {
    match value {
        Value::Text(text) => Ok(count(text.len())),
        Value::List(list) => Ok(count(list.items().len())),
        Value::Map(map) => Ok(count(map.entries.len())),
        other => Err(format!("`len` takes a string, a list or a map, but is given {}", named(other))),
    }
}

/// A whole number up to and with `max`.
fn bound(index: &Value, max: usize) -> Result<usize, String> {
    match index {
        Value::Int(index) => usize::try_from(*index)
            .ok()
            .filter(|&index| index <= max)
            .ok_or_else(|| format!("the index {index} is out of range: the length is {max}")),
        other => Err(format!("an index must be a whole number, but is {}", named(other))),
    }
}

fn indexed(item: &Value, index: &Value) -> Called {
    let within = |length: usize| match bound(index, length) {
        Ok(at) if at == length => Err(format!("the index {at} is out of range: the length is {length}")),
        other => other,
    };
    match item {
        Value::List(list) => {
            let at = within(list.items().len())?;
            Ok(list.items().get(at).cloned().unwrap_or(Value::Nil))
        }
        Value::Text(text) => {
            let at = within(text.len())?;
            Ok(text.as_bytes().get(at).map_or(Value::Nil, |&byte| Value::Int(i64::from(byte))))
        }
        Value::Map(map) => match index {
            Value::Text(key) => Ok(map.get(key)),
            other => Err(format!("the index of a map must be a string, but is {}", named(other))),
        },
        other => Err(format!("`index` takes a list, a map or a string, but is given {}", named(other))),
    }
}

fn sliced(item: &Value, indexes: &[Value]) -> Called {
    let length = match item {
        Value::Text(text) => text.len(),
        Value::List(list) => list.items().len(),
        other => return Err(format!("`slice` takes a list or a string, but is given {}", named(other))),
    };
    let max = if matches!(item, Value::Text(_)) { 2 } else { 3 };
    if indexes.len() > max {
        return Err(format!("`slice` takes at most {max} indexes of {}, but is given {}", named(item), indexes.len()));
    }
    let bounds: Vec<usize> = indexes.iter().map(|index| bound(index, length)).collect::<Result<_, _>>()?;
    let (from, to) = (bounds.first().copied().unwrap_or(0), bounds.get(1).copied().unwrap_or(length));
    if from > to || bounds.get(2).is_some_and(|&capacity| to > capacity) {
        return Err(format!("the indexes {bounds:?} of `slice` must not fall"));
    }
    match item {
        Value::Text(held) => held
            .get(from..to)
            .map(Value::text)
            .ok_or_else(|| "`slice` would cut through a character: its indexes count bytes".to_owned()),
        Value::List(list) => Ok(Value::List(list.slice(from, to))),
        _ => Ok(Value::Nil),
    }
}

fn equal_to_any(first: &Value, others: &[Value]) -> Called {
    if others.is_empty() {
        return Err("`eq` takes at least 2 arguments, but is given 1".to_owned());
    }
    for other in others {
        if equal(first, other)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

fn equal(first: &Value, second: &Value) -> Result<bool, String> {
    match (first, second) {
        (Value::Nil, Value::Nil) => Ok(true),
        (Value::Bool(first), Value::Bool(second)) => Ok(first == second),
        (Value::Int(first), Value::Int(second)) => Ok(first == second),
        (Value::Float(first), Value::Float(second)) => Ok(first == second),
        (Value::Text(first), Value::Text(second)) => Ok(first == second),
        (Value::Nil, other) | (other, Value::Nil) => Ok(is_nil(other)),
        // Messages are pointers: the same one is equal to itself.
        (Value::Object(first), Value::Object(second))
            if first.kind == Type::Message && second.kind == Type::Message =>
        {
            Ok(Arc::ptr_eq(first, second))
        }
        _ => Err(format!("cannot compare {} with {}", named(first), named(second))),
    }
}

fn is_nil(value: &Value) -> bool {
    match value {
        Value::List(list) => list.is_nil(),
        Value::Map(map) => map.is_nil,
        value => *value == Value::Nil,
    }
}

fn ordered(first: &Value, second: &Value, is_met: impl Fn(Ordering) -> bool) -> Called {
    let ordering = match (first, second) {
        (Value::Int(first), Value::Int(second)) => Some(first.cmp(second)),
        (Value::Float(first), Value::Float(second)) => first.partial_cmp(second),
        (Value::Text(first), Value::Text(second)) => Some(first.cmp(second)),
        _ => return Err(format!("cannot order {} and {}", named(first), named(second))),
    };
    Ok(Value::Bool(ordering.is_some_and(is_met)))
}

/// Between two values that are no strings Go writes a space.
fn joined(values: &[Value], written: impl Fn(&Value) -> Result<String, String>) -> Result<String, String> {
    let mut joined = String::new();
    let mut was_text = true;
    for value in values {
        let told = written(value)?;
        let is_text = matches!(value, Value::Text(_)) || told == NO_VALUE;
        if !is_text && !was_text {
            joined.push(' ');
        }
        joined.push_str(&told);
        was_text = is_text;
    }
    Ok(joined)
}

fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\0' => escaped.push('\u{fffd}'),
            '"' => escaped.push_str("&#34;"),
            '\'' => escaped.push_str("&#39;"),
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            c => escaped.push(c),
        }
    }
    escaped
}

fn js(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => escaped.push_str("\\\\"),
            '\'' => escaped.push_str("\\'"),
            '"' => escaped.push_str("\\\""),
            '<' | '>' | '&' | '=' => escaped.push_str(&format!("\\u{:04X}", u32::from(c))),
            c if c.is_control() => escaped.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => escaped.push(c),
        }
    }
    escaped
}

fn urlquery(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => escaped.push('+'),
            b'-' | b'_' | b'.' | b'~' => escaped.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => escaped.push(char::from(byte)),
            byte => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

/// Ollama takes a format and does not heed it.
fn dated(formats: &[Value], days_ago: u64) -> Called {
    if formats.iter().any(|format| !matches!(format, Value::Text(_))) {
        return Err("the format of a date must be a string".to_owned());
    }
    let today = Local::now().date_naive();
    Ok(text(today.checked_sub_days(Days::new(days_ago)).unwrap_or(today).format("%Y-%m-%d").to_string()))
}

/// The type of a property as TypeScript writes it.
pub fn type_script(value: &Value) -> String {
    let Value::Object(property) = value else { return "any".to_owned() };
    if property.kind != Type::Property {
        return "any".to_owned();
    }
    let list = |name| match property.get(name) {
        Some(Value::List(list)) => list.clone(),
        _ => List::new(Type::Any, Vec::new()),
    };
    let (any_of, kinds) = (list("AnyOf"), list("Type"));
    let names: Vec<String> = match (any_of.items(), kinds.items()) {
        ([], []) => return "any".to_owned(),
        ([], kinds) => kinds.iter().map(|kind| type_script_name(kind).to_owned()).collect(),
        (any_of, _) => any_of.iter().map(type_script).collect(),
    };
    names.join(" | ")
}

fn type_script_name(kind: &Value) -> &'static str {
    let Value::Text(kind) = kind else { return "any" };
    match &**kind {
        "string" => "string",
        "number" | "integer" => "number",
        "boolean" => "boolean",
        "array" => "any[]",
        "object" => "Record<string, any>",
        "null" => "null",
        _ => "any",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::data::property;
    use super::*;

    fn value(json: serde_json::Value) -> Value {
        Value::of_json(&json)
    }

    #[test]
    fn every_function_that_is_named_can_be_called() {
        for name in NAMES.iter().filter(|name| !matches!(**name, "and" | "or")) {
            let called = call(name, &[Value::text("a"), Value::text("a")]);
            assert!(!called.clone().is_err_and(|error| error.contains("there is no")), "{name} {called:?}");
        }
        assert!(call("upper", &[]).unwrap_err().contains("there is no function"));
        assert!(NAMES.is_sorted());
    }

    #[test]
    fn what_go_would_not_compare_is_not_compared() {
        assert_eq!(call("eq", &[Value::Int(1), Value::Int(2), Value::Int(1)]), Ok(Value::Bool(true)));
        assert_eq!(call("eq", &[Value::text("a"), Value::Nil]), Ok(Value::Bool(false)));
        assert_eq!(call("lt", &[Value::text("a"), Value::text("b")]), Ok(Value::Bool(true)));
        for (name, first, second) in [
            ("eq", Value::Int(1), Value::text("1")),
            ("eq", Value::Int(1), Value::Float(1.0)),
            ("ne", value(json!([])), value(json!([]))),
            ("lt", Value::Bool(true), Value::Bool(false)),
            ("ge", Value::Nil, Value::Int(1)),
        ] {
            assert!(call(name, &[first.clone(), second.clone()]).is_err(), "{name} {first:?} {second:?}");
        }
        assert!(call("eq", &[Value::Nil]).is_err());
        assert!(call("not", &[]).unwrap_err().contains("takes 1 argument, but is given 0"));
    }

    #[test]
    fn an_index_must_be_within_the_length() {
        let list = value(json!(["a", {"b": "c"}]));
        assert_eq!(call("index", &[list.clone(), Value::Int(1), Value::text("b")]), Ok(Value::text("c")));
        assert_eq!(call("index", &[list.clone(), Value::Int(1), Value::text("x")]), Ok(Value::Nil));
        assert_eq!(call("slice", &[Value::text("abc"), Value::Int(1), Value::Int(2)]), Ok(Value::text("b")));
        assert_eq!(call("len", &[call("slice", &[list.clone(), Value::Int(2)]).unwrap()]), Ok(Value::Int(0)));
        for arguments in [
            vec![list.clone(), Value::Int(2)],
            vec![list.clone(), Value::Int(-1)],
            vec![list.clone(), Value::text("0")],
            vec![list.clone(), Value::Nil],
            vec![Value::Int(1), Value::Int(1)],
        ] {
            assert!(call("index", &arguments).is_err(), "{arguments:?}");
        }
        let beyond = [Value::Int(2), Value::Int(1)];
        assert!(call("slice", &[&[list][..], &beyond].concat()).is_err());
        assert!(call("slice", &[Value::text("é"), Value::Int(1)]).unwrap_err().contains("through a character"));
    }

    #[test]
    fn texts_are_escaped_as_go_escapes_them() {
        let called = |name, text: &str| call(name, &[Value::text(text)]).unwrap();
        assert_eq!(called("html", "<a href=\"x\">'&"), Value::text("&lt;a href=&#34;x&#34;&gt;&#39;&amp;"));
        assert_eq!(called("js", "'\"\\<\n="), Value::text("\\'\\\"\\\\\\u003C\\u000A\\u003D"));
        assert_eq!(called("urlquery", "a b/é"), Value::text("a+b%2F%C3%A9"));
        let values = [Value::Int(1), Value::Int(2), Value::text("a"), Value::Nil];
        assert_eq!(call("print", &values), Ok(Value::text("1 2a<nil>")));
        assert_eq!(call("println", &values), Ok(Value::text("1 2 a <nil>\n")));
    }

    #[test]
    fn a_property_has_a_type_of_type_script() {
        for (schema, expected) in [
            (json!({"type": "integer"}), "number"),
            (json!({"type": ["array", "null"]}), "any[] | null"),
            (json!({"anyOf": [{"type": "string"}, {"type": "object"}]}), "string | Record<string, any>"),
            (json!({}), "any"),
        ] {
            assert_eq!(type_script(&property(&schema)), expected);
        }
        assert_eq!(type_script(&Value::text("x")), "any");
    }

    #[test]
    fn yesterday_is_another_day_than_today() {
        let (today, yesterday) = (call("currentDate", &[]).unwrap(), call("yesterdayDate", &[]).unwrap());
        assert_ne!(today, yesterday);
        assert!(matches!(today, Value::Text(text) if text.len() == 10));
        assert!(call("currentDate", &[Value::Int(1)]).is_err());
    }
}
