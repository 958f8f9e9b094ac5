//! The words of a Go template: text, and what stands between `{{` and `}}`.

use std::sync::Arc;

use super::error::Mistake;
use super::syntax::Offset;

const LEFT: &str = "{{";
const RIGHT: &str = "}}";

#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    Text(Arc<str>),
    Left,
    Right,
    Space,
    Dot,
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    String(Arc<str>),
    /// Without its dot.
    Field(String),
    /// With its dollar.
    Variable(String),
    Word(String),
    Keyword(Keyword),
    Declare,
    Assign,
    Pipe,
    Open,
    Close,
    Comma,
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyword {
    Block,
    Break,
    Continue,
    Define,
    Else,
    End,
    If,
    Range,
    Template,
    With,
}

/// Takes a template apart.
pub fn tokens(text: &str) -> Result<Vec<(Offset, Token)>, Mistake> {
    let mut lexer = Lexer { text, at: 0, tokens: Vec::new() };
    lexer.run()?;
    lexer.tokens.push((text.len(), Token::End));
    Ok(lexer.tokens)
}

struct Lexer<'t> {
    text: &'t str,
    at: Offset,
    tokens: Vec<(Offset, Token)>,
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip(&mut self, while_: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let length = rest.find(|c| !while_(c)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    fn push(&mut self, at: Offset, token: Token) {
        self.tokens.push((at, token));
    }

    fn run(&mut self) -> Result<(), Mistake> {
        while !self.rest().is_empty() {
            let Some(length) = self.rest().find(LEFT) else {
                self.text(self.rest());
                self.at = self.text.len();
                return Ok(());
            };
            let text = self.rest().get(..length).unwrap_or_default();
            let trims = trims_before(self.rest().get(length + LEFT.len()..).unwrap_or_default());
            self.text(if trims { text.trim_end_matches(is_space) } else { text });
            self.at += length;
            let left = self.at;
            self.at += LEFT.len() + if trims { 2 } else { 0 };
            if self.rest().starts_with("/*") {
                self.comment(left)?;
            } else {
                self.push(left, Token::Left);
                self.action(left)?;
            }
        }
        Ok(())
    }

    fn text(&mut self, text: &str) {
        if !text.is_empty() {
            self.push(self.at, Token::Text(text.into()));
        }
    }

    fn comment(&mut self, left: Offset) -> Result<(), Mistake> {
        let end = self.rest().find("*/").ok_or(Mistake::at(left, "the comment is not closed"))?;
        self.at += end + 2;
        if self.right().is_none() {
            return Err(Mistake::at(self.at, "a comment must end directly before `}}` or ` -}}`"));
        }
        Ok(())
    }

    /// Goes behind a closing delimiter, and the space it trims.
    fn right(&mut self) -> Option<Offset> {
        let at = self.at;
        let mut rest = self.rest().chars();
        if rest.next().is_some_and(is_space) && rest.as_str().starts_with("-}}") {
            self.at += 2 + RIGHT.len();
            self.skip(is_space);
            return Some(at);
        }
        self.rest().starts_with(RIGHT).then(|| {
            self.at += RIGHT.len();
            at
        })
    }

    fn action(&mut self, left: Offset) -> Result<(), Mistake> {
        let mut open: Vec<Offset> = Vec::new();
        loop {
            if let Some(at) = self.right() {
                if let Some(&paren) = open.last() {
                    return Err(Mistake::at(paren, "the parenthesis is not closed"));
                }
                self.push(at, Token::Right);
                return Ok(());
            }
            let at = self.at;
            let Some(c) = self.peek() else { return Err(Mistake::at(left, "the action is not closed by `}}`")) };
            match c {
                '(' => open.push(at),
                ')' if open.pop().is_none() => return Err(Mistake::at(at, "there is no `(` for this `)`")),
                _ => {}
            }
            let token = self.token(c)?;
            self.push(at, token);
        }
    }

    fn token(&mut self, c: char) -> Result<Token, Mistake> {
        let at = self.at;
        let next = self.rest().chars().nth(1);
        match c {
            _ if is_space(c) => Ok(self.space()),
            '"' => self.string(at),
            '`' => self.raw_string(at),
            '\'' => self.character(at),
            '$' => self.variable(),
            '.' if !next.is_some_and(|c| c.is_ascii_digit()) => self.field(),
            '+' | '-' | '.' | '0'..='9' => self.number(at),
            _ if is_word(c) => self.word(),
            ':' if next == Some('=') => Ok(self.sign(2, Token::Declare)),
            '=' => Ok(self.sign(1, Token::Assign)),
            '|' => Ok(self.sign(1, Token::Pipe)),
            '(' => Ok(self.sign(1, Token::Open)),
            ')' => Ok(self.sign(1, Token::Close)),
            ',' => Ok(self.sign(1, Token::Comma)),
            _ => Err(Mistake::at(at, format!("unexpected character {c:?} in an action"))),
        }
    }

    fn sign(&mut self, length: usize, token: Token) -> Token {
        self.at += length;
        token
    }

    /// Leaves the space of ` -}}` where it is.
    fn space(&mut self) -> Token {
        let spaces = self.skip(is_space);
        if self.rest().starts_with("-}}") && spaces.len() > 1 {
            self.at -= 1;
        }
        Token::Space
    }

    fn field(&mut self) -> Result<Token, Mistake> {
        self.at += 1;
        let name = self.skip(is_word).to_owned();
        self.terminated()?;
        Ok(if name.is_empty() { Token::Dot } else { Token::Field(name) })
    }

    fn variable(&mut self) -> Result<Token, Mistake> {
        self.at += 1;
        let name = format!("${}", self.skip(is_word));
        self.terminated()?;
        Ok(Token::Variable(name))
    }

    fn word(&mut self) -> Result<Token, Mistake> {
        let word = self.skip(is_word);
        self.terminated()?;
        Ok(match word {
            "true" => Token::Bool(true),
            "false" => Token::Bool(false),
            "nil" => Token::Nil,
            word => keyword(word).map_or_else(|| Token::Word(word.to_owned()), Token::Keyword),
        })
    }

    /// After a word there is a space, a sign that may follow it, or the end of the action.
    fn terminated(&self) -> Result<(), Mistake> {
        match self.peek() {
            None | Some('.' | ',' | '|' | ':' | ')' | '(') => Ok(()),
            Some(c) if is_space(c) || self.rest().starts_with(RIGHT) => Ok(()),
            Some(c) => Err(Mistake::at(self.at, format!("unexpected character {c:?} after a word"))),
        }
    }

    fn string(&mut self, at: Offset) -> Result<Token, Mistake> {
        let inner = self.quoted('"').ok_or(Mistake::at(at, "the string is not closed on its line"))?;
        Ok(Token::String(unescaped(inner, '"').map_err(|message| Mistake::at(at, message))?.into()))
    }

    fn character(&mut self, at: Offset) -> Result<Token, Mistake> {
        let inner = self.quoted('\'').ok_or(Mistake::at(at, "the character is not closed on its line"))?;
        let text = unescaped(inner, '\'').map_err(|message| Mistake::at(at, message))?;
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(c), None) => Ok(Token::Int(i64::from(u32::from(c)))),
            _ => Err(Mistake::at(at, "one character must stand between single quotes")),
        }
    }

    fn raw_string(&mut self, at: Offset) -> Result<Token, Mistake> {
        let rest = self.rest().get(1..).unwrap_or_default();
        let end = rest.find('`').ok_or(Mistake::at(at, "the raw string is not closed"))?;
        self.at += end + 2;
        // As in Go's source files, a carriage return is no part of a raw string.
        Ok(Token::String(rest.get(..end).unwrap_or_default().replace('\r', "").into()))
    }

    /// What stands between the quotes, as it is written.
    fn quoted(&mut self, quote: char) -> Option<&'t str> {
        let rest = self.rest().get(1..)?;
        let mut escaped = false;
        for (index, c) in rest.char_indices() {
            match c {
                '\n' => return None,
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                c if c == quote => {
                    self.at += index + 2;
                    return rest.get(..index);
                }
                _ => {}
            }
        }
        None
    }

    fn number(&mut self, at: Offset) -> Result<Token, Mistake> {
        let mut last = ' ';
        let rest = self.rest();
        let is_hex = rest.trim_start_matches(['+', '-']).to_ascii_lowercase().starts_with("0x");
        let part = |last: char, c: char| {
            let is_exponent = if is_hex { matches!(last, 'p' | 'P') } else { matches!(last, 'e' | 'E') };
            is_word(c) || c == '.' || (matches!(c, '+' | '-') && (last == ' ' || is_exponent))
        };
        let mut length = 0;
        for c in rest.chars() {
            if !part(last, c) {
                break;
            }
            last = c;
            length += c.len_utf8();
        }
        self.at += length;
        let text = rest.get(..length).unwrap_or_default();
        number(text).ok_or_else(|| Mistake::at(at, format!("{text:?} is no number that a template can hold")))
    }
}

fn trims_before(rest: &str) -> bool {
    let mut rest = rest.chars();
    rest.next() == Some('-') && rest.next().is_some_and(is_space)
}

fn keyword(word: &str) -> Option<Keyword> {
    Some(match word {
        "block" => Keyword::Block,
        "break" => Keyword::Break,
        "continue" => Keyword::Continue,
        "define" => Keyword::Define,
        "else" => Keyword::Else,
        "end" => Keyword::End,
        "if" => Keyword::If,
        "range" => Keyword::Range,
        "template" => Keyword::Template,
        "with" => Keyword::With,
        _ => return None,
    })
}

/// A whole number of 64 bits, or a decimal fraction; `1_000`, `0x1F`, `0o17`, `017` and `0b1` as Go writes them.
fn number(text: &str) -> Option<Token> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let plain = |digits: &str| {
        let is_grouped = !digits.starts_with('_') && !digits.ends_with('_') && !digits.contains("__");
        is_grouped.then(|| digits.replace('_', ""))
    };
    let whole = |digits: &str, radix| {
        let digits = digits.strip_prefix('_').unwrap_or(digits);
        let digits = plain(digits).filter(|digits| !digits.starts_with(['+', '-']))?;
        i64::from_str_radix(&format!("{sign}{digits}"), radix).ok().map(Token::Int)
    };
    match lower.get(..2) {
        Some("0x") => whole(lower.get(2..)?, 16),
        Some("0o") => whole(lower.get(2..)?, 8),
        Some("0b") => whole(lower.get(2..)?, 2),
        _ if lower.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_') => {
            let is_octal = lower.len() > 1 && lower.starts_with('0');
            whole(&lower, if is_octal { 8 } else { 10 })
        }
        _ => {
            let is_decimal = lower.starts_with(|c: char| c.is_ascii_digit() || c == '.')
                && lower.chars().all(|c| c.is_ascii_digit() || matches!(c, '_' | '.' | 'e' | '+' | '-'));
            let value = is_decimal.then(|| plain(&lower)?.parse::<f64>().ok()).flatten()?;
            value.is_finite().then_some(Token::Float(if sign == "-" { -value } else { value }))
        }
    }
}

/// The text that a quoted string stands for.
fn unescaped(written: &str, quote: char) -> Result<String, String> {
    let mut text = String::with_capacity(written.len());
    let mut rest = written;
    while let Some(c) = rest.chars().next() {
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
        if c != '\\' {
            text.push(c);
            continue;
        }
        let kind = rest.chars().next().unwrap_or('\\');
        rest = rest.get(kind.len_utf8()..).unwrap_or_default();
        let (c, length) = escape(kind, rest, quote)?;
        text.push(c);
        rest = rest.get(length..).unwrap_or_default();
    }
    Ok(text)
}

/// What an escape stands for, and how many bytes of digits it takes.
fn escape(kind: char, rest: &str, quote: char) -> Result<(char, usize), String> {
    let code = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    let found = match kind {
        'a' => Some(('\u{7}', 0)),
        'b' => Some(('\u{8}', 0)),
        'f' => Some(('\u{c}', 0)),
        'n' => Some(('\n', 0)),
        'r' => Some(('\r', 0)),
        't' => Some(('\t', 0)),
        'v' => Some(('\u{b}', 0)),
        '\\' => Some(('\\', 0)),
        'u' => rest.get(..4).and_then(|digits| Some((code(digits, 16)?, 4))),
        'U' => rest.get(..8).and_then(|digits| Some((code(digits, 16)?, 8))),
        // A byte of its own; beyond ASCII it would be no text.
        'x' => rest.get(..2).and_then(|digits| Some((code(digits, 16)?, 2))).filter(|(c, _)| c.is_ascii()),
        '0'..='7' => rest
            .get(..2)
            .and_then(|digits| Some((code(&format!("{kind}{digits}"), 8)?, 2)))
            .filter(|(c, _)| c.is_ascii()),
        c if c == quote => Some((c, 0)),
        _ => None,
    };
    found.ok_or_else(|| format!("`\\{kind}` is no escape that a template can hold"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Token> {
        tokens(text).unwrap().into_iter().map(|(_, token)| token).collect()
    }

    fn texts(template: &str) -> String {
        let text = |token| if let Token::Text(text) = token { Some(text.to_string()) } else { None };
        kinds(template).into_iter().filter_map(text).collect()
    }

    #[test]
    fn trim_markers_take_the_space_beside_them() {
        assert_eq!(texts("a \n{{- 1 -}} \t b"), "ab");
        assert_eq!(texts("a {{ 1 }} b"), "a  b");
        assert_eq!(texts("a {{- /* c */ -}} b {{/* d */}} e"), "ab  e");
        // Without a space it is the sign of a number.
        assert_eq!(kinds("{{-1}}"), [Token::Left, Token::Int(-1), Token::Right, Token::End]);
    }

    #[test]
    fn literals_are_read_as_go_writes_them() {
        let value = |text: &str| kinds(&format!("{{{{{text}}}}}")).swap_remove(1);
        for (text, expected) in [
            ("42", Token::Int(42)),
            ("-0x1F", Token::Int(-31)),
            ("017", Token::Int(15)),
            ("1_000", Token::Int(1000)),
            ("1.5e-3", Token::Float(0.0015)),
            ("'a'", Token::Int(97)),
            (r"'\n'", Token::Int(10)),
            (r#""a\"\u00e9\x41""#, Token::String("a\"éA".into())),
            (r"`a\n`", Token::String(r"a\n".into())),
            ("true", Token::Bool(true)),
            ("$x", Token::Variable("$x".to_owned())),
            (".Role", Token::Field("Role".to_owned())),
            (".", Token::Dot),
        ] {
            assert_eq!(value(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_closed_or_not_known_is_told_where_it_stands() {
        for (text, at) in [
            ("ab{{ .x ", 2),
            ("ab{{/* ", 2),
            ("{{/* a */ b}}", 9),
            ("{{ (.x }}", 3),
            ("{{ .x) }}", 5),
            ("{{ \"a\nb\" }}", 3),
            ("{{ `a }}", 3),
            ("{{ 'ab' }}", 3),
            ("{{ 1x }}", 3),
            ("{{ 99999999999999999999 }}", 3),
            ("{{ .x% }}", 5),
            ("{{ \u{1F980} }}", 3),
            (r#"{{ "\q" }}"#, 3),
        ] {
            assert_eq!(tokens(text).unwrap_err().at, at, "{text}");
        }
    }
}
