//! From words to the tree of a Go template, by the grammar of `text/template`.

mod pipeline;

use std::collections::BTreeMap;
use std::mem;

use crate::templates::go::error::Mistake;
use crate::templates::go::lexer::{Keyword, Token, tokens};
use crate::templates::go::syntax::{Branch, BranchKind, List, Node, Offset};

/// How deep blocks and parentheses may lie in each other; real templates go to about ten.
const MAX_DEPTH: usize = 100;

/// A template, and those that it defines.
#[derive(Debug, Clone)]
pub struct Tree {
    pub root: List,
    pub defined: BTreeMap<String, List>,
}

pub fn parse(text: &str) -> Result<Tree, Mistake> {
    let mut parser = Parser {
        tokens: tokens(text)?,
        next: 0,
        variables: vec!["$".to_owned()],
        ranges: 0,
        depth: 0,
        defined: BTreeMap::new(),
    };
    let (root, end) = parser.list(true)?;
    match end {
        ListEnd::Text => Ok(Tree { root, defined: parser.defined }),
        ListEnd::End(at) => Err(Mistake::at(at, "there is nothing that this `end` could end")),
        ListEnd::Else(at) => Err(Mistake::at(at, "there is no `if`, `with` or `range` for this `else`")),
    }
}

struct Parser {
    tokens: Vec<(Offset, Token)>,
    next: usize,
    /// Those that can be used here.
    variables: Vec<String>,
    /// Ranges that this is in.
    ranges: usize,
    depth: usize,
    defined: BTreeMap<String, List>,
}

/// What ended a list.
enum ListEnd {
    Text,
    /// `{{ end }}`, wholly read.
    End(Offset),
    /// `{{ else`, with what follows yet to be read.
    Else(Offset),
}

type Parsed<T> = Result<T, Mistake>;

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens.get(self.next).map_or(&Token::End, |(_, token)| token)
    }

    fn at(&self) -> Offset {
        self.tokens.get(self.next).or(self.tokens.last()).map_or(0, |&(at, _)| at)
    }

    fn take(&mut self) -> (Offset, Token) {
        let at = self.at();
        let token = self.tokens.get_mut(self.next).map_or(Token::End, |(_, token)| mem::replace(token, Token::End));
        self.next += 1;
        (at, token)
    }

    fn skip_space(&mut self) {
        while *self.peek() == Token::Space {
            self.next += 1;
        }
    }

    fn unexpected<T>(&self, context: &str) -> Parsed<T> {
        Err(Mistake::at(self.at(), format!("unexpected {} in {context}", self.peek())))
    }

    fn right(&mut self, context: &str) -> Parsed<()> {
        self.skip_space();
        match self.peek() {
            Token::Right => {
                self.next += 1;
                Ok(())
            }
            _ => self.unexpected(context),
        }
    }

    /// Does something one level deeper.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth == MAX_DEPTH {
            let message = format!("blocks and parentheses may lie at most {MAX_DEPTH} deep in each other");
            return Err(Mistake::at(self.at(), message));
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    /// Nodes up to the end of the text, an `end` or an `else`.
    fn list(&mut self, is_top: bool) -> Parsed<(List, ListEnd)> {
        let mut list = List::new();
        loop {
            let (at, token) = self.take();
            match token {
                Token::Text(text) => list.push(Node::Text(at, text)),
                Token::End => return Ok((list, ListEnd::Text)),
                _ => {
                    self.skip_space();
                    let keyword = if let Token::Keyword(keyword) = self.peek() { Some(*keyword) } else { None };
                    match keyword {
                        Some(Keyword::Define) if is_top => self.define(at)?,
                        Some(Keyword::End) => {
                            self.next += 1;
                            self.right("`end`")?;
                            return Ok((list, ListEnd::End(at)));
                        }
                        Some(Keyword::Else) => {
                            self.next += 1;
                            self.skip_space();
                            return Ok((list, ListEnd::Else(at)));
                        }
                        keyword => list.push(self.action(at, keyword)?),
                    }
                }
            }
        }
    }

    fn action(&mut self, at: Offset, keyword: Option<Keyword>) -> Parsed<Node> {
        let Some(keyword) = keyword else {
            return Ok(Node::Action(self.pipe("an action", &Token::Right, 1)?));
        };
        match keyword {
            Keyword::If => self.branch(at, BranchKind::If),
            Keyword::With => self.branch(at, BranchKind::With),
            Keyword::Range => self.branch(at, BranchKind::Range),
            Keyword::Block => self.block(at),
            Keyword::Template => self.template(at),
            Keyword::Break => self.leave(at, Node::Break, "break"),
            Keyword::Continue => self.leave(at, Node::Continue, "continue"),
            Keyword::Define => Err(Mistake::at(at, "`define` must not stand within another block")),
            Keyword::Else | Keyword::End => self.unexpected("an action"),
        }
    }

    fn leave(&mut self, at: Offset, node: Node, name: &str) -> Parsed<Node> {
        self.next += 1;
        if self.ranges == 0 {
            return Err(Mistake::at(at, format!("`{name}` must stand within a `range`")));
        }
        self.right(&format!("`{name}`"))?;
        Ok(node)
    }

    fn branch(&mut self, at: Offset, kind: BranchKind) -> Parsed<Node> {
        self.next += 1;
        let known = self.variables.len();
        let branch = self.nested(|parser| parser.branch_body(at, kind));
        self.variables.truncate(known);
        branch.map(Node::Branch)
    }

    fn branch_body(&mut self, at: Offset, kind: BranchKind) -> Parsed<Branch> {
        let is_range = kind == BranchKind::Range;
        let pipe = self.pipe(kind.name(), &Token::Right, if is_range { 2 } else { 1 })?;
        self.ranges += usize::from(is_range);
        let (list, end) = self.list(false)?;
        self.ranges -= usize::from(is_range);
        let otherwise = match end {
            ListEnd::Text => return Err(not_ended(at, kind.name())),
            ListEnd::End(_) => None,
            ListEnd::Else(_) => Some(self.otherwise(at, kind)?),
        };
        Ok(Branch { kind, at, pipe, list, otherwise })
    }

    /// What follows `else`. Of `else if` the one `end` ends both.
    fn otherwise(&mut self, at: Offset, kind: BranchKind) -> Parsed<List> {
        let inner = match (self.peek(), kind) {
            (Token::Keyword(Keyword::If), BranchKind::If) => Some(BranchKind::If),
            (Token::Keyword(Keyword::With), BranchKind::With) => Some(BranchKind::With),
            _ => None,
        };
        if let Some(inner) = inner {
            let at = self.at();
            return Ok(vec![self.branch(at, inner)?]);
        }
        self.right("`else`")?;
        match self.list(false)? {
            (list, ListEnd::End(_)) => Ok(list),
            (_, ListEnd::Else(at)) => Err(Mistake::at(at, "an `end` must stand here, not another `else`")),
            (_, ListEnd::Text) => Err(not_ended(at, kind.name())),
        }
    }

    fn name(&mut self, context: &str) -> Parsed<String> {
        self.next += 1;
        self.skip_space();
        match self.peek() {
            Token::String(_) => {}
            _ => return self.unexpected(context),
        }
        match self.take() {
            (_, Token::String(name)) => Ok(name.to_string()),
            _ => self.unexpected(context),
        }
    }

    fn template(&mut self, at: Offset) -> Parsed<Node> {
        let name = self.name("`template`, which takes a name in quotes")?;
        self.skip_space();
        let pipe = match self.peek() {
            Token::Right => {
                self.next += 1;
                None
            }
            _ => Some(self.pipe("`template`", &Token::Right, 1)?),
        };
        Ok(Node::Template { at, name, pipe })
    }

    /// A template that is defined where it is used.
    fn block(&mut self, at: Offset) -> Parsed<Node> {
        let name = self.name("`block`, which takes a name in quotes")?;
        let pipe = Some(self.pipe("`block`", &Token::Right, 1)?);
        self.body(at, &name, "block")?;
        Ok(Node::Template { at, name, pipe })
    }

    fn define(&mut self, at: Offset) -> Parsed<()> {
        let name = self.name("`define`, which takes a name in quotes")?;
        self.right("`define`")?;
        self.body(at, &name, "define")
    }

    /// The body of a template of its own, which sees no variable and no range around it.
    fn body(&mut self, at: Offset, name: &str, context: &str) -> Parsed<()> {
        let variables = mem::replace(&mut self.variables, vec!["$".to_owned()]);
        let ranges = mem::take(&mut self.ranges);
        let (list, end) = self.nested(|parser| parser.list(false))?;
        (self.variables, self.ranges) = (variables, ranges);
        match end {
            ListEnd::End(_) => self.add(at, name, list),
            ListEnd::Else(at) => Err(Mistake::at(at, format!("a `{context}` has no `else`"))),
            ListEnd::Text => Err(not_ended(at, context)),
        }
    }

    /// An empty template gives way to another one of its name.
    fn add(&mut self, at: Offset, name: &str, list: List) -> Parsed<()> {
        match self.defined.get(name) {
            Some(held) if !is_empty(held) && !is_empty(&list) => {
                Err(Mistake::at(at, format!("the template {name:?} is defined twice")))
            }
            Some(held) if !is_empty(held) => Ok(()),
            _ => {
                self.defined.insert(name.to_owned(), list);
                Ok(())
            }
        }
    }
}

fn not_ended(at: Offset, context: &str) -> Mistake {
    Mistake::at(at, format!("the `{}` has no `end`", context.trim_matches('`')))
}

/// Nothing but space.
fn is_empty(list: &List) -> bool {
    list.iter().all(|node| matches!(node, Node::Text(_, text) if text.trim().is_empty()))
}

impl BranchKind {
    fn name(self) -> &'static str {
        match self {
            Self::If => "`if`",
            Self::With => "`with`",
            Self::Range => "`range`",
        }
    }
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(_) => f.write_str("text"),
            Self::Left => f.write_str("`{{`"),
            Self::Right => f.write_str("`}}`"),
            Self::Space => f.write_str("space"),
            Self::Dot => f.write_str("`.`"),
            Self::Nil => f.write_str("`nil`"),
            Self::Bool(value) => write!(f, "`{value}`"),
            Self::Int(value) => write!(f, "`{value}`"),
            Self::Float(value) => write!(f, "`{value}`"),
            Self::String(_) => f.write_str("a string"),
            Self::Field(name) => write!(f, "`.{name}`"),
            Self::Variable(name) | Self::Word(name) => write!(f, "`{name}`"),
            Self::Keyword(keyword) => write!(f, "`{}`", format!("{keyword:?}").to_lowercase()),
            Self::Declare => f.write_str("`:=`"),
            Self::Assign => f.write_str("`=`"),
            Self::Pipe => f.write_str("`|`"),
            Self::Open => f.write_str("`(`"),
            Self::Close => f.write_str("`)`"),
            Self::Comma => f.write_str("`,`"),
            Self::End => f.write_str("the end of the template"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_grammar_has_is_parsed() {
        for text in [
            "",
            "plain",
            "{{ . }}{{ $ }}{{ .A.B }}{{ $.A }}",
            "{{ if .A }}a{{ else if .B }}b{{ else }}c{{ end }}",
            "{{ range $i, $m := .Messages }}{{ $i }}{{ if eq $i 3 }}{{ break }}{{ end }}{{ continue }}{{ else }}-{{ end }}",
            "{{ with $x := .A }}{{ $x }}{{ else with .B }}{{ . }}{{ end }}",
            "{{ $x := 1 }}{{ $x = 2 }}{{ range $x = .A }}{{ end }}",
            "{{ (index .Messages 0).Content | printf \"%s\" | len }}",
            "{{ define \"a\" }}{{ . }}{{ end }}{{ template \"a\" .B }}{{ block \"b\" . }}x{{ end }}",
            "{{/* only a comment */}}",
            "{{ and\n  .A\n  (not .B) }}",
        ] {
            assert!(parse(text).is_ok(), "{text}: {:?}", parse(text).unwrap_err());
        }
    }

    #[test]
    fn what_is_against_the_grammar_is_told_where_it_stands() {
        for (text, at, word) in [
            ("{{ }}", 3, "missing"),
            ("{{ if }}{{ end }}", 6, "missing"),
            ("ab{{ if .A }}", 2, "no `end`"),
            ("{{ end }}", 0, "nothing"),
            ("{{ else }}", 0, "no `if`"),
            ("{{ if .A }}{{ else }}{{ else }}{{ end }}", 21, "another `else`"),
            ("{{ $x }}", 3, "$x"),
            ("{{ $x = 1 }}", 3, "$x"),
            ("{{ if .A }}{{ $x := 1 }}{{ end }}{{ $x }}", 36, "$x"),
            ("{{ $a, $b := .A }}", 5, "too many"),
            ("{{ range $a, $b }}{{ end }}", 16, "must follow"),
            ("{{ break }}", 0, "`range`"),
            ("{{ .A | }}", 8, "after `|`"),
            ("{{ | .A }}", 3, "before `|`"),
            ("{{ .A | 1 }}", 8, "only a function"),
            ("{{ 1 .B.C }}{{ \"a\".B }}", 15, "must follow"),
            ("{{ if .A }}{{ define \"x\" }}{{ end }}{{ end }}", 11, "`define`"),
            ("{{ define \"x\" }}a{{ end }}{{ define \"x\" }}b{{ end }}", 26, "twice"),
            ("{{ template x }}", 12, "quotes"),
            ("{{ () }}", 4, "missing"),
            ("{{ .A, .B }}", 5, "`,`"),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.at, at, "{text}: {}", error.message);
            assert!(error.message.contains(word), "{text}: {}", error.message);
        }
    }

    #[test]
    fn nesting_has_a_bound() {
        let ifs = |n: usize| format!("{}{}", "{{if 1}}".repeat(n), "{{end}}".repeat(n));
        let parens = |n: usize| format!("{{{{{}1{}}}}}", "(".repeat(n), ")".repeat(n));
        let chain = |n: usize| format!("{{{{if 1}}}}{}{{{{end}}}}", "{{else if 1}}".repeat(n));
        for nested in [&ifs as &dyn Fn(usize) -> String, &parens, &chain] {
            assert!(parse(&nested(99)).is_ok());
            assert!(parse(&nested(8000)).unwrap_err().message.contains("100 deep"));
        }
    }
}
