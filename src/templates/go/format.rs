//! `printf`, as Go's `fmt` has it, for the values that a template can hold.

use super::print::{escaped, plain, quoted};
use super::types::Type;
use super::value::{List, Value};

/// Widest field, and most digits.
const MAX_WIDTH: usize = 10_000;

/// A verb with its flags: `%-10.3s`.
#[derive(Default)]
struct Verb {
    left: bool,
    plus: bool,
    space: bool,
    zero: bool,
    sharp: bool,
    width: usize,
    precision: Option<usize>,
}

pub fn formatted(format: &str, values: &[Value]) -> Result<String, String> {
    let mut text = String::with_capacity(format.len());
    let mut values = values.iter();
    let mut rest = format.chars();
    while let Some(c) = rest.next() {
        if c != '%' {
            text.push(c);
            continue;
        }
        let (verb, kind) = verb(&mut rest)?;
        match kind {
            None => text.push_str("%!(NOVERB)"),
            Some('%') => text.push('%'),
            Some(kind) => match values.next() {
                None => text.push_str(&format!("%!{kind}(MISSING)")),
                Some(value) => text.push_str(&verb.written(kind, value)?),
            },
        }
    }
    let extra = values.map(told).collect::<Result<Vec<String>, String>>()?;
    if !extra.is_empty() {
        text.push_str(&format!("%!(EXTRA {})", extra.join(", ")));
    }
    Ok(text)
}

/// With its type, as an argument that no verb takes is told.
fn told(value: &Value) -> Result<String, String> {
    match value {
        Value::Nil => Ok("<nil>".to_owned()),
        Value::List(_) | Value::Map(_) | Value::Object(_) => {
            Err("`printf` with more values than verbs cannot be rendered here".to_owned())
        }
        value => Ok(format!("{}={}", go_type(value), plain(value)?)),
    }
}

fn verb(rest: &mut std::str::Chars<'_>) -> Result<(Verb, Option<char>), String> {
    let mut verb = Verb::default();
    let mut next = rest.next();
    while let Some(flag) = next {
        match flag {
            '-' => verb.left = true,
            '+' => verb.plus = true,
            ' ' => verb.space = true,
            '0' => verb.zero = true,
            '#' => verb.sharp = true,
            _ => break,
        }
        next = rest.next();
    }
    (verb.width, next) = number(rest, next)?;
    if next == Some('.') {
        let digits = rest.next();
        let (precision, after) = number(rest, digits)?;
        (verb.precision, next) = (Some(precision), after);
    }
    if matches!(next, Some('*' | '[')) {
        return Err("`printf` with `*` or `[` in its format cannot be rendered here".to_owned());
    }
    Ok((verb, next))
}

fn number(rest: &mut std::str::Chars<'_>, mut next: Option<char>) -> Result<(usize, Option<char>), String> {
    let mut number = 0;
    while let Some(digit) = next.and_then(|c| c.to_digit(10)) {
        number = number * 10 + digit as usize;
        if number > MAX_WIDTH {
            return Err(format!("a width of `printf` may be at most {MAX_WIDTH}"));
        }
        next = rest.next();
    }
    Ok((number, next))
}

fn is_all_text(list: &List) -> bool {
    list.items().iter().all(|item| matches!(item, Value::Text(_)))
}

impl Verb {
    /// Whether it says more than how to write a whole value, which Go would apply to each of its parts.
    fn is_special(&self) -> bool {
        self.plus || self.sharp || self.width > 0 || self.precision.is_some()
    }

    fn written(&self, kind: char, value: &Value) -> Result<String, String> {
        let text = match (kind, value) {
            ('v', Value::Int(number)) | ('d', Value::Int(number)) => return Ok(self.number(&self.whole(*number, 10))),
            ('x', Value::Int(number)) => return Ok(self.number(&self.whole(*number, 16))),
            ('X', Value::Int(number)) => return Ok(self.number(&self.whole(*number, 16).to_uppercase())),
            ('o', Value::Int(number)) => return Ok(self.number(&self.whole(*number, 8))),
            ('b', Value::Int(number)) => return Ok(self.number(&self.whole(*number, 2))),
            ('c', Value::Int(number)) => character(*number).to_string(),
            ('q', Value::Int(number)) => format!("'{}'", escaped(character(*number), '\'')),
            ('U', Value::Int(number)) => format!("U+{number:04X}"),
            ('f' | 'F', Value::Float(number)) => {
                let precision = self.precision.unwrap_or(6);
                return Ok(self.number(&self.signed(format!("{number:.precision$}"))));
            }
            ('v' | 'g', Value::Float(_)) if self.precision.is_none() => {
                return Ok(self.number(&self.signed(plain(value)?)));
            }
            ('e' | 'E' | 'g' | 'G' | 'v', Value::Float(_)) => {
                return Err(format!("`printf` with `%{kind}` cannot be rendered here; use `%f` or `%v`"));
            }
            ('t' | 'v', Value::Bool(value)) => value.to_string(),
            ('v', Value::Nil) => "<nil>".to_owned(),
            ('s', Value::Text(held)) => self.cut(held),
            ('v', Value::Text(held)) => self.cut(held),
            ('q', Value::Text(held)) => quoted(&self.cut(held)),
            ('x', Value::Text(held)) => held.bytes().map(|byte| format!("{byte:02x}")).collect(),
            ('X', Value::Text(held)) => held.bytes().map(|byte| format!("{byte:02X}")).collect(),
            ('T', value) => go_type(value).to_owned(),
            ('v' | 's', value) if Type::of(value).is_printed_as_json() => plain(value)?,
            ('v', value) if !self.is_special() => plain(value)?,
            ('s', Value::List(list)) if !self.is_special() && is_all_text(list) => plain(value)?,
            (kind, Value::Nil) => return Ok(format!("%!{kind}(<nil>)")),
            (kind, value @ (Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Text(_))) => {
                return Ok(format!("%!{kind}({}={})", go_type(value), self.written('v', value)?));
            }
            (kind, _) => return Err(format!("`printf` with `%{kind}` of such a value cannot be rendered here")),
        };
        Ok(self.padded(text))
    }

    fn whole(&self, number: i64, radix: u32) -> String {
        let mut rest = number.unsigned_abs();
        let mut digits = Vec::new();
        loop {
            digits.push(char::from_digit(u32::try_from(rest % u64::from(radix)).unwrap_or_default(), radix));
            rest /= u64::from(radix);
            if rest == 0 {
                break;
            }
        }
        let digits: String = digits.into_iter().rev().flatten().collect();
        let zeros = "0".repeat(self.precision.unwrap_or_default().saturating_sub(digits.len()));
        let prefix = match (self.sharp, radix) {
            (true, 16) => "0x",
            (true, 8) => "0",
            (true, 2) => "0b",
            _ => "",
        };
        let sign = if number < 0 { "-" } else { "" };
        self.signed(format!("{sign}{prefix}{zeros}{digits}"))
    }

    fn signed(&self, number: String) -> String {
        match () {
            () if number.starts_with('-') => number,
            () if self.plus => format!("+{number}"),
            () if self.space => format!(" {number}"),
            () => number,
        }
    }

    /// Zeros stand behind the sign.
    fn number(&self, number: &str) -> String {
        let missing = self.width.saturating_sub(number.len());
        if !self.zero || self.left || missing == 0 || self.precision.is_some() && !number.contains('.') {
            return self.padded(number.to_owned());
        }
        let signs = number.len() - number.trim_start_matches(['-', '+', ' ']).len();
        let (sign, digits) = number.split_at(signs);
        format!("{sign}{}{digits}", "0".repeat(missing))
    }

    fn cut(&self, text: &str) -> String {
        match self.precision {
            Some(precision) => text.chars().take(precision).collect(),
            None => text.to_owned(),
        }
    }

    fn padded(&self, text: String) -> String {
        let missing = self.width.saturating_sub(text.chars().count());
        match self.left {
            true => text + &" ".repeat(missing),
            false => (if self.zero { "0" } else { " " }).repeat(missing) + &text,
        }
    }
}

fn character(number: i64) -> char {
    u32::try_from(number).ok().and_then(char::from_u32).unwrap_or('\u{fffd}')
}

fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Nil => "<nil>",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int",
        Value::Float(_) => "float64",
        Value::Text(_) => "string",
        Value::List(_) => "[]interface {}",
        Value::Map(_) => "map[string]interface {}",
        Value::Object(_) => "struct",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_writes_what_go_writes() {
        let (s, d, f) = (Value::text("héy"), Value::Int(-42), Value::Float(2.5));
        for (format, values, expected) in [
            ("%s|%v|%q", vec![s.clone(), s.clone(), s.clone()], "héy|héy|\"héy\""),
            ("%5s|%-5s|%.2s", vec![s.clone(), s.clone(), s.clone()], "  héy|héy  |hé"),
            (
                "%d|%5d|%-5d|%05d|%+d",
                vec![d.clone(), d.clone(), d.clone(), d.clone(), Value::Int(7)],
                "-42|  -42|-42  |-0042|+7",
            ),
            ("%x|%X|%o|%b|%#x", vec![Value::Int(255); 5], "ff|FF|377|11111111|0xff"),
            ("%c|%U", vec![Value::Int(233), Value::Int(233)], "é|U+00E9"),
            ("%v|%.1f|%6.2f|%f", vec![f.clone(), f.clone(), f.clone(), f.clone()], "2.5|2.5|  2.50|2.500000"),
            ("%t|%v", vec![Value::Bool(true), Value::Nil], "true|<nil>"),
            ("%d|%s", vec![s.clone(), d.clone()], "%!d(string=héy)|%!s(int=-42)"),
            ("%s%s", vec![s.clone()], "héy%!s(MISSING)"),
            ("100%%", vec![], "100%"),
            ("%", vec![], "%!(NOVERB)"),
            ("a", vec![d.clone()], "a%!(EXTRA int=-42)"),
            ("%s", vec![Value::Nil], "%!s(<nil>)"),
            ("%5s|%-6v|%v", vec![d.clone(), Value::Bool(true), Value::Nil], "%!s(int=  -42)|true  |<nil>"),
            ("a", vec![Value::Nil], "a%!(EXTRA <nil>)"),
            ("%q", vec![Value::Int(39)], r"'\''"),
        ] {
            assert_eq!(formatted(format, &values).as_deref(), Ok(expected), "{format}");
        }
    }

    #[test]
    fn what_it_cannot_write_is_an_error_and_no_width_is_endless() {
        for format in ["%*d", "%[1]d", "%99999d", "%.99999f", "%999999999999999999999999d"] {
            assert!(formatted(format, &[Value::Int(1)]).is_err(), "{format}");
        }
    }
}
