//! The first paragraph of a README that says something: plain text, without headings, badges, tables,
//! HTML and code.
//!
//! It is only looked for near the beginning and nothing is searched for over a long way, so that the
//! time stays proportional to the text, whatever is in it.

/// Bytes of a README's body that are looked through.
const MAX_BODY: usize = 64 << 10;
/// Longest description, in characters.
const MAX_CHARS: usize = 1000;
/// How far the end of a link or a tag is looked for, in characters.
const MAX_REACH: usize = 500;
/// Fewer characters than this are a caption, not a description.
const MIN_CHARS: usize = 40;
/// Sentences of generated model cards that say nothing of the model.
const BOILERPLATE: [&str; 5] = [
    "ore information needed",
    "ore Information Needed",
    "This modelcard aims to be a base template",
    "This model card has been automatically generated",
    "This model card has been generated automatically",
];

/// The first paragraph of prose in a Markdown text.
pub fn first_paragraph(markdown: &str) -> Option<String> {
    let body = markdown.get(..markdown.floor_char_boundary(MAX_BODY)).unwrap_or_default();
    let body = without_comments(body);
    paragraphs(&body).iter().filter(|lines| is_prose(lines)).find_map(|lines| plain(&lines.join(" ")))
}

fn without_comments(mut text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    while let Some((before, comment)) = text.split_once("<!--") {
        kept.push_str(before);
        text = comment.split_once("-->").map_or("", |(_, after)| after);
    }
    kept.push_str(text);
    kept
}

/// The blocks between empty lines, those of fenced code left out.
fn paragraphs(text: &str) -> Vec<Vec<&str>> {
    let (mut blocks, mut fenced) = (vec![Vec::new()], false);
    for line in text.lines() {
        let trimmed = line.trim();
        let fence = trimmed.starts_with("```") || trimmed.starts_with("~~~");
        fenced ^= fence;
        if fence || trimmed.is_empty() || trimmed.starts_with('#') {
            blocks.push(Vec::new());
        } else if let Some(block) = blocks.last_mut().filter(|_| !fenced) {
            block.push(line);
        }
    }
    blocks.retain(|block| !block.is_empty());
    blocks
}

/// Whether a block is neither HTML, a table, a list, a quotation, indented code nor an underlined heading.
fn is_prose(lines: &[&str]) -> bool {
    let line = lines.first().copied().unwrap_or_default();
    let code = line.starts_with("    ") || line.starts_with('\t');
    let first = line.trim_start();
    let marked = code || first.starts_with(['<', '|', '>', '-', '+', '=', ':']);
    let starred = first.starts_with("* ") || first.starts_with("***");
    let number = first.trim_start_matches(|c: char| c.is_ascii_digit());
    let numbered = number.len() < first.len() && number.starts_with(['.', ')']);
    let underline = |line: &&str| !line.trim().is_empty() && line.trim().chars().all(|c| c == '=' || c == '-');
    !(marked || starred || numbered || lines.get(1).is_some_and(underline))
}

/// The text of a paragraph, unless it is too short, mostly links, or boilerplate.
fn plain(markdown: &str) -> Option<String> {
    let mut inline = Inline { rest: markdown, ..Inline::default() };
    while inline.step() {}
    let text = inline.out.trim();
    let count = text.chars().count();
    let addresses: usize = text.split(' ').filter(|word| word.contains("://")).map(|word| word.chars().count()).sum();
    let says_something =
        count >= MIN_CHARS && 2 * (inline.in_links + addresses) < count && text.contains(['.', '!', '?', '。', '！']);
    let boilerplate = BOILERPLATE.iter().any(|phrase| text.contains(phrase));
    (says_something && !boilerplate).then(|| shortened(text))
}

/// The text itself, or as many of its words as fit.
fn shortened(text: &str) -> String {
    let Some((end, _)) = text.char_indices().nth(MAX_CHARS) else { return text.to_owned() };
    let cut = text.get(..end).unwrap_or_default();
    let words = cut.rsplit_once(' ').map_or(cut, |(words, _)| words);
    format!("{words} ...")
}

/// Markdown within a paragraph, on its way to plain text.
#[derive(Default)]
struct Inline<'a> {
    rest: &'a str,
    out: String,
    /// How many brackets are open.
    brackets: usize,
    /// Characters that stand in links.
    in_links: usize,
}

impl<'a> Inline<'a> {
    fn step(&mut self) -> bool {
        let Some(c) = self.rest.chars().next() else { return false };
        let rest = self.rest;
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        self.rest = after;
        match c {
            '!' if after.starts_with('[') => self.rest = past_target(past(after, ']')),
            '[' => self.brackets += 1,
            ']' => {
                self.brackets = self.brackets.saturating_sub(1);
                self.rest = past_target(after);
            }
            '<' if after.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/') => self.rest = past(after, '>'),
            '\\' => self.escaped(after),
            '&' => self.entity(after),
            '`' | '*' => {}
            '_' if !self.within_word(after) => {}
            _ => self.push(c),
        }
        true
    }

    fn push(&mut self, c: char) {
        let blank = c.is_whitespace() || c.is_control();
        if blank && !self.out.ends_with(' ') {
            self.out.push(' ');
        } else if !blank {
            self.out.push(c);
            self.in_links += usize::from(self.brackets > 0);
        }
    }

    fn escaped(&mut self, after: &'a str) {
        if let Some(c) = after.chars().next() {
            self.push(c);
            self.rest = after.get(c.len_utf8()..).unwrap_or_default();
        }
    }

    fn entity(&mut self, after: &'a str) {
        let known = [("amp;", '&'), ("lt;", '<'), ("gt;", '>'), ("quot;", '"'), ("nbsp;", ' '), ("#39;", '\'')];
        match known.iter().find_map(|(name, c)| Some((after.strip_prefix(name)?, *c))) {
            Some((rest, c)) => {
                self.rest = rest;
                self.push(c);
            }
            None => self.push('&'),
        }
    }

    fn within_word(&self, after: &str) -> bool {
        self.out.ends_with(char::is_alphanumeric) && after.starts_with(char::is_alphanumeric)
    }
}

/// What follows the next such character, if it is near.
fn past(text: &str, end: char) -> &str {
    let near = text.char_indices().take(MAX_REACH).find(|(_, c)| *c == end);
    near.and_then(|(at, c)| text.get(at + c.len_utf8()..)).unwrap_or(text)
}

/// What follows the address of a link, `(...)` or `[...]`.
fn past_target(text: &str) -> &str {
    match text.chars().next() {
        Some('(') => past(text, ')'),
        Some('[') => past(text, ']'),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cards::testing::grows_with_length;

    #[test]
    fn the_first_paragraph_of_prose_is_found_behind_headings_badges_and_html() {
        let readme = "# Model\n\n[![badge](https://x/y.svg)](https://x)\n\n<p align=\"center\">\nWelcome. This is HTML, and it is skipped as a whole.\n</p>\n\n\
            <!-- Provide a quick summary. It must not be found here at all. -->\n- a list. It has an item that is long enough for that.\n\n\
            ```\nThis is code. It is long enough, but it is still code.\n```\n\
            We **release** [Model](https://m.example/a_b), a `tiny_model` for _testing_ &amp; more.\nIt is good.\n\nMore.";
        let found = first_paragraph(readme).unwrap();
        assert_eq!(found, "We release Model, a tiny_model for testing & more. It is good.");
    }

    #[test]
    fn links_captions_and_boilerplate_are_no_description() {
        for text in [
            "[Home page of the model](a) | [Paper on the model.](b) | [Code of the model](c)",
            "Short. Too short.",
            " - a list. Its first item is indented and long enough.",
            "https://example.org/a/very/long/address/of/a/model",
            "A heading that is underlined and long enough.\n=====\n",
            "1. The first of a list of things, which is long enough.",
            "[More Information Needed] and then some more words. Really.",
            "",
        ] {
            assert_eq!(first_paragraph(text), None, "{text}");
        }
    }

    #[test]
    fn a_long_paragraph_is_cut_between_words() {
        let found = first_paragraph(&"many words. ".repeat(1000)).unwrap();
        assert!(found.chars().count() <= MAX_CHARS + 4 && found.ends_with("words. ..."), "{found}");
    }

    #[test]
    fn the_work_on_hostile_texts_grows_with_their_length() {
        let pieces = ["![", "[", "](", "<a", "\\", "&", "_", "<!--", "```", "a\n\n"].map(|piece| ("", piece));
        grows_with_length(&pieces, |text| {
            first_paragraph(text);
        });
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "([\\[\\]()!<>`*_&#\n-]|é|word\\. ){0,80}") {
            first_paragraph(&text);
        }
    }
}
