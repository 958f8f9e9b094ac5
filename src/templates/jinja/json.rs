//! `tojson` as transformers defines it: Python's `json.dumps`, without escapes for HTML.

use minijinja::value::{Kwargs, ValueKind};
use minijinja::{Error, ErrorKind, State, Value};

use super::MAX_TEXT;

/// Lists and maps within each other.
const MAX_DEPTH: usize = 64;
const MAX_INDENT: usize = 16;

pub fn tojson(state: &State, value: &Value, options: Kwargs) -> Result<String, Error> {
    let indent = options.get::<Option<usize>>("indent")?;
    let separators = options.get::<Option<Vec<String>>>("separators")?;
    let between = if indent.is_some() { "," } else { ", " };
    let (item, key) = match separators.as_deref() {
        Some([item, key]) => (item.clone(), key.clone()),
        _ => (between.to_owned(), ": ".to_owned()),
    };
    let mut writer = Writer {
        text: String::new(),
        paid: 0,
        state,
        indent: indent.map(|indent| indent.min(MAX_INDENT)),
        item,
        key,
        ascii: options.get::<Option<bool>>("ensure_ascii")?.unwrap_or(false),
        sorted: options.get::<Option<bool>>("sort_keys")?.unwrap_or(false),
    };
    options.assert_all_used()?;
    writer.value(value, 0)?;
    Ok(writer.text)
}

struct Writer<'s, 't, 'e> {
    text: String,
    /// Bytes that fuel was taken for.
    paid: usize,
    state: &'s State<'t, 'e>,
    indent: Option<usize>,
    item: String,
    key: String,
    ascii: bool,
    sorted: bool,
}

impl Writer<'_, '_, '_> {
    fn value(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        self.pay(depth)?;
        match value.kind() {
            ValueKind::None => self.text.push_str("null"),
            ValueKind::Bool => self.text.push_str(if value.is_true() { "true" } else { "false" }),
            ValueKind::Number => self.number(value),
            ValueKind::String => self.string(value.as_str().unwrap_or_default()),
            ValueKind::Map => self.map(value, depth)?,
            ValueKind::Seq | ValueKind::Iterable => self.list(value, depth)?,
            kind => return Err(Error::new(ErrorKind::BadSerialization, format!("a {kind} is no JSON"))),
        }
        Ok(())
    }

    /// A value may hold the same list many times over: what is written is paid for while it grows.
    fn pay(&mut self, depth: usize) -> Result<(), Error> {
        let written = self.text.len() - self.paid;
        self.paid = self.text.len();
        self.state.consume_fuel(1 + written as u64 / 16)?;
        if depth > MAX_DEPTH || self.text.len() > MAX_TEXT {
            return Err(Error::new(ErrorKind::BadSerialization, "the value is too deep or too long for JSON"));
        }
        Ok(())
    }

    fn number(&mut self, value: &Value) {
        let text = value.to_string();
        self.text.push_str(match text.as_str() {
            "inf" => "Infinity",
            "-inf" => "-Infinity",
            other => other,
        });
    }

    fn string(&mut self, text: &str) {
        self.text.push('"');
        for c in text.chars() {
            self.character(c);
        }
        self.text.push('"');
    }

    fn character(&mut self, c: char) {
        match c {
            '"' => self.text.push_str("\\\""),
            '\\' => self.text.push_str("\\\\"),
            '\n' => self.text.push_str("\\n"),
            '\r' => self.text.push_str("\\r"),
            '\t' => self.text.push_str("\\t"),
            '\u{8}' => self.text.push_str("\\b"),
            '\u{c}' => self.text.push_str("\\f"),
            c if c < ' ' || (self.ascii && c > '~') => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    self.text.push_str(&format!("\\u{unit:04x}"));
                }
            }
            c => self.text.push(c),
        }
    }

    fn map(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        let mut keys: Vec<Value> = value.try_iter()?.collect();
        if self.sorted {
            keys.sort();
        }
        self.text.push('{');
        for (at, key) in keys.iter().enumerate() {
            self.separate(at, depth + 1);
            self.string(&key.to_string());
            self.text.push_str(&self.key.clone());
            self.value(&value.get_item(key)?, depth + 1)?;
        }
        self.close(keys.len(), depth, '}');
        Ok(())
    }

    fn list(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        self.text.push('[');
        let mut items = 0;
        for item in value.try_iter()? {
            self.separate(items, depth + 1);
            self.value(&item, depth + 1)?;
            items += 1;
        }
        self.close(items, depth, ']');
        Ok(())
    }

    fn separate(&mut self, at: usize, depth: usize) {
        if at > 0 {
            self.text.push_str(&self.item.clone());
        }
        self.new_line(depth);
    }

    fn close(&mut self, items: usize, depth: usize, end: char) {
        if items > 0 {
            self.new_line(depth);
        }
        self.text.push(end);
    }

    fn new_line(&mut self, depth: usize) {
        if let Some(indent) = self.indent {
            self.text.push('\n');
            self.text.extend(std::iter::repeat_n(' ', indent * depth));
        }
    }
}
