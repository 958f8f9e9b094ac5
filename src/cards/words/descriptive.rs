//! Descriptive facts: what a model card or a front matter says in words, under whichever of the usual
//! names. The first file that says something is believed; a later one only fills what is left open.

use serde_json::Value;

use super::super::card::Card;
use super::super::draft::Draft;
use super::super::facts::{Fact, Field};

/// Longest text and longest list that is kept.
const MAX_CHARS: usize = 10_000;
const MAX_ITEMS: usize = 500;

/// A text of the card and the names it goes by, the most telling first.
type TextFact = (&'static str, &'static [&'static str], fn(&mut Card) -> &mut Option<String>);
/// The same for a list.
type ListFact = (&'static str, &'static [&'static str], fn(&mut Card) -> &mut Vec<String>);

const TEXTS: [TextFact; 5] = [
    ("/description", &["description", "model_description", "model_summary", "summary"], |card| &mut card.description),
    ("/version", &["model_version", "version"], |card| &mut card.version),
    ("/limitations", &["limitations", "bias_risks_limitations"], |card| &mut card.limitations),
    ("/training_framework", &["training_framework"], |card| &mut card.training_framework),
    ("/released_at", &["model_created_at", "released_at", "release_date"], |card| &mut card.released_at),
];

const LISTS: [ListFact; 7] = [
    ("/languages", &["model_language", "language", "languages"], |card| &mut card.languages),
    ("/tags", &["tags"], |card| &mut card.tags),
    ("/authors", &["authors", "author"], |card| &mut card.authors),
    ("/datasets", &["pretraining_datasets", "datasets", "dataset"], |card| &mut card.datasets),
    ("/base_models", &["base_model", "base_models"], |card| &mut card.base_models),
    ("/references", &["model_references", "references"], |card| &mut card.references),
    ("/training_objectives", &["training_objectives"], |card| &mut card.training_objectives),
];

pub fn fill(draft: &mut Draft<'_>, root: &Field<'_>) {
    for (pointer, keys, slot) in TEXTS {
        offer(draft, pointer, root.first(keys).as_ref().and_then(text), slot);
    }
    for (pointer, keys, list) in LISTS {
        draft.fill_list(pointer, root.first(keys).as_ref().and_then(words), list);
    }
}

/// Sets a text of the card that is still open, with its source. Words that differ are no conflict.
pub fn offer(
    draft: &mut Draft<'_>,
    pointer: &str,
    fact: Option<Fact<String>>,
    slot: impl FnOnce(&mut Card) -> &mut Option<String>,
) {
    let slot = slot(&mut draft.card);
    if let (None, Some(fact)) = (&slot, fact) {
        *slot = Some(fact.value);
        draft.source(pointer, fact.source);
    }
}

/// A text, a number as it is written, or the items of a list in one.
pub fn text(field: &Field<'_>) -> Option<Fact<String>> {
    let text = match field.value {
        Value::Array(items) => items.iter().filter_map(plain).collect::<Vec<_>>().join(", "),
        one => plain(one)?,
    };
    Some(Fact::new(text, field.source())).filter(|fact| !fact.value.is_empty())
}

/// The items of a list, or those that a text separates by commas.
pub fn words(field: &Field<'_>) -> Option<Fact<Vec<String>>> {
    let mut words: Vec<String> = match field.value {
        Value::Array(items) => items.iter().filter_map(named).collect(),
        Value::String(text) => text.split([',', ';', '\n']).filter_map(|item| plain(&item.into())).collect(),
        one => named(one).into_iter().collect(),
    };
    words.truncate(MAX_ITEMS);
    Some(Fact::new(words, field.source())).filter(|fact| !fact.value.is_empty())
}

/// An item of a list, which may be an object with a name.
fn named(value: &Value) -> Option<String> {
    plain(value).or_else(|| ["name", "id", "title", "url"].iter().find_map(|key| plain(value.get(key)?)))
}

/// A scalar as a text without control characters and of bounded length.
fn plain(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.chars().filter(|c| !c.is_control() || *c == '\n').take(MAX_CHARS).collect(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn words_of(value: &Value) -> Option<Vec<String>> {
        words(&Field::root("f", value)).map(|fact| fact.value)
    }

    #[test]
    fn lists_come_as_lists_or_with_commas_or_as_objects() {
        assert_eq!(words_of(&json!(["en", "", 7, null])).unwrap(), ["en", "7"]);
        assert_eq!(words_of(&json!("en, zh ;fr")).unwrap(), ["en", "zh", "fr"]);
        assert_eq!(words_of(&json!([{"name": "A. Author", "email": "x"}])).unwrap(), ["A. Author"]);
        assert_eq!(words_of(&json!(" , ")), None);
        assert_eq!(words_of(&json!(false)), None);
    }

    #[test]
    fn texts_lose_control_characters() {
        let value = json!(["a\u{1b}[31m", 1.5]);
        assert_eq!(text(&Field::root("f", &value)).unwrap().value, "a[31m, 1.5");
    }
}
