//! Pipelines: what stands in an action, commands of words with `|` between them.

use super::{Parsed, Parser};
use crate::templates::go::error::Mistake;
use crate::templates::go::lexer::Token;
use crate::templates::go::syntax::{Command, Name, Offset, Pipe, Term, TermKind};

/// Variables that can be used at one place; real templates have about ten.
const MAX_VARIABLES: usize = 1000;

impl Parser {
    /// A pipeline and the token that ends it, which sets as many variables as it may.
    pub(super) fn pipe(&mut self, context: &str, end: &Token, max_variables: usize) -> Parsed<Pipe> {
        self.skip_space();
        let at = self.at();
        let (variables, declares) = self.set_variables(context, max_variables)?;
        let mut commands = Vec::new();
        loop {
            self.skip_space();
            if self.peek() == end {
                if commands.is_empty() {
                    return Err(Mistake::at(self.at(), format!("a value is missing in {context}")));
                }
                self.next += 1;
                break;
            }
            let at = self.at();
            let command = self.command(context, end)?;
            let is_value = command.words.first().is_some_and(|word| word.kind.is_constant());
            if is_value && !commands.is_empty() {
                return Err(Mistake::at(at, "only a function can take what is piped to it"));
            }
            commands.push(command);
        }
        let pipe = Pipe { at, variables, declares, commands };
        if pipe.declares {
            self.variables.extend(pipe.variables.iter().cloned());
        }
        if self.variables.len() > MAX_VARIABLES {
            return Err(Mistake::at(at, format!("a template has at most {MAX_VARIABLES} variables")));
        }
        Ok(pipe)
    }

    /// The variables before `:=` or `=`.
    fn set_variables(&mut self, context: &str, max: usize) -> Parsed<(Vec<String>, bool)> {
        let start = self.next;
        let mut found: Vec<(Offset, String)> = Vec::new();
        while let Token::Variable(name) = self.peek() {
            found.push((self.at(), name.clone()));
            self.next += 1;
            self.skip_space();
            let declares = match self.peek() {
                Token::Declare => true,
                Token::Assign => false,
                Token::Comma if found.len() < max => {
                    self.next += 1;
                    self.skip_space();
                    continue;
                }
                Token::Comma => return Err(Mistake::at(self.at(), format!("too many variables in {context}"))),
                _ => break,
            };
            self.next += 1;
            if let (false, Some((at, name))) = (declares, found.iter().find(|(_, name)| !self.variables.contains(name)))
            {
                return Err(Mistake::at(*at, format!("the variable {name} is not declared; use `:=`")));
            }
            return Ok((found.into_iter().map(|(_, name)| name).collect(), declares));
        }
        if found.len() > 1 {
            return Err(Mistake::at(self.at(), "`:=` or `=` must follow the variables"));
        }
        self.next = start;
        Ok((Vec::new(), false))
    }

    /// Words with space between them, up to `|` or the end of the pipeline.
    fn command(&mut self, context: &str, end: &Token) -> Parsed<Command> {
        let (at, mut words) = (self.at(), Vec::new());
        loop {
            self.skip_space();
            if let Some(word) = self.operand()? {
                words.push(word);
            }
            match self.peek() {
                Token::Space => continue,
                Token::Pipe => {
                    self.next += 1;
                    self.skip_space();
                    if self.peek() == end {
                        return Err(Mistake::at(self.at(), "a command is missing after `|`"));
                    }
                    break;
                }
                token if token == end => break,
                _ => return self.unexpected(context),
            }
        }
        if words.is_empty() {
            return Err(Mistake::at(at, "a command is missing before `|`"));
        }
        Ok(Command { words })
    }

    /// A term, and the fields that follow it.
    fn operand(&mut self) -> Parsed<Option<Term>> {
        let Some(mut term) = self.term()? else { return Ok(None) };
        let mut names = Vec::new();
        while let Token::Field(name) = self.peek() {
            names.push(Name { at: self.at(), text: name.clone() });
            self.next += 1;
        }
        if names.is_empty() {
            return Ok(Some(term));
        }
        term.kind = match term.kind {
            TermKind::Fields(mut fields) => {
                fields.append(&mut names);
                TermKind::Fields(fields)
            }
            TermKind::Variable(variable, mut fields) => {
                fields.append(&mut names);
                TermKind::Variable(variable, fields)
            }
            TermKind::Pipe(pipe) => TermKind::Chain(pipe, names),
            _ => return Err(Mistake::at(term.at, "a field must follow a field, a variable or a parenthesis")),
        };
        Ok(Some(term))
    }

    fn term(&mut self) -> Parsed<Option<Term>> {
        let is_term = !matches!(
            self.peek(),
            Token::Space | Token::Pipe | Token::Right | Token::Close | Token::End | Token::Comma
        );
        if !is_term {
            return Ok(None);
        }
        let (at, token) = self.take();
        let kind = match token {
            Token::Dot => TermKind::Dot,
            Token::Nil => TermKind::Nil,
            Token::Bool(value) => TermKind::Bool(value),
            Token::Int(value) => TermKind::Int(value),
            Token::Float(value) => TermKind::Float(value),
            Token::String(text) => TermKind::Text(text),
            Token::Word(name) => TermKind::Function(name),
            Token::Field(name) => TermKind::Fields(vec![Name { at, text: name }]),
            Token::Variable(name) if self.variables.contains(&name) => TermKind::Variable(name, Vec::new()),
            Token::Variable(name) => {
                return Err(Mistake::at(at, format!("the variable {name} is not declared")));
            }
            Token::Open => {
                let pipe = self.nested(|parser| parser.pipe("a parenthesis", &Token::Close, 1))?;
                TermKind::Pipe(Box::new(pipe))
            }
            other => return Err(Mistake::at(at, format!("unexpected {other}"))),
        };
        Ok(Some(Term { at, kind }))
    }
}

impl TermKind {
    fn is_constant(&self) -> bool {
        matches!(self, Self::Dot | Self::Nil | Self::Bool(_) | Self::Int(_) | Self::Float(_) | Self::Text(_))
    }
}
