//! The YAML at the head of a README: what the author tells the Hugging Face Hub of the model.
//!
//! It is read as a row of events, so that nothing is expanded: an alias is a null, every scalar is the
//! text that stands there (`no` is Norwegian, not false; `1.10` is a version, not a number), and what
//! is nested deeper than anything real is passed over. Where the YAML breaks off, what was complete
//! before stays.

use std::borrow::Cow;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError};
use serde_json::{Map, Value};

/// Bytes that are read; benchmark results make the longest known real one 132 kB.
const MAX_BYTES: usize = 512 << 10;
/// Deepest nesting that is kept; the evaluation results of `model-index` need seven.
const MAX_DEPTH: usize = 12;

/// A README cut in two.
#[derive(Debug, PartialEq, Eq)]
pub struct Readme<'a> {
    /// The YAML between the two lines of `---`.
    pub front_matter: Option<&'a str>,
    pub body: &'a str,
}

/// Finds the front matter: it begins in the first line and has an end, or there is none.
pub fn split(text: &str) -> Readme<'_> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let Some(after) = text.split_once('\n').filter(|(first, _)| first.trim_end() == "---").map(|(_, rest)| rest) else {
        return Readme { front_matter: None, body: text };
    };
    let mut at = 0;
    for line in after.split_inclusive('\n') {
        let end = at + line.len();
        if line.trim_end() == "---" {
            return Readme { front_matter: after.get(..at), body: after.get(end..).unwrap_or_default() };
        }
        at = end;
    }
    Readme { front_matter: None, body: text }
}

/// The front matter as JSON, and what is wrong with it.
pub fn parse(yaml: &str) -> (Value, Option<String>) {
    let cut = yaml.len() > MAX_BYTES;
    let yaml = if cut { yaml.get(..yaml.floor_char_boundary(MAX_BYTES)).unwrap_or_default() } else { yaml };
    let (value, error) = parse_whole(yaml);
    (value, if cut { Some(format!("only its first {MAX_BYTES} bytes are read")) } else { error })
}

fn parse_whole(yaml: &str) -> (Value, Option<String>) {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(yaml) {
        match event {
            Ok((Event::DocumentEnd, _)) => break,
            Ok((event, _)) => builder.take(event),
            Err(error) => return (builder.finish(), Some(describe(&error))),
        }
    }
    (builder.finish(), None)
}

fn describe(error: &ScanError) -> String {
    let place = error.marker();
    format!("{} at line {} column {}", error.info(), place.line(), place.col() + 1)
}

/// A list or a map that is not finished.
enum Open {
    List(Vec<Value>),
    Map { members: Map<String, Value>, key: Option<String> },
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    /// How many levels below the deepest one that is kept the parser stands.
    too_deep: usize,
    done: Option<Value>,
}

impl Builder {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::SequenceStart(..) => self.begin(Open::List(Vec::new())),
            Event::MappingStart(..) => self.begin(Open::Map { members: Map::new(), key: None }),
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Scalar(text, style, ..) => self.add(scalar(text, style)),
            Event::Alias(_) => self.add(Value::Null),
            _ => {}
        }
    }

    fn begin(&mut self, open: Open) {
        if self.too_deep > 0 || self.open.len() >= MAX_DEPTH {
            self.too_deep += 1;
        } else {
            self.open.push(open);
        }
    }

    fn end(&mut self) {
        if self.too_deep > 0 {
            self.too_deep -= 1;
            return self.add(Value::Null);
        }
        let value = match self.open.pop() {
            Some(Open::List(items)) => Value::Array(items),
            Some(Open::Map { members, .. }) => Value::Object(members),
            None => return,
        };
        self.add(value);
    }

    /// Puts a value where it belongs. A key that is no text is kept as an empty one.
    fn add(&mut self, value: Value) {
        if self.too_deep > 0 {
            return;
        }
        match self.open.last_mut() {
            Some(Open::List(items)) => items.push(value),
            Some(Open::Map { members, key }) => match key.take() {
                Some(key) => drop(members.insert(key, value)),
                None => *key = Some(value.as_str().unwrap_or_default().to_owned()),
            },
            None => self.done = Some(value),
        }
    }

    /// What was complete: the document, or the members read of the map that broke off.
    fn finish(mut self) -> Value {
        self.too_deep = 0;
        while self.open.len() > 1 {
            self.open.pop();
        }
        self.end();
        self.done.unwrap_or_default()
    }
}

fn scalar(text: Cow<'_, str>, style: ScalarStyle) -> Value {
    match text.as_ref() {
        "" | "~" | "null" | "Null" | "NULL" if style == ScalarStyle::Plain => Value::Null,
        _ => Value::String(text.into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::cards::testing::grows_with_length;

    #[test]
    fn front_matter_stands_between_two_lines_at_the_very_beginning() {
        let readme = split("\u{feff}---\r\nlicense: mit\r\n---\r\n# Title\r\n");
        assert_eq!(readme.front_matter, Some("license: mit\r\n"));
        assert_eq!(readme.body, "# Title\r\n");
        assert_eq!(split("# Title\n---\na: b\n---\n").front_matter, None);
        assert_eq!(split("---\nlicense: mit\n").front_matter, None);
        assert_eq!(split("---\n---\n").front_matter, Some(""));
    }

    #[test]
    fn scalars_stay_the_text_that_stands_there() {
        let (value, error) = parse("language: [no, en]\nversion: 1.10\ngated: false\nempty: ~\nquoted: 'null'\n");
        assert_eq!(
            value,
            json!({"language": ["no", "en"], "version": "1.10", "gated": "false", "empty": null, "quoted": "null"})
        );
        assert_eq!(error, None);
    }

    #[test]
    fn what_was_complete_before_the_yaml_breaks_off_stays() {
        let (value, error) = parse("license: mit\ntags:\n- a\n- b\nname: [unclosed\nother: }{\n");
        assert_eq!(value["license"], "mit");
        assert_eq!(value["tags"], json!(["a", "b"]));
        assert!(error.unwrap().contains("line"));
    }

    #[test]
    fn aliases_are_not_expanded() {
        let mut bomb = String::from("a0: &a0 [lol, lol]\n");
        for level in 1..1000 {
            bomb.push_str(&format!("a{level}: &a{level} [*a{0}, *a{0}, *a{0}]\n", level - 1));
        }
        bomb.push_str("license: mit\n");
        let (value, error) = parse(&bomb);
        assert_eq!((value["license"].as_str(), error), (Some("mit"), None));
        assert_eq!(value["a999"], json!([null, null, null]));
    }

    #[test]
    fn deep_nesting_is_passed_over() {
        let deep = format!("deep: {}{}\nlicense: mit\n", "[".repeat(100), "]".repeat(100));
        let (value, error) = parse(&deep);
        assert_eq!((value["license"].as_str(), error), (Some("mit"), None));
    }

    #[test]
    fn the_work_on_hostile_texts_grows_with_their_length() {
        let pieces = [
            ("", "- "),
            ("", "? "),
            ("", "[a,"),
            ("", " a:\n"),
            ("", "a: >\n"),
            ("a: [", "x,\n"),
            ("a: {", "\"k\": v,"),
            ("a: '", "\n"),
            ("a: |\n", "\n"),
            ("a: b\n", " c\n"),
            ("a: [", "&b c, *b, "),
            ("%TAG ! tag:x:\n---\n", "- !a b\n"),
        ];
        grows_with_length(&pieces, |text| {
            parse(text);
        });
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "([-a:?\\[\\]{},&*!|>'\"%@# \n\t\r]|---|é|\\PC){0,60}") {
            parse(&text);
            split(&text);
        }
    }
}
