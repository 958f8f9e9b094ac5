//! JSON as people's tools read it: Python writes NaN and Infinity, editors leave a byte order mark,
//! and a key given twice counts as its last value. Each of these is told, none of them fails.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// A parsed file, and in what way it was more than JSON allows.
#[derive(Debug)]
pub struct Parsed {
    pub value: Value,
    pub oddities: Vec<&'static str>,
}

/// Parses the bytes of a JSON file; the error says where it is broken.
pub fn parse(bytes: &[u8]) -> Result<Parsed, String> {
    let mut oddities = Vec::new();
    let bytes = match bytes.strip_prefix(b"\xEF\xBB\xBF") {
        Some(rest) => {
            oddities.push("it begins with a byte order mark");
            rest
        }
        None => bytes,
    };
    let Unchecked { value, duplicate } = match serde_json::from_slice(bytes) {
        Ok(unchecked) => unchecked,
        Err(strict) => {
            let replaced = null_for_non_finite(bytes).ok_or_else(|| strict.to_string())?;
            let unchecked = serde_json::from_slice(&replaced).map_err(|error| error.to_string())?;
            oddities.push("it holds NaN or Infinity, which are read as null");
            unchecked
        }
    };
    if duplicate.is_some() {
        oddities.push("it gives a key twice, of which the last value is read");
    }
    Ok(Parsed { value, oddities })
}

/// Parses JSON and nothing beyond it; a key given twice is an error too.
pub fn parse_strict(bytes: &[u8]) -> Result<Value, String> {
    let unchecked: Unchecked = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    match unchecked.duplicate {
        None => Ok(unchecked.value),
        Some(key) => Err(format!("the member {key:?} is given twice")),
    }
}

/// The same text with NaN, Infinity and -Infinity outside strings replaced by null; `None` if there are none.
fn null_for_non_finite(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len());
    let (mut rest, mut found, mut in_string) = (bytes, false, false);
    while let Some((&byte, tail)) = rest.split_first() {
        if in_string {
            out.push(byte);
            rest = tail;
            match (byte, tail.split_first()) {
                (b'\\', Some((&escaped, after))) => {
                    out.push(escaped);
                    rest = after;
                }
                (b'"', _) => in_string = false,
                _ => {}
            }
            continue;
        }
        let token = [&b"-Infinity"[..], b"Infinity", b"NaN"].into_iter().find(|token| rest.starts_with(token));
        if let Some(after) = token.and_then(|token| rest.strip_prefix(token)) {
            out.extend_from_slice(b"null");
            rest = after;
            found = true;
        } else {
            in_string = byte == b'"';
            out.push(byte);
            rest = tail;
        }
    }
    found.then_some(out)
}

/// A value, and a key that some object in it gave twice.
struct Unchecked {
    value: Value,
    duplicate: Option<String>,
}

impl<'de> Deserialize<'de> for Unchecked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UncheckedVisitor)
    }
}

struct UncheckedVisitor;

impl Unchecked {
    fn plain(value: impl Into<Value>) -> Self {
        Self { value: value.into(), duplicate: None }
    }
}

impl<'de> Visitor<'de> for UncheckedVisitor {
    type Value = Unchecked;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Unchecked, E> {
        Ok(Unchecked::plain(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Unchecked, E> {
        Ok(Unchecked::plain(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Unchecked, E> {
        Ok(Unchecked::plain(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Unchecked, E> {
        Ok(Unchecked::plain(value))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Unchecked, E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom("number out of range"))?;
        Ok(Unchecked::plain(Value::Number(number)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Unchecked, E> {
        Ok(Unchecked::plain(value))
    }

    fn visit_string<E>(self, value: String) -> Result<Unchecked, E> {
        Ok(Unchecked::plain(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Unchecked, A::Error> {
        let (mut items, mut duplicate) = (Vec::new(), None);
        while let Some(item) = seq.next_element::<Unchecked>()? {
            duplicate = duplicate.or(item.duplicate);
            items.push(item.value);
        }
        Ok(Unchecked { value: Value::Array(items), duplicate })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Unchecked, A::Error> {
        let (mut members, mut duplicate) = (Map::new(), None);
        while let Some((key, member)) = map.next_entry::<String, Unchecked>()? {
            let twice = members.contains_key(&key).then(|| key.clone());
            duplicate = duplicate.or(member.duplicate).or(twice);
            members.insert(key, member.value);
        }
        Ok(Unchecked { value: Value::Object(members), duplicate })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn python_numbers_become_null_outside_strings_only() {
        let parsed = parse(br#"{"a": [0.0, Infinity], "b": "NaN \" Infinity", "c": -Infinity, "d": NaN}"#).unwrap();
        assert_eq!(parsed.value, json!({"a": [0.0, null], "b": "NaN \" Infinity", "c": null, "d": null}));
        assert_eq!(parsed.oddities.len(), 1);
    }

    #[test]
    fn a_byte_order_mark_and_a_key_given_twice_are_told() {
        let parsed = parse(b"\xEF\xBB\xBF{\"a\": 1, \"b\": [{\"x\": 1, \"x\": 2}]}").unwrap();
        assert_eq!(parsed.value, json!({"a": 1, "b": [{"x": 2}]}));
        assert_eq!(parsed.oddities.len(), 2);
    }

    #[test]
    fn broken_json_is_an_error_with_its_place() {
        assert!(parse(b"{\"hidden_size\": {hidden_size}}").unwrap_err().contains("line 1 column"));
        assert!(parse("[".repeat(100_000).as_bytes()).is_err());
        assert!(parse(b"NaN NaN").is_err());
    }

    #[test]
    fn large_counts_stay_exact() {
        let parsed = parse(b"[18446744073709551615, -9223372036854775808, 1e3]").unwrap();
        assert_eq!(parsed.value[0].as_u64(), Some(u64::MAX));
        assert_eq!(parsed.value[1].as_i64(), Some(i64::MIN));
    }
}
