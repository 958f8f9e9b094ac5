//! The words of a text, as they are looked for: folded, and cut where a name's parts meet.
//!
//! Words are made here and not by the database's dictionaries, which know languages but no model names, and differ from
//! server to server. `Qwen2.5-7B-Instruct` is found by `qwen`, `qwen2`, `2.5`, `7b` and `instruct`, `Qwen2ForCausalLM` by
//! `causal` and `causallm`. Scripts that are written without spaces are cut into runs of a few characters.

use std::collections::BTreeSet;

use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::SqlType;

use super::names::{compose, fold};

/// Longest word that is told apart from others that begin alike, in characters.
const MAX_WORD: usize = 40;
/// Most words that are kept of a record or a card.
const MAX_WORDS: usize = 4000;
/// Characters of a run without spaces that are kept together.
const RUN: usize = 4;

/// The type of the columns that words are kept in.
#[derive(Debug, Clone, Copy, Default, SqlType, diesel::query_builder::QueryId)]
#[diesel(postgres_type(oid = 3614, array_oid = 3643))]
pub struct Tsvector;

/// Words to be found by.
#[derive(Debug, Clone, Default, PartialEq, Eq, FromSqlRow, AsExpression)]
#[diesel(sql_type = Tsvector)]
pub struct Words(BTreeSet<String>);

impl Words {
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut words = Self::default();
        for text in texts {
            compose(text).split_whitespace().for_each(|chunk| words.add(chunk));
        }
        words
    }

    /// Adds a text without spaces: its runs of letters and digits, their parts, and each part with the next.
    fn add(&mut self, chunk: &str) {
        symbols(chunk).for_each(|symbol| self.insert(symbol));
        let mut parts = Vec::new();
        for run in runs(chunk) {
            if run.chars().next().is_some_and(is_spaceless) {
                self.add_spaceless(run);
            } else {
                self.insert(run);
                parts.extend(split(run));
            }
        }
        let joined: Vec<String> = parts.windows(2).map(<[&str]>::concat).collect();
        for word in parts.into_iter().chain(joined.iter().map(String::as_str)) {
            self.insert(word);
        }
    }

    fn add_spaceless(&mut self, run: &str) {
        for (start, _) in run.char_indices() {
            let rest = run.get(start..).unwrap_or_default();
            self.insert(head(rest, RUN));
        }
    }

    fn insert(&mut self, word: &str) {
        if self.0.len() < MAX_WORDS && !word.is_empty() {
            self.0.insert(cut(word));
        }
    }

    /// The words as the database writes them.
    pub fn to_text(&self) -> String {
        self.0.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ")
    }
}

/// What somebody looks for: every word has to begin a word of what is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted(BTreeSet<String>);

impl Wanted {
    /// Where there is nothing in the text that is kept of texts, nothing is found.
    pub fn parse(text: &str) -> Self {
        let text = compose(text);
        let words = text.split_whitespace().flat_map(runs).flat_map(|run| {
            let is_spaceless = run.chars().next().is_some_and(is_spaceless);
            if is_spaceless { pieces(run) } else { vec![cut(run)] }
        });
        let words: BTreeSet<String> = words.collect();
        // Signs only part words, unless there is nothing else.
        let words = if words.is_empty() { symbols(&text).map(str::to_owned).collect() } else { words };
        Self(words)
    }

    /// The same in the language of the database. Words hold neither quotes nor backslashes, so nothing in them is its syntax.
    pub fn query(&self) -> String {
        self.0.iter().map(|word| format!("'{word}':*")).collect::<Vec<_>>().join(" & ")
    }
}

impl std::fmt::Display for Wanted {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0.iter().cloned().collect::<Vec<_>>().join(" "))
    }
}

/// A run of characters of a script without spaces, in pieces of the length that is kept.
fn pieces(run: &str) -> Vec<String> {
    let characters: Vec<char> = run.chars().collect();
    characters.chunks(RUN).map(|piece| cut(&piece.iter().collect::<String>())).collect()
}

fn cut(word: &str) -> String {
    head(&fold(word), MAX_WORD).to_owned()
}

fn head(text: &str, characters: usize) -> &str {
    let end = text.char_indices().nth(characters).map_or(text.len(), |(end, _)| end);
    text.get(..end).unwrap_or(text)
}

/// The runs of letters and digits, those of scripts without spaces apart from the others.
fn runs(chunk: &str) -> impl Iterator<Item = &str> {
    pieces_at(chunk, |before, here, _| is_word(before) != is_word(here) || is_spaceless(before) != is_spaceless(here))
        .filter(|run| run.chars().next().is_some_and(is_word))
}

/// The parts of a run: `Qwen2ForCausalLM` is `Qwen`, `2`, `For`, `Causal`, `LM`.
fn split(run: &str) -> Vec<&str> {
    pieces_at(run, |before, here, after| {
        let is_new_word = here.is_uppercase() && (before.is_lowercase() || after.is_some_and(char::is_lowercase));
        is_new_word || before.is_alphabetic() && here.is_numeric()
    })
    .collect()
}

/// The text in pieces, cut between two characters where `is_cut` says so.
fn pieces_at(text: &str, is_cut: impl Fn(char, char, Option<char>) -> bool) -> impl Iterator<Item = &str> {
    let mut starts = vec![0];
    let mut characters = text.char_indices().peekable();
    let mut before = None;
    while let Some((at, here)) = characters.next() {
        let after = characters.peek().map(|(_, after)| *after);
        if before.is_some_and(|before| is_cut(before, here, after)) {
            starts.push(at);
        }
        before = Some(here);
    }
    let ends: Vec<usize> = starts.iter().skip(1).copied().chain([text.len()]).collect();
    starts.into_iter().zip(ends).filter_map(|(start, end)| text.get(start..end)).filter(|piece| !piece.is_empty())
}

/// The signs that can be looked for by themselves: not those that part words everywhere, and none of the database's syntax.
fn symbols(text: &str) -> impl Iterator<Item = &str> {
    let is_symbol = |c: char| c.is_ascii_punctuation() && !"-./,:;()[]{}'\"\\".contains(c);
    text.char_indices().filter(move |(_, c)| is_symbol(*c)).filter_map(|(at, c)| text.get(at..at + c.len_utf8()))
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric()
}

/// Whether a character belongs to a script that is written without spaces.
fn is_spaceless(c: char) -> bool {
    matches!(u32::from(c), 0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x3040..=0x30FF | 0x31F0..=0x31FF
        | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x2_0000..=0x3_FFFF)
}

/// In the form that PostgreSQL sends and receives: the number of words, then each with a zero behind it and no positions.
impl ToSql<Tsvector, Pg> for Words {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        use std::io::Write as _;
        out.write_all(&i32::try_from(self.0.len())?.to_be_bytes())?;
        for word in &self.0 {
            out.write_all(word.as_bytes())?;
            out.write_all(&[0, 0, 0])?;
        }
        Ok(IsNull::No)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(text: &str) -> Vec<String> {
        Words::of([text]).0.into_iter().collect()
    }

    /// What the database does with both.
    fn finds(wanted: &str, text: &str) -> bool {
        let words = Words::of([text]);
        Wanted::parse(wanted).0.iter().all(|begin| words.0.iter().any(|word| word.starts_with(begin)))
    }

    #[test]
    fn a_name_is_cut_where_its_parts_meet() {
        assert_eq!(
            words("Qwen2.5-7B-Instruct"),
            ["2", "25", "5", "57b", "7b", "7binstruct", "instruct", "qwen", "qwen2"]
        );
        assert_eq!(
            words("Qwen2ForCausalLM"),
            ["2", "2for", "causal", "causallm", "for", "forcausal", "lm", "qwen", "qwen2", "qwen2forcausallm"]
        );
        assert_eq!(words("100% _ \u{200b} --"), ["%", "100", "_"]);
        assert_eq!(words(""), Vec::<String>::new());
    }

    #[test]
    fn names_are_found_by_the_ways_people_write_them() {
        for (wanted, text) in [
            ("qwen", "Qwen2.5-7B-Instruct"),
            ("QWEN2.5 7b", "Qwen2.5-7B-Instruct"),
            ("qwen 2.5", "Qwen2.5-7B-Instruct"),
            ("qwen2.5-7b-inst", "Qwen2.5 7B Instruct"),
            ("llama3", "Llama-3.2-1B"),
            ("llama 3", "llama3.2-1b"),
            ("minilm", "all-MiniLM-L6-v2"),
            ("lm", "all-MiniLM-L6-v2"),
            ("causallm", "Qwen2ForCausalLM"),
            ("Qwen2ForCausalLM", "Qwen2ForCausalLM"),
            ("STRASSE", "straße"),
            ("cafe\u{301}", "Caf\u{e9}"),
            ("语言模", "多语言模型"),
            ("多语言模型", "一个多语言模型。"),
        ] {
            assert!(finds(wanted, text), "{wanted} in {text}: {:?}", words(text));
        }
        for (wanted, text) in
            [("mistral", "Qwen2.5"), ("qwen mistral", "Qwen2.5"), ("wen", "Qwen2.5"), ("型模", "模型")]
        {
            assert!(!finds(wanted, text), "{wanted} in {text}");
        }
    }

    #[test]
    fn signs_are_looked_for_as_they_are_and_only_by_themselves() {
        for text in ["", " ", "-", "'", "\\", ":", "\0"] {
            assert_eq!(Wanted::parse(text).query(), "", "{text:?}");
        }
        assert!(finds("%", "100% open") && !finds("%", "100 open"));
        assert!(finds("_", "a_b") && !finds("_", "a b") && !finds("a_b", "a c") && finds("a_b", "a b"));
        assert_eq!(Wanted::parse("a_b% 'c'").query(), "'a':* & 'b':* & 'c':*");
    }

    proptest! {
        #[test]
        fn a_text_is_found_by_each_of_its_words(text in ".{0,60}") {
            prop_assert!(finds(&text, &text));
        }

        #[test]
        fn nothing_in_a_query_is_its_syntax(text in "\\PC{0,60}") {
            prop_assert!(Wanted::parse(&text).0.iter().all(|word| !word.contains(['\'', '\\', '\0'])));
        }
    }
}
