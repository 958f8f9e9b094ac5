//! What can be said of a template before it is rendered: the functions and fields it names that Ollama does not give.

use std::collections::BTreeSet;

use super::Finding;
use super::execute::no_field;
use super::functions::NAMES;
use super::parser::Tree;
use super::position::position;
use super::syntax::{BranchKind, List, Name, Node, Offset, Pipe, Term, TermKind};
use super::types::Type;

/// More are not told: somebody who sees as many looks at the whole template.
const MAX_FINDINGS: usize = 20;

pub fn check(tree: &Tree, text: &str) -> Vec<Finding> {
    let mut check = Check {
        tree,
        assigned: BTreeSet::new(),
        variables: Vec::new(),
        found: BTreeSet::new(),
        called: BTreeSet::new(),
        to_do: Vec::new(),
    };
    tree.defined.values().chain([&tree.root]).for_each(|list| check.note_assigned(list));
    check.body(&tree.root, Type::Root);
    check.called_templates();
    check.uncalled_templates();
    let told = |(at, message)| {
        let (line, column) = position(text, at);
        Finding { line, column, message }
    };
    check.found.into_iter().take(MAX_FINDINGS).map(told).collect()
}

struct Check<'t> {
    tree: &'t Tree,
    /// Variables that are set again, whose type can therefore change.
    assigned: BTreeSet<&'t str>,
    variables: Vec<(&'t str, Type)>,
    found: BTreeSet<(Offset, String)>,
    /// Templates, and what they were called with.
    called: BTreeSet<(&'t str, Type)>,
    to_do: Vec<(&'t str, Type)>,
}

impl<'t> Check<'t> {
    fn note_assigned(&mut self, list: &'t List) {
        for node in list {
            match node {
                Node::Action(pipe) | Node::Template { pipe: Some(pipe), .. } => self.note_set(pipe),
                Node::Branch(branch) => {
                    self.note_set(&branch.pipe);
                    self.note_assigned(&branch.list);
                    branch.otherwise.iter().for_each(|list| self.note_assigned(list));
                }
                _ => {}
            }
        }
    }

    fn note_set(&mut self, pipe: &'t Pipe) {
        if !pipe.declares {
            self.assigned.extend(pipe.variables.iter().map(String::as_str));
        }
        for word in pipe.commands.iter().flat_map(|command| &command.words) {
            if let TermKind::Pipe(pipe) | TermKind::Chain(pipe, _) = &word.kind {
                self.note_set(pipe);
            }
        }
    }

    /// More than can be told are not kept, so that many templates with many mistakes take no memory.
    fn find(&mut self, at: Offset, message: String) {
        self.found.insert((at, message));
        if self.found.len() > MAX_FINDINGS {
            self.found.pop_last();
        }
    }

    fn body(&mut self, list: &'t List, dot: Type) {
        self.variables = vec![("$", dot)];
        self.list(list, dot);
    }

    /// One after the other, so that no chain of templates makes this deep.
    fn called_templates(&mut self) {
        while let Some((name, dot)) = self.to_do.pop() {
            if let Some(list) = self.tree.defined.get(name) {
                self.body(list, dot);
            }
        }
    }

    fn uncalled_templates(&mut self) {
        for (name, list) in &self.tree.defined {
            if !self.called.iter().any(|(called, _)| called == name) {
                self.body(list, Type::Any);
            }
        }
        self.called_templates();
    }

    fn list(&mut self, list: &'t List, dot: Type) {
        for node in list {
            match node {
                Node::Action(pipe) => {
                    self.pipe(pipe, dot);
                }
                Node::Branch(branch) => {
                    let known = self.variables.len();
                    let value = self.pipe(&branch.pipe, dot);
                    let inner = match branch.kind {
                        BranchKind::If => dot,
                        BranchKind::With => value,
                        BranchKind::Range => self.range(&branch.pipe, value),
                    };
                    self.list(&branch.list, inner);
                    if let Some(list) = &branch.otherwise {
                        self.list(list, dot);
                    }
                    self.variables.truncate(known);
                }
                Node::Template { at, name, pipe } => self.template(*at, name, pipe.as_ref(), dot),
                Node::Text(..) | Node::Break | Node::Continue => {}
            }
        }
    }

    /// Gives the range's variables their types, and returns that of the dot within it.
    fn range(&mut self, pipe: &'t Pipe, value: Type) -> Type {
        let element = value.element();
        if pipe.declares {
            let kinds = if pipe.variables.len() == 1 { vec![element] } else { vec![value.index(), element] };
            for (name, kind) in pipe.variables.iter().zip(kinds) {
                self.declare(name, kind);
            }
        }
        element
    }

    fn declare(&mut self, name: &'t str, kind: Type) {
        let kind = if self.assigned.contains(name) { Type::Any } else { kind };
        self.variables.push((name, kind));
    }

    fn template(&mut self, at: Offset, name: &'t str, pipe: Option<&'t Pipe>, dot: Type) {
        let given = match pipe {
            Some(pipe) => self.pipe(pipe, dot),
            None => {
                self.find(
                    at,
                    format!("Ollama takes a `template` only with what it is given: {{{{ template {name:?} . }}}}"),
                );
                Type::Any
            }
        };
        if !self.tree.defined.contains_key(name) {
            return self.find(at, format!("there is no template {name:?}; `define` it"));
        }
        if self.called.insert((name, given)) {
            self.to_do.push((name, given));
        }
    }

    fn pipe(&mut self, pipe: &'t Pipe, dot: Type) -> Type {
        let mut kind = None;
        for command in &pipe.commands {
            let Some((word, arguments)) = command.words.split_first() else { continue };
            let given: Vec<Type> = arguments.iter().map(|word| self.term(word, dot)).chain(kind).collect();
            kind = Some(match &word.kind {
                TermKind::Function(name) => self.function(word.at, name, &given),
                _ => self.term(word, dot),
            });
        }
        let kind = kind.unwrap_or(Type::Any);
        if pipe.declares {
            pipe.variables.iter().for_each(|name| self.declare(name, kind));
        }
        kind
    }

    fn term(&mut self, term: &'t Term, dot: Type) -> Type {
        match &term.kind {
            TermKind::Dot => dot,
            TermKind::Nil | TermKind::Float(_) => Type::Any,
            TermKind::Bool(_) => Type::Bool,
            TermKind::Int(_) => Type::Int,
            TermKind::Text(_) => Type::Text,
            TermKind::Fields(names) => self.fields(dot, names),
            TermKind::Variable(name, names) => {
                let held = self.variables.iter().rev().find(|(held, _)| held == name);
                self.fields(held.map_or(Type::Any, |&(_, kind)| kind), names)
            }
            TermKind::Function(name) => self.function(term.at, name, &[]),
            TermKind::Pipe(pipe) => self.pipe(pipe, dot),
            TermKind::Chain(pipe, names) => {
                let kind = self.pipe(pipe, dot);
                self.fields(kind, names)
            }
        }
    }

    fn fields(&mut self, kind: Type, names: &[Name]) -> Type {
        let mut kind = kind;
        for name in names {
            match kind.field(&name.text) {
                Some(field) => kind = field,
                None => {
                    self.find(name.at, no_field(kind, &name.text));
                    return Type::Any;
                }
            }
        }
        kind
    }

    /// The type of what a function gives.
    fn function(&mut self, at: Offset, name: &str, given: &[Type]) -> Type {
        let first = given.first().copied().unwrap_or(Type::Any);
        match name {
            "not" | "eq" | "ne" | "lt" | "le" | "gt" | "ge" => Type::Bool,
            "len" => Type::Int,
            "and" | "or" if given.iter().all(|kind| *kind == first) => first,
            "slice" => first,
            "index" if given.len() == 2 && first != Type::Text => first.element(),
            "and" | "or" | "index" | "call" => Type::Any,
            _ if NAMES.contains(&name) => Type::Text,
            _ => {
                self.find(at, format!("there is no function {name:?}: Ollama has {}", NAMES.join(", ")));
                Type::Any
            }
        }
    }
}
