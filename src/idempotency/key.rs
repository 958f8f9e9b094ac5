//! The key itself: a quoted string as structured fields write it, or the bare text that most clients send.

use actix_web::HttpRequest;
use actix_web::http::header::HeaderName;

use crate::error::{ApiError, Fault};

pub const KEY: HeaderName = HeaderName::from_static("idempotency-key");

const MAX_LENGTH: usize = 255;

/// A text of the client's own that names one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// The key of a request, if it has one.
    pub fn of(request: &HttpRequest) -> Result<Option<Self>, ApiError> {
        let refused =
            |code, detail| ApiError::InvalidParameter(vec![Fault::parameter("Idempotency-Key", code, detail)]);
        let mut given = request.headers().get_all(&KEY);
        let Some(value) = given.next() else { return Ok(None) };
        if given.next().is_some() {
            return Err(refused("repeated", "must be given once"));
        }
        let detail = "must be 1 to 255 printable ASCII characters, bare or as a quoted string";
        let parsed = value.to_str().ok().and_then(Self::parse);
        parsed.map(Some).ok_or_else(|| refused("key", detail))
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let key = match text.strip_prefix('"') {
            Some(quoted) => unquoted(quoted)?,
            None => text.to_owned(),
        };
        let is_printable = key.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        ((1..=MAX_LENGTH).contains(&key.len()) && is_printable).then_some(Self(key))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The rest of a structured field string (RFC 8941, section 3.3.3) after its first quote.
fn unquoted(rest: &str) -> Option<String> {
    let mut key = String::with_capacity(rest.len());
    let mut characters = rest.chars();
    loop {
        match characters.next()? {
            '"' => return characters.next().is_none().then_some(key),
            '\\' => key.push(characters.next().filter(|escaped| matches!(escaped, '"' | '\\'))?),
            plain => key.push(plain),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_bare_or_quoted() {
        for (given, key) in [
            ("a", "a"),
            ("8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"),
            ("two words", "two words"),
            ("\"quoted\"", "quoted"),
            (r#""a \"b\" \\ c""#, r#"a "b" \ c"#),
            ("  padded  ", "padded"),
            ("a\"b", "a\"b"),
        ] {
            assert_eq!(Key::parse(given), Some(Key(key.to_owned())), "{given}");
        }
        assert!(Key::parse(&"k".repeat(255)).is_some());
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for given in ["", " ", "\"", "\"\"", "\"a", "\"a\"b", r#""\a""#, r#""a\"#, "tab\tinside", "é", &"k".repeat(256)]
        {
            assert_eq!(Key::parse(given), None, "{given:?}");
        }
    }
}
