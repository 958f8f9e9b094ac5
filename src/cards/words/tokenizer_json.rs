//! The vocabulary: how many tokens it has, and whether it can mark a hole to fill in.
//!
//! `tokenizer.json` says all of it. Without one, the older vocabulary files are counted, and the
//! special tokens that `tokenizer_config.json` lists are looked through.

use std::fmt;
use std::io::{BufReader, Read};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::de::Read as JsonRead;

use super::super::draft::{Draft, fill};
use super::super::facts::{Fact, Field, Source};
use super::super::folder::OpenFile;
use super::super::warning::WarningCode;
use super::fill_in_middle::Marks;
use super::hashing::HashingReader;
use super::remembered::Remembered;
use super::vocabulary::{AddedTokens, Id, Tokens, Vocabulary};

/// Fills `tokenizer.vocab_size`; gives where the marks of a hole stand, if there are any.
pub fn read(draft: &mut Draft<'_>) -> Option<Source> {
    let marked = of_tokenizer(draft).or_else(|| of_tekken(draft)).or_else(|| of_vocab_json(draft));
    if marked.is_none() {
        of_vocab_txt(draft);
    }
    marked.flatten().or_else(|| of_special_tokens(draft))
}

fn of_tokenizer(draft: &mut Draft<'_>) -> Option<Option<Source>> {
    let told = told(draft, "tokenizer.json")?;
    let how = "the distinct ids of model.vocab and added_tokens";
    fill_size(draft, told.size?, Source::key("tokenizer.json", "/model/vocab").by(how));
    Some(marks_source("tokenizer.json", &told.marks))
}

/// Mistral's own vocabulary lists more tokens than the model uses; its `config` says how many it does.
fn of_tekken(draft: &mut Draft<'_>) -> Option<Option<Source>> {
    let told = told(draft, "tekken.json")?;
    fill_size(draft, told.declared?, Source::key("tekken.json", "/config/default_vocab_size"));
    Some(marks_source("tekken.json", &told.marks))
}

fn of_vocab_json(draft: &mut Draft<'_>) -> Option<Option<Source>> {
    let content = content(draft, "vocab.json")?;
    let mut found = parse(draft, "vocab.json", content, Layout::Vocabulary)?;
    found.vocabulary.size()?;
    let mut how = "counted";
    if let Some(added) = draft.json("added_tokens.json") {
        let tokens = added.value.as_object().into_iter().flatten();
        tokens.filter_map(|(_, id)| id.as_u64()).for_each(|id| found.vocabulary.see_id(id));
        how = "counted, with those of added_tokens.json";
    }
    fill_size(draft, found.vocabulary.size()?, Source::key("vocab.json", "").by(how));
    Some(marks_source("vocab.json", &found.vocabulary.marks))
}

fn of_vocab_txt(draft: &mut Draft<'_>) -> Option<()> {
    let text = draft.bytes("vocab.txt", draft.limits.text_bytes)?;
    let breaks = text.iter().filter(|byte| **byte == b'\n').count();
    let lines = breaks + usize::from(text.last() != Some(&b'\n'));
    fill_size(draft, lines as u64, Source::file("vocab.txt").by("its lines counted"));
    Some(())
}

/// The special tokens of a folder whose vocabulary is in no file that is read here.
fn of_special_tokens(draft: &mut Draft<'_>) -> Option<Source> {
    let document = draft.json("tokenizer_config.json")?;
    let mut marks = Marks::default();
    let decoder = document.root().get("added_tokens_decoder");
    let tokens = decoder.as_ref().and_then(|field| field.value.as_object()).into_iter().flatten();
    tokens.filter_map(|(_, token)| token.get("content")?.as_str()).for_each(|token| marks.see(token));
    let additional = document.root().get("additional_special_tokens");
    additional.iter().flat_map(Field::items).filter_map(|item| item.value.as_str()).for_each(|token| marks.see(token));
    marks_source("tokenizer_config.json", &marks)
}

fn fill_size(draft: &mut Draft<'_>, size: u64, source: Source) {
    fill!(draft, tokenizer.vocab_size, Some(Fact::new(size, source)));
}

fn marks_source(file: &str, marks: &Marks) -> Option<Source> {
    let [prefix, suffix] = marks.complete()?;
    Some(Source::file(file).by(format!("the vocabulary has {prefix} and {suffix}")))
}

/// What a file is, as a whole.
#[derive(Debug, Clone, Copy)]
enum Layout {
    /// An object that holds the vocabulary and more.
    Whole,
    /// The map from tokens to ids itself.
    Vocabulary,
}

/// What is wanted of a vocabulary file.
#[derive(Debug, Default)]
struct Found {
    vocabulary: Vocabulary,
    /// The size that the file states.
    declared: Option<u64>,
}

/// What a vocabulary file comes to: little enough to be remembered.
#[derive(Debug, Clone, Copy)]
struct Told {
    size: Option<u64>,
    declared: Option<u64>,
    marks: Marks,
}

/// What a file says, or what the same bytes said before.
fn told(draft: &mut Draft<'_>, path: &str) -> Option<Told> {
    static BEFORE: Remembered<Told> = Remembered::new();
    let content = content(draft, path)?;
    let digest = if matches!(content, Content::Whole(_)) { draft.digest(path) } else { None };
    if let Some(told) = digest.and_then(|digest| BEFORE.get(&digest)) {
        return Some(told);
    }
    let Found { vocabulary, declared } = parse(draft, path, content, Layout::Whole)?;
    let told = Told { size: vocabulary.size(), declared, marks: vocabulary.marks };
    if let Some(digest) = digest {
        BEFORE.put(digest, told);
    }
    Some(told)
}

/// A file in memory, which is parsed several times as fast, or one too large to hold.
enum Content {
    Whole(Vec<u8>),
    Stream(OpenFile),
}

fn content(draft: &mut Draft<'_>, path: &str) -> Option<Content> {
    let file = draft.open(path)?;
    let (size, most) = (file.size(), draft.limits.streamed_bytes);
    if size > most {
        let detail = format!("{path} has {size} bytes, more than the {most} that are read of such a file");
        draft.warn(WarningCode::BudgetExceeded, None, detail, [path]);
        return None;
    }
    if size > draft.limits.text_bytes {
        return Some(Content::Stream(file));
    }
    draft.bytes(path, draft.limits.text_bytes).map(Content::Whole)
}

fn parse(draft: &mut Draft<'_>, path: &str, content: Content, layout: Layout) -> Option<Found> {
    let parsed = match content {
        Content::Whole(bytes) => parse_whole(&bytes, layout),
        Content::Stream(file) => parse_stream(draft, path, file.take(draft.limits.streamed_bytes), layout),
    };
    match parsed {
        Ok(found) => Some(found),
        Err(error) if error.is_io() => {
            draft.warn_of_error(path, &error.into());
            None
        }
        Err(error) => {
            let detail = format!("{path} is not the JSON of a vocabulary: {error}");
            draft.warn(WarningCode::UnreadableFile, None, detail, [path]);
            None
        }
    }
}

/// Looking once whether all of it is UTF-8 is faster than looking at each token.
fn parse_whole(bytes: &[u8], layout: Layout) -> serde_json::Result<Found> {
    match std::str::from_utf8(bytes) {
        Ok(text) => parse_from(serde_json::Deserializer::from_str(text), layout),
        Err(_) => parse_from(serde_json::Deserializer::from_slice(bytes), layout),
    }
}

fn parse_stream(draft: &mut Draft<'_>, path: &str, file: impl Read, layout: Layout) -> serde_json::Result<Found> {
    let mut reader = HashingReader::new(file);
    let buffered = BufReader::with_capacity(1 << 16, &mut reader);
    let parsed = parse_from(serde_json::Deserializer::from_reader(buffered), layout);
    let (length, digest) = reader.finish();
    draft.note_digest(path, length, digest);
    parsed
}

fn parse_from<'de>(
    mut json: serde_json::Deserializer<impl JsonRead<'de>>,
    layout: Layout,
) -> serde_json::Result<Found> {
    let mut found = Found::default();
    match layout {
        Layout::Whole => Part { place: Place::Root, found: &mut found }.deserialize(&mut json)?,
        Layout::Vocabulary => Tokens(&mut found.vocabulary).deserialize(&mut json)?,
    }
    json.end()?;
    Ok(found)
}

#[derive(Debug, Clone, Copy)]
enum Place {
    Root,
    /// `model` of `tokenizer.json`.
    Model,
    /// `config` of `tekken.json`.
    Config,
}

/// An object of the file, of which some members are read and the others passed over.
struct Part<'a> {
    place: Place,
    found: &'a mut Found,
}

impl<'de> DeserializeSeed<'de> for Part<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Part<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let found = self.found;
        while let Some(key) = map.next_key::<String>()? {
            match (self.place, key.as_str()) {
                (Place::Root, "model") => map.next_value_seed(Part { place: Place::Model, found })?,
                (Place::Root, "config") => map.next_value_seed(Part { place: Place::Config, found })?,
                (Place::Root, "added_tokens" | "special_tokens") => {
                    map.next_value_seed(AddedTokens(&mut found.vocabulary))?;
                }
                (Place::Model, "vocab") => map.next_value_seed(Tokens(&mut found.vocabulary))?,
                (Place::Config, "default_vocab_size") => found.declared = map.next_value_seed(Id)?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::time::Duration;

    use super::super::super::limits::Limits;
    use super::super::super::testing::{card_of, card_within, warning_codes};
    use super::*;

    fn size_of(name: &str, content: &str) -> Option<u64> {
        card_of(&[(name, content.as_bytes())]).tokenizer.vocab_size
    }

    #[test]
    fn added_tokens_count_only_where_the_vocabulary_lacks_them() {
        let bpe = r#"{"added_tokens": [{"id": 1, "content": "b"}, {"id": 3, "content": "<s>"}],
            "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2}, "merges": [["a", "b"]]}}"#;
        assert_eq!(size_of("tokenizer.json", bpe), Some(4));
        let unigram =
            r#"{"model": {"vocab": [["<unk>", 0.0], ["a", -1.5]]}, "added_tokens": [{"content": "<x>", "id": 2}]}"#;
        assert_eq!(size_of("tokenizer.json", unigram), Some(3));
    }

    #[test]
    fn a_file_too_large_for_one_read_is_streamed_and_its_odd_parts_passed_over() {
        let mut vocab =
            String::from(r#"{"version": "1.0", "normalizer": {"deep": [[[{}]]]}, "model": {"vocab": {"x": null"#);
        (0..1000).for_each(|id| write!(vocab, r#", "token {id}": {id}"#).unwrap());
        vocab.push_str("}}}");
        assert_eq!(size_of("tokenizer.json", &vocab), Some(1000));
        let limits = Limits { text_bytes: 1000, ..Limits::default() };
        let streamed = card_within(&[("tokenizer.json", vocab.as_bytes())], &limits);
        assert_eq!(streamed.tokenizer.vocab_size, Some(1000));
        assert_eq!(streamed.fingerprint, card_of(&[("tokenizer.json", vocab.as_bytes())]).fingerprint);
    }

    #[test]
    fn the_time_of_a_folder_ends_inside_a_long_vocabulary_too() {
        let mut vocab = String::from(r#"{"model": {"vocab": {"x": 0"#);
        (0..200_000).for_each(|id| write!(vocab, r#", "a long token {id}": {id}"#).unwrap());
        vocab.push_str("}}}");
        let files = [("tokenizer.json", vocab.as_str())];
        // Read as a stream: what is in memory is parsed faster than the limit would notice.
        let limits = Limits { time: Duration::from_millis(5), text_bytes: 1000, ..Limits::default() };
        let card = card_within(&files, &limits);
        assert!(warning_codes(&card).contains(&WarningCode::BudgetExceeded), "{:?}", card.warnings);
        assert_eq!(card.tokenizer.vocab_size, None);
        assert_eq!(card_of(&files).tokenizer.vocab_size, Some(200_000));
    }

    #[test]
    fn a_vocabulary_met_before_tells_the_same_and_a_broken_one_is_told_again() {
        let files = [("tokenizer.json", r#"{"model": {"vocab": {"<PRE>": 0, "<SUF>": 1, "met twice": 2}}}"#)];
        let (first, second) = (card_of(&files), card_of(&files));
        assert_eq!((first.tokenizer.vocab_size, second.tokenizer.vocab_size), (Some(3), Some(3)));
        assert_eq!(first.sources, second.sources);
        let broken = [("tokenizer.json", r#"{"model": {"vocab": "#)];
        assert_eq!(warning_codes(&card_of(&broken)), warning_codes(&card_of(&broken)));
    }

    #[test]
    fn huge_ids_cost_no_memory() {
        assert_eq!(size_of("vocab.json", r#"{"a": 18446744073709551615, "b": 16777216, "c": -1}"#), Some(2));
    }

    #[test]
    fn a_broken_vocabulary_is_a_warning_and_the_next_file_is_asked() {
        let broken = "{\"model\": ".to_owned() + &"[".repeat(10_000);
        let card = card_of(&[("tokenizer.json", broken.as_str()), ("vocab.txt", "[PAD]\n[UNK]\nthe")]);
        assert_eq!(card.tokenizer.vocab_size, Some(3));
        assert!(warning_codes(&card).contains(&WarningCode::UnreadableFile));
    }

    #[test]
    fn a_vocabulary_with_added_tokens_beside_it_counts_both() {
        let card = card_of(&[("vocab.json", r#"{"a": 0, "b": 1}"#), ("added_tokens.json", r#"{"<x>": 2, "b": 1}"#)]);
        assert_eq!(card.tokenizer.vocab_size, Some(3));
    }

    #[test]
    fn tekken_states_its_size() {
        let tekken = r#"{"config": {"default_vocab_size": 131072}, "vocab": [{"rank": 0, "token_str": "a"}]}"#;
        assert_eq!(size_of("tekken.json", tekken), Some(131_072));
    }
}
