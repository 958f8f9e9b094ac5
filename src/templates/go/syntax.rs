//! What a Go template is made of, each part with where it stands.

use std::sync::Arc;

/// A byte offset in the template.
pub type Offset = usize;

/// Nodes one after the other.
pub type List = Vec<Node>;

#[derive(Debug, Clone)]
pub enum Node {
    Text(Offset, Arc<str>),
    Action(Pipe),
    Branch(Branch),
    /// `{{ template "name" pipeline }}`, which is also what is left of a `block`.
    Template {
        at: Offset,
        name: String,
        pipe: Option<Pipe>,
    },
    Break,
    Continue,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BranchKind {
    If,
    With,
    Range,
}

/// `if`, `with` or `range`, with what follows `else`.
#[derive(Debug, Clone)]
pub struct Branch {
    pub kind: BranchKind,
    pub at: Offset,
    pub pipe: Pipe,
    pub list: List,
    pub otherwise: Option<List>,
}

/// Commands, each of which takes the value of the one before as its last argument.
#[derive(Debug, Clone)]
pub struct Pipe {
    pub at: Offset,
    /// The variables that are set, with their `$`.
    pub variables: Vec<String>,
    /// Whether they are set anew (`:=`) or are there already (`=`).
    pub declares: bool,
    pub commands: Vec<Command>,
}

/// A word, and its arguments if it is a function.
#[derive(Debug, Clone)]
pub struct Command {
    pub words: Vec<Term>,
}

#[derive(Debug, Clone)]
pub struct Term {
    pub at: Offset,
    pub kind: TermKind,
}

#[derive(Debug, Clone)]
pub enum TermKind {
    Dot,
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Arc<str>),
    /// `.Function.Name`
    Fields(Vec<Name>),
    /// `$message.Role`
    Variable(String, Vec<Name>),
    Function(String),
    /// `( pipeline )`
    Pipe(Box<Pipe>),
    /// `(index .Messages 0).Role`
    Chain(Box<Pipe>, Vec<Name>),
}

/// The name of a field.
#[derive(Debug, Clone)]
pub struct Name {
    pub at: Offset,
    pub text: String,
}
