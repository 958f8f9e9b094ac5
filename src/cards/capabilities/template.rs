//! What a chat template knows, told from its text. It is not rendered: a template is a program.
//!
//! The marks are those by which servers themselves decide: a template that names `tools` or a
//! `tool_call` takes tools; one that writes or cuts off a thinking part, or takes a variable that
//! switches it, thinks. Comments do not count.

/// Pairs of texts between which models write what they think.
const THINKING_MARKS: [[&str; 2]; 8] = [
    ["<think>", "</think>"],
    ["[THINK]", "[/THINK]"],
    ["<seed:think>", "</seed:think>"],
    ["<|channel|>analysis", ""],
    ["<|START_THINKING|>", "<|END_THINKING|>"],
    ["\u{25c1}think\u{25b7}", "\u{25c1}/think\u{25b7}"],
    ["<thought>", "</thought>"],
    ["<|think|>", ""],
];
/// Variables that callers set to switch thinking on and off, and what a message names its thinking part.
const THINKING_NAMES: [&str; 3] = ["enable_thinking", "thinking", "reasoning_effort"];

/// A template without its comments.
pub struct Template {
    text: String,
}

impl Template {
    pub fn new(text: &str) -> Self {
        let mut rest = text;
        let mut kept = String::with_capacity(text.len());
        while let Some((before, comment)) = rest.split_once("{#") {
            kept.push_str(before);
            rest = comment.split_once("#}").map_or("", |(_, after)| after);
        }
        kept.push_str(rest);
        Self { text: kept }
    }

    /// The mark by which the template is seen to take tools.
    pub fn tools(&self) -> Option<&'static str> {
        ["tools", "tool_call"].into_iter().find(|mark| self.text.contains(mark))
    }

    /// The mark by which the template is seen to know a thinking part.
    pub fn thinking(&self) -> Option<&'static str> {
        self.thinking_marks().or_else(|| self.cuts_thinking_off()).or_else(|| self.thinking_names())
    }

    fn thinking_marks(&self) -> Option<&'static str> {
        let both = |marks: &&[&str; 2]| marks.iter().all(|mark| self.text.contains(mark));
        THINKING_MARKS.iter().find(both).map(|[open, _]| *open)
    }

    /// A template that only cuts `</think>` out of earlier turns belongs to a model that begins with
    /// thinking unasked, unless the part is handed over apart from the content.
    fn cuts_thinking_off(&self) -> Option<&'static str> {
        let cut = ["content.split('</think>')", "content.split(\"</think>\")"];
        let elsewhere = ["reasoning_content", "<SPECIAL_12>"];
        let cuts = cut.iter().any(|mark| self.text.contains(mark));
        (cuts && !elsewhere.iter().any(|mark| self.text.contains(mark))).then_some("</think>")
    }

    fn thinking_names(&self) -> Option<&'static str> {
        let names = Names { rest: &self.text, in_code: false };
        names.into_iter().find_map(|name| THINKING_NAMES.into_iter().find(|known| *known == name))
    }
}

/// The names in the template's code: what stands between `{{ }}` and `{% %}`, strings left out.
struct Names<'a> {
    rest: &'a str,
    in_code: bool,
}

impl<'a> Names<'a> {
    /// Goes on to what follows the first of these, or to the end.
    fn skip_past(&mut self, end: impl Fn(&str) -> bool) {
        let at = self.rest.char_indices().find(|(at, _)| self.rest.get(*at..).is_some_and(&end));
        self.rest = at.and_then(|(at, _)| self.rest.get(at + 2..)).unwrap_or_default();
    }

    fn skip_string(&mut self, quote: char) {
        let mut escaped = false;
        let end = self.rest.char_indices().skip(1).find(|(_, c)| {
            let ends = *c == quote && !escaped;
            escaped = *c == '\\' && !escaped;
            ends
        });
        self.rest = end.and_then(|(at, _)| self.rest.get(at + 1..)).unwrap_or_default();
    }

    fn take_name(&mut self) -> &'a str {
        let end = self.rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        name
    }
}

impl<'a> Iterator for Names<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        loop {
            let c = self.rest.chars().next()?;
            if !self.in_code {
                self.skip_past(|rest| rest.starts_with("{{") || rest.starts_with("{%"));
                self.in_code = true;
            } else if c.is_alphabetic() || c == '_' {
                return Some(self.take_name());
            } else if c == '\'' || c == '"' {
                self.skip_string(c);
            } else if self.rest.starts_with("}}") || self.rest.starts_with("%}") {
                self.in_code = false;
            } else {
                self.rest = self.rest.get(c.len_utf8()..)?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cards::testing::grows_with_length;

    #[test]
    fn a_template_that_names_tools_takes_them_unless_in_a_comment() {
        assert_eq!(Template::new("{% if tools %}").tools(), Some("tools"));
        assert_eq!(Template::new("{{ message.tool_calls }}").tools(), Some("tool_call"));
        assert_eq!(Template::new("{# no tools here #}{{ messages }}{# unclosed tools").tools(), None);
    }

    #[test]
    fn thinking_is_told_by_its_marks_or_by_a_variable() {
        for text in [
            "<think>\n\n</think>",
            "{{ message.content.split('</think>')[-1] }}",
            "[THINK]{{ part }}[/THINK]",
            "<|channel|>analysis",
            "<|START_THINKING|>{{ plan }}<|END_THINKING|>",
            "\u{25c1}think\u{25b7}{{ thought }}\u{25c1}/think\u{25b7}",
            "{%- if not enable_thinking %}",
            "{{ 'it\\'s' if message.thinking }}",
        ] {
            assert!(Template::new(text).thinking().is_some(), "{text}");
        }
    }

    #[test]
    fn the_word_thinking_alone_is_no_thinking_part() {
        for text in ["We are thinking {{ 'thinking' }}", "{{ \"\\\"thinking\" }}", "{% set thinkings = 1 %}", "<think>"]
        {
            assert_eq!(Template::new(text).thinking(), None, "{text}");
        }
    }

    #[test]
    fn the_work_on_hostile_texts_grows_with_their_length() {
        let pieces = ["{{", "{#", "{% '", "{{ \\\"", "a}}"].map(|piece| ("", piece));
        grows_with_length(&pieces, |text| {
            Template::new(text).thinking();
        });
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "([{}%#'\"\\\\ ]|thinking|é){0,40}") {
            Template::new(&text).thinking();
        }
    }
}
