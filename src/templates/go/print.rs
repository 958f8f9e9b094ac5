//! How Go writes a value: as `%v`, as JSON, in quotes.

use super::types::Type;
use super::value::{Field, Value};

/// What is written where there is nothing.
pub const NO_VALUE: &str = "<no value>";

/// As `{{ value }}` writes it.
pub fn shown(value: &Value) -> Result<String, String> {
    match value {
        Value::Nil => Ok(NO_VALUE.to_owned()),
        value => plain(value),
    }
}

/// As `%v` writes it.
pub fn plain(value: &Value) -> Result<String, String> {
    let mut text = String::new();
    write_plain(&mut text, value)?;
    Ok(text)
}

fn write_plain(text: &mut String, value: &Value) -> Result<(), String> {
    let kind = Type::of(value);
    if kind.is_printed_as_json() {
        match value {
            Value::Map(map) if map.is_nil => text.push_str("{}"),
            _ => write_json(text, value),
        }
        return Ok(());
    }
    match value {
        Value::Nil => text.push_str("<nil>"),
        Value::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Value::Int(value) => text.push_str(&value.to_string()),
        Value::Float(value) => text.push_str(&float(*value)),
        Value::Text(held) => text.push_str(held),
        Value::List(list) if kind == Type::PropertyKinds && list.items().len() < 2 => {
            list.items().iter().try_for_each(|item| write_plain(text, item))?;
        }
        Value::List(list) => {
            if kind == Type::Messages && !list.items().is_empty() {
                return Err("messages have no text of their own: Ollama would write their addresses; range over them"
                    .to_owned());
            }
            let items = list.items().iter();
            write_all(text, ('[', ']'), items, write_plain)?;
        }
        Value::Map(map) => {
            text.push_str("map");
            write_all(text, ('[', ']'), map.entries.iter(), |text, (name, value)| {
                text.push_str(name);
                text.push(':');
                write_plain(text, value)
            })?;
        }
        Value::Object(object) => {
            write_all(text, ('{', '}'), object.fields.iter(), |text, field| write_plain(text, &field.value))?;
        }
    }
    Ok(())
}

fn write_all<T>(
    text: &mut String,
    (open, close): (char, char),
    items: impl Iterator<Item = T>,
    mut write: impl FnMut(&mut String, T) -> Result<(), String>,
) -> Result<(), String> {
    text.push(open);
    for (index, item) in items.enumerate() {
        if index > 0 {
            text.push(' ');
        }
        write(text, item)?;
    }
    text.push(close);
    Ok(())
}

/// As `json` writes it.
pub fn json(value: &Value) -> String {
    let mut text = String::new();
    write_json(&mut text, value);
    text
}

fn write_json(text: &mut String, value: &Value) {
    match value {
        Value::Nil => text.push_str("null"),
        Value::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Value::Int(value) => text.push_str(&value.to_string()),
        Value::Float(value) => text.push_str(&json_float(*value)),
        Value::Text(held) => write_json_text(text, held),
        Value::List(list) if list.kind == Type::PropertyKinds && list.items().len() == 1 => {
            list.items().iter().for_each(|item| write_json(text, item));
        }
        Value::List(list) if list.is_nil() => text.push_str("null"),
        Value::List(list) => write_members(text, ('[', ']'), list.items().iter(), write_json),
        Value::Map(map) if map.is_nil => text.push_str("null"),
        Value::Map(map) => write_members(text, ('{', '}'), map.entries.iter(), |text, (name, value)| {
            write_json_text(text, name);
            text.push(':');
            write_json(text, value);
        }),
        Value::Object(object) => {
            let kept = object.fields.iter().filter(|field| !(field.is_optional && is_left_out(&field.value)));
            write_members(text, ('{', '}'), kept, |text, Field { json, value, .. }: &Field| {
                write_json_text(text, json);
                text.push(':');
                write_json(text, value);
            });
        }
    }
}

/// What Go's `omitempty` leaves out; what may be of any type it leaves out only if it is nil.
fn is_left_out(value: &Value) -> bool {
    match value {
        Value::List(list) => list.items().is_empty(),
        Value::Text(text) => text.is_empty(),
        value => *value == Value::Nil,
    }
}

fn write_members<T>(
    text: &mut String,
    (open, close): (char, char),
    items: impl Iterator<Item = T>,
    mut write: impl FnMut(&mut String, T),
) {
    text.push(open);
    for (index, item) in items.enumerate() {
        if index > 0 {
            text.push(',');
        }
        write(text, item);
    }
    text.push(close);
}

/// Go writes JSON that can stand in a page of HTML.
fn write_json_text(text: &mut String, held: &str) {
    text.push('"');
    for c in held.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            '\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                text.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => text.push(c),
        }
    }
    text.push('"');
}

/// Digits without a point, and where the point stands: `-12.5` is `-`, `125`, 2.
fn digits(value: f64) -> (&'static str, String, i32) {
    let written = format!("{:e}", value.abs());
    let (mantissa, exponent) = written.split_once('e').unwrap_or((&written, "0"));
    let sign = if value.is_sign_negative() { "-" } else { "" };
    (sign, mantissa.replace('.', ""), exponent.parse::<i32>().unwrap_or_default() + 1)
}

fn float(value: f64) -> String {
    let point = digits(value).2;
    if value != 0.0 && !(-3..=6).contains(&point) { exponential(value, 2) } else { fraction(value) }
}

fn json_float(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) { exponential(value, 1) } else { fraction(value) }
}

fn fraction(value: f64) -> String {
    // Rust's own form has no exponent and the fewest digits that give the value back.
    if value == 0.0 && value.is_sign_negative() { "-0".to_owned() } else { format!("{value}") }
}

/// With an exponent of so many digits at least; JSON takes the fewest only if it is negative.
fn exponential(value: f64, width: usize) -> String {
    let (sign, digits, point) = digits(value);
    let (first, rest) = digits.split_at(1.min(digits.len()));
    let dot = if rest.is_empty() { "" } else { "." };
    let exponent = point - 1;
    let width = if exponent > 0 { 2 } else { width };
    format!("{sign}{first}{dot}{rest}e{}{:0width$}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
}

/// As `%q` writes a string.
pub fn quoted(text: &str) -> String {
    text.chars().fold(String::from('"'), |written, c| written + &escaped(c, '"')) + "\""
}

/// A character as it stands between such quotes.
pub fn escaped(c: char, quote: char) -> String {
    match c {
        '\\' => "\\\\".to_owned(),
        '\u{7}' => "\\a".to_owned(),
        '\u{8}' => "\\b".to_owned(),
        '\u{c}' => "\\f".to_owned(),
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        '\t' => "\\t".to_owned(),
        '\u{b}' => "\\v".to_owned(),
        c if c == quote => format!("\\{quote}"),
        c if c.is_ascii_control() => format!("\\x{:02x}", u32::from(c)),
        c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_written_as_go_writes_them() {
        for (value, plain, json) in [
            (22.0, "22", "22"),
            (0.0, "0", "0"),
            (-1.5, "-1.5", "-1.5"),
            (1e20, "1e+20", "100000000000000000000"),
            (1e21, "1e+21", "1e+21"),
            (123_456_789.0, "1.23456789e+08", "123456789"),
            (0.0001, "0.0001", "0.0001"),
            (0.000_01, "1e-05", "0.00001"),
            (1e-7, "1e-07", "1e-7"),
        ] {
            assert_eq!((float(value).as_str(), json_float(value).as_str()), (plain, json));
        }
    }

    #[test]
    fn values_are_written_as_go_writes_them() {
        let value = Value::of_json(&json!({"b": [1, "x", null, true], "a": {"c": "<&>\u{2028}\n\u{1}"}}));
        assert_eq!(plain(&value).unwrap(), "map[a:map[c:<&>\u{2028}\n\u{1}] b:[1 x <nil> true]]");
        assert_eq!(json(&value), r#"{"a":{"c":"\u003c\u0026\u003e\u2028\n\u0001"},"b":[1,"x",null,true]}"#);
        assert_eq!(shown(&Value::Nil).unwrap(), "<no value>");
        assert_eq!(quoted("a\"\\\n\u{1}é"), r#""a\"\\\n\x01é""#);
    }
}
