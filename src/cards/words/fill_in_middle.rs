//! Tokens that mark a hole in a text, for models that fill in its middle.

/// How the families write "what is before the hole" and "what is after it". Both must be in the
/// vocabulary: one alone is as likely a piece of HTML or a word in brackets.
const CONVENTIONS: [[&str; 2]; 8] = [
    ["<|fim_prefix|>", "<|fim_suffix|>"],
    ["<fim_prefix>", "<fim_suffix>"],
    ["<fim-prefix>", "<fim-suffix>"],
    ["<PRE>", "<SUF>"],
    ["[PREFIX]", "[SUFFIX]"],
    ["<｜fim▁begin｜>", "<｜fim▁end｜>"],
    ["<|fim_begin|>", "<|fim_end|>"],
    ["<|code_prefix|>", "<|code_suffix|>"],
];

/// The marks met so far, by convention.
#[derive(Debug, Default, Clone, Copy)]
pub struct Marks([[bool; 2]; CONVENTIONS.len()]);

impl Marks {
    pub fn see(&mut self, token: &str) {
        // SentencePiece writes the space before a word as U+2581.
        let token = token.strip_prefix('\u{2581}').unwrap_or(token);
        if !token.starts_with(['<', '[']) {
            return;
        }
        for (seen, names) in self.0.iter_mut().zip(&CONVENTIONS) {
            for (seen, name) in seen.iter_mut().zip(names) {
                *seen |= *name == token;
            }
        }
    }

    /// The names of the first convention of which both marks were met.
    pub fn complete(&self) -> Option<[&'static str; 2]> {
        self.0.iter().zip(CONVENTIONS).find(|(seen, _)| **seen == [true; 2]).map(|(_, names)| names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(tokens: &[&str]) -> Option<[&'static str; 2]> {
        let mut marks = Marks::default();
        tokens.iter().for_each(|token| marks.see(token));
        marks.complete()
    }

    #[test]
    fn both_marks_of_one_convention_are_needed() {
        assert_eq!(marks(&["a", "<fim_suffix>", "<fim_prefix>"]), Some(["<fim_prefix>", "<fim_suffix>"]));
        assert_eq!(marks(&["▁<PRE>", "▁<SUF>"]), Some(["<PRE>", "<SUF>"]));
        assert_eq!(marks(&["<PRE>", "[SUFFIX]", "fim_prefix"]), None);
    }
}
