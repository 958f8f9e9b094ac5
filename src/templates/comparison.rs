//! Two renderings of one conversation beside each other.

use serde::Serialize;
use utoipa::ToSchema;

use super::go::position;

/// Characters that are shown of each text, before and after the place.
const EXCERPT: usize = 40;

/// Where two texts first differ.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Difference {
    /// Characters that are the same before it.
    #[schema(value_type = i64, minimum = 0, example = 11)]
    pub offset: usize,
    /// Line of both texts, from 1.
    #[schema(value_type = i64, minimum = 1, example = 1)]
    pub line: usize,
    /// Column of both texts, from 1.
    #[schema(value_type = i64, minimum = 1, example = 12)]
    pub column: usize,
    /// The end of what is the same.
    #[schema(max_length = 40, example = "<s>[INST]")]
    pub before: String,
    /// How the Go template's text goes on; empty at its end.
    #[schema(max_length = 40, example = " Hi [/INST]")]
    pub go: String,
    /// How the chat template's text goes on; empty at its end.
    #[schema(max_length = 40, example = "Hi[/INST]")]
    pub jinja: String,
}

/// `None` if they are equal.
pub fn first_difference(go: &str, jinja: &str) -> Option<Difference> {
    if go == jinja {
        return None;
    }
    let same = go.char_indices().zip(jinja.chars()).take_while(|((_, one), other)| one == other);
    let at = same.last().map_or(0, |((at, c), _)| at + c.len_utf8());
    let before = go.get(..at).unwrap_or_default();
    let rest = |text: &str| text.get(at..).unwrap_or_default().chars().take(EXCERPT).collect();
    let offset = before.chars().count();
    let (line, column) = position(go, at);
    let before = before.chars().skip(offset.saturating_sub(EXCERPT)).collect();
    Some(Difference { offset, line, column, before, go: rest(go), jinja: rest(jinja) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_do_not_differ() {
        assert_eq!(first_difference("é\n", "é\n"), None);
    }

    #[test]
    fn the_first_place_is_told_in_characters_with_what_is_round_it() {
        let difference = first_difference("é\nab c", "é\nabd").unwrap();
        assert_eq!((difference.offset, difference.line, difference.column), (4, 2, 3));
        assert_eq!((&*difference.before, &*difference.go, &*difference.jinja), ("é\nab", " c", "d"));
        let longer = first_difference("a", &"a".repeat(100)).unwrap();
        assert_eq!((longer.offset, longer.go.len(), longer.jinja.len()), (1, 0, 40));
        let late = first_difference(&format!("{}x", "ü".repeat(100)), &"ü".repeat(101)).unwrap();
        assert_eq!((late.offset, late.before.chars().count(), late.column), (100, 40, 101));
    }
}
