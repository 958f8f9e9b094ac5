//! Running a template on its data, within a budget, by the rules of `text/template`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::error::Mistake;
use super::functions;
use super::parser::Tree;
use super::print::{plain, shown};
use super::syntax::{Branch, BranchKind, Command, List, Name, Node, Offset, Pipe, Term, TermKind};
use super::types::Type;
use super::value::{Map, Value};

/// What a rendering may take.
#[derive(Debug, Clone)]
pub struct Budget {
    /// Bytes of text that come out. What is made on the way may be eight times as long.
    pub output: usize,
    /// Nodes, words, and rounds of a range.
    pub steps: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { output: 1 << 20, steps: 1_000_000 }
    }
}

/// How deep blocks, parentheses and templates may lie in each other while they run.
const MAX_DEPTH: usize = 200;
/// As many bytes take one step to copy or compare.
const BYTES_A_STEP: usize = 256;

/// What happens after a node.
#[derive(PartialEq)]
enum Flow {
    On,
    Break,
    Continue,
}

type Done<T> = Result<T, Mistake>;

/// One rendering, of one or more executions that write one text.
pub struct Run<'t> {
    output: String,
    steps: u64,
    built: usize,
    max_output: usize,
    depth: usize,
    variables: Vec<(&'t str, Value)>,
    defined: &'t BTreeMap<String, List>,
    /// Whether the functions of Ollama are there.
    has_own_functions: bool,
}

impl<'t> Run<'t> {
    pub fn new(tree: &'t Tree, budget: &Budget) -> Self {
        Self {
            output: String::new(),
            steps: budget.steps,
            built: budget.output.saturating_mul(8),
            max_output: budget.output,
            depth: 0,
            variables: Vec::new(),
            defined: &tree.defined,
            has_own_functions: true,
        }
    }

    /// From now on without the templates defined and Ollama's functions, as Ollama renders the last turn.
    pub fn without_own(self, none: &'t BTreeMap<String, List>) -> Self {
        Self { defined: none, has_own_functions: false, ..self }
    }

    pub fn output(self) -> String {
        self.output
    }

    pub fn execute(&mut self, root: &'t List, data: BTreeMap<String, Value>) -> Done<()> {
        let data = Value::Map(Map::new(Type::Root, data));
        self.variables = vec![("$", data.clone())];
        self.list(root, &data).map(drop)
    }

    fn step(&mut self, at: Offset, bytes: usize) -> Done<()> {
        let steps = 1 + (bytes / BYTES_A_STEP) as u64;
        self.steps = self.steps.checked_sub(steps).ok_or(Mistake::at(at, "the rendering takes too many steps"))?;
        Ok(())
    }

    /// Counts a text that was made.
    fn build(&mut self, at: Offset, bytes: usize) -> Done<()> {
        self.step(at, bytes)?;
        let too_much = Mistake::at(at, "the rendering makes too much text on its way");
        self.built = self.built.checked_sub(bytes).ok_or(too_much)?;
        Ok(())
    }

    fn write(&mut self, at: Offset, text: &str) -> Done<()> {
        self.step(at, text.len())?;
        if self.output.len() + text.len() > self.max_output {
            return Err(Mistake::at(at, format!("the rendered text is longer than {} bytes", self.max_output)));
        }
        self.output.push_str(text);
        Ok(())
    }

    fn nested<T>(&mut self, at: Offset, run: impl FnOnce(&mut Self) -> Done<T>) -> Done<T> {
        if self.depth == MAX_DEPTH {
            return Err(Mistake::at(at, format!("blocks and templates lie more than {MAX_DEPTH} deep in each other")));
        }
        self.depth += 1;
        let done = run(self);
        self.depth -= 1;
        done
    }

    fn list(&mut self, list: &'t List, dot: &Value) -> Done<Flow> {
        for node in list {
            let flow = self.node(node, dot)?;
            if flow != Flow::On {
                return Ok(flow);
            }
        }
        Ok(Flow::On)
    }

    fn node(&mut self, node: &'t Node, dot: &Value) -> Done<Flow> {
        match node {
            Node::Text(at, text) => self.write(*at, text).map(|()| Flow::On),
            Node::Action(pipe) => self.action(pipe, dot).map(|()| Flow::On),
            Node::Branch(branch) => {
                let known = self.variables.len();
                let flow = self.nested(branch.at, |run| run.branch(branch, dot));
                self.variables.truncate(known);
                flow
            }
            Node::Template { at, name, pipe } => self.template(*at, name, pipe.as_ref(), dot).map(|()| Flow::On),
            Node::Break => Ok(Flow::Break),
            Node::Continue => Ok(Flow::Continue),
        }
    }

    fn action(&mut self, pipe: &'t Pipe, dot: &Value) -> Done<()> {
        let value = self.pipe(pipe, dot)?;
        if !pipe.variables.is_empty() {
            return Ok(());
        }
        if let Value::Text(text) = &value {
            return self.write(pipe.at, text);
        }
        let text = shown(&value).map_err(|message| Mistake::at(pipe.at, message))?;
        self.build(pipe.at, text.len())?;
        self.write(pipe.at, &text)
    }

    fn branch(&mut self, branch: &'t Branch, dot: &Value) -> Done<Flow> {
        let value = self.pipe(&branch.pipe, dot)?;
        let taken = match branch.kind {
            BranchKind::Range => return self.range(branch, &value, dot),
            _ if !value.is_true() => branch.otherwise.as_ref().map(|list| (list, dot)),
            BranchKind::If => Some((&branch.list, dot)),
            BranchKind::With => Some((&branch.list, &value)),
        };
        taken.map_or(Ok(Flow::On), |(list, dot)| self.list(list, dot))
    }

    fn range(&mut self, branch: &'t Branch, value: &Value, dot: &Value) -> Done<Flow> {
        let at = branch.pipe.at;
        let count = |index: usize| Value::Int(i64::try_from(index).unwrap_or(i64::MAX));
        let mut is_empty = true;
        let mut round = |run: &mut Self, index: Value, item: Value| {
            is_empty = false;
            run.round(branch, index, item)
        };
        match value {
            Value::List(list) => {
                for (index, item) in list.items().iter().enumerate() {
                    if round(self, count(index), item.clone())? == Flow::Break {
                        break;
                    }
                }
            }
            Value::Map(map) => {
                for (name, value) in map.entries.iter() {
                    if round(self, Value::text(name), value.clone())? == Flow::Break {
                        break;
                    }
                }
            }
            Value::Int(_) if branch.pipe.variables.len() > 1 => {
                return Err(Mistake::at(at, "a range over a number has one variable"));
            }
            Value::Int(number) => {
                for index in 0..*number {
                    if round(self, Value::Nil, Value::Int(index))? == Flow::Break {
                        break;
                    }
                }
            }
            Value::Nil => {}
            other => {
                return Err(Mistake::at(at, format!("`range` cannot go through {}", Type::of(other).name())));
            }
        }
        match &branch.otherwise {
            Some(list) if is_empty => self.list(list, dot),
            _ => Ok(Flow::On),
        }
    }

    /// One round of a range, with its variables set.
    fn round(&mut self, branch: &'t Branch, index: Value, item: Value) -> Done<Flow> {
        self.step(branch.at, 0)?;
        let known = self.variables.len();
        match (branch.pipe.variables.as_slice(), branch.pipe.declares) {
            ([name], false) => self.set(name, item.clone()),
            ([first, second], false) => {
                self.set(first, index);
                self.set(second, item.clone());
            }
            (names, _) => {
                let values = if names.len() == 1 { vec![item.clone()] } else { vec![index, item.clone()] };
                self.variables.extend(names.iter().map(String::as_str).zip(values));
            }
        }
        let flow = self.list(&branch.list, &item);
        self.variables.truncate(known);
        flow
    }

    fn set(&mut self, name: &str, value: Value) {
        if let Some((_, held)) = self.variables.iter_mut().rev().find(|(held, _)| *held == name) {
            *held = value;
        }
    }

    /// A template sees what is piped to it, and no variable.
    fn template(&mut self, at: Offset, name: &str, pipe: Option<&'t Pipe>, dot: &Value) -> Done<()> {
        let defined = self.defined;
        let list = defined.get(name).ok_or_else(|| Mistake::at(at, format!("there is no template {name:?}")))?;
        let dot = pipe.map_or(Ok(Value::Nil), |pipe| self.pipe(pipe, dot))?;
        self.step(at, 0)?;
        let variables = std::mem::replace(&mut self.variables, vec![("$", dot.clone())]);
        let done = self.nested(at, |run| run.list(list, &dot));
        self.variables = variables;
        done.map(drop)
    }

    fn pipe(&mut self, pipe: &'t Pipe, dot: &Value) -> Done<Value> {
        let mut value = None;
        for command in &pipe.commands {
            value = Some(self.command(command, dot, value)?);
        }
        let value = value.unwrap_or(Value::Nil);
        for name in &pipe.variables {
            match pipe.declares {
                true => self.variables.push((name, value.clone())),
                false => self.set(name, value.clone()),
            }
        }
        Ok(value)
    }

    fn command(&mut self, command: &'t Command, dot: &Value, piped: Option<Value>) -> Done<Value> {
        let Some((word, arguments)) = command.words.split_first() else { return Ok(Value::Nil) };
        match &word.kind {
            TermKind::Function(name) => self.call(word.at, name, arguments, dot, piped),
            TermKind::Nil => Err(Mistake::at(word.at, "`nil` alone has no value")),
            _ if !arguments.is_empty() || piped.is_some() => {
                Err(Mistake::at(word.at, "only a function takes arguments, and this is none"))
            }
            _ => self.term(word, dot),
        }
    }

    fn term(&mut self, term: &'t Term, dot: &Value) -> Done<Value> {
        self.step(term.at, 0)?;
        match &term.kind {
            TermKind::Dot => Ok(dot.clone()),
            TermKind::Nil => Ok(Value::Nil),
            TermKind::Bool(value) => Ok(Value::Bool(*value)),
            TermKind::Int(value) => Ok(Value::Int(*value)),
            TermKind::Float(value) => Ok(Value::Float(*value)),
            TermKind::Text(text) => Ok(Value::Text(text.clone())),
            TermKind::Fields(names) => self.fields(dot.clone(), names),
            TermKind::Variable(name, names) => self.fields(self.variable(term.at, name)?, names),
            TermKind::Function(name) => self.call(term.at, name, &[], dot, None),
            TermKind::Pipe(pipe) => self.nested(term.at, |run| run.pipe(pipe, dot)),
            TermKind::Chain(pipe, names) => {
                let value = self.nested(term.at, |run| run.pipe(pipe, dot))?;
                self.fields(value, names)
            }
        }
    }

    fn variable(&self, at: Offset, name: &str) -> Done<Value> {
        let found = self.variables.iter().rev().find(|(held, _)| *held == name);
        found
            .map(|(_, value)| value.clone())
            .ok_or_else(|| Mistake::at(at, format!("the variable {name} has no value here")))
    }

    fn call(&mut self, at: Offset, name: &str, words: &'t [Term], dot: &Value, piped: Option<Value>) -> Done<Value> {
        self.step(at, 0)?;
        if !self.has_own_functions && functions::is_of_ollama(name) {
            let message =
                format!("Ollama has no {name:?} when it renders the last turn of a template without .Messages");
            return Err(Mistake::at(at, message));
        }
        if matches!(name, "and" | "or") {
            return self.first_that(at, name, words, dot, piped);
        }
        let mut arguments = words.iter().map(|word| self.term(word, dot)).collect::<Done<Vec<Value>>>()?;
        arguments.extend(piped);
        let bytes = arguments.iter().map(|value| if let Value::Text(text) = value { text.len() } else { 0 }).sum();
        self.step(at, bytes)?;
        let value = functions::call(name, &arguments).map_err(|message| Mistake::at(at, message))?;
        if let Value::Text(text) = &value {
            self.build(at, text.len())?;
        }
        Ok(value)
    }

    /// `and` and `or` are the first value that decides, and take none after it.
    fn first_that(
        &mut self,
        at: Offset,
        name: &str,
        words: &'t [Term],
        dot: &Value,
        piped: Option<Value>,
    ) -> Done<Value> {
        let mut value = None;
        for word in words {
            let taken = self.term(word, dot)?;
            if taken.is_true() == (name == "or") {
                return Ok(taken);
            }
            value = Some(taken);
        }
        piped.or(value).ok_or_else(|| Mistake::at(at, functions::wrong_number(name, 0)))
    }

    /// A value's field, and that one's, and so on. What a map does not have has no fields, except in the last turn.
    fn fields(&self, value: Value, names: &[Name]) -> Done<Value> {
        let mut value = value;
        let mut is_missing = false;
        for name in names {
            let field = match &value {
                Value::Nil if is_missing => Err(format!("there is no .{} of what is not there", name.text)),
                Value::Nil => Ok(Value::Nil),
                Value::Map(map) => Ok(map.get(&name.text)),
                Value::Object(object) => object
                    .get(&name.text)
                    .cloned()
                    .or_else(|| {
                        is_method(object.kind, &name.text).then(|| Value::Text(functions::type_script(&value).into()))
                    })
                    .ok_or_else(|| no_field(object.kind, &name.text)),
                Value::List(list) if list.kind == Type::PropertyKinds && name.text == "String" => {
                    plain(&value).map(|text| Value::Text(Arc::from(text)))
                }
                other => Err(no_field(Type::of(other), &name.text)),
            };
            is_missing = matches!(value, Value::Map(_)) && self.has_own_functions;
            value = field.map_err(|message| Mistake::at(name.at, message))?;
        }
        Ok(value)
    }
}

fn is_method(kind: Type, name: &str) -> bool {
    kind == Type::Property && name == "ToTypeScriptType"
}

/// Why a value has no such field, and which it has.
pub fn no_field(kind: Type, name: &str) -> String {
    let hint = match (kind.fields(), kind) {
        (Some(fields), _) => {
            let names: Vec<&str> = fields.iter().map(|&(name, _)| name).collect();
            format!("it has {}", names.join(", "))
        }
        (None, Type::Messages | Type::Tools | Type::ToolCalls | Type::PropertyList) => "range over it".to_owned(),
        (None, _) => "it has none".to_owned(),
    };
    let root = match Type::Root.field(name) {
        Some(_) if kind != Type::Root => format!("; the template's own is `$.{name}`"),
        _ => String::new(),
    };
    format!("{} has no field {name:?}: {hint}{root}", kind.name())
}
