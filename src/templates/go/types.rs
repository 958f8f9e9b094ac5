//! The types of what Ollama gives a template, and their fields: one table for the check and for the values.

use super::value::Value;

/// What a value is, as far as it can be told before rendering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Type {
    /// Whatever JSON holds, or not known.
    Any,
    Bool,
    Int,
    Text,
    /// What the whole template is given.
    Root,
    Messages,
    Message,
    ToolCalls,
    ToolCall,
    CalledFunction,
    Arguments,
    Tools,
    Tool,
    ToolFunction,
    Parameters,
    Properties,
    Property,
    PropertyList,
    PropertyKinds,
    Texts,
    Anything,
}

type Fields = &'static [(&'static str, Type)];

const ROOT: Fields = &[
    ("Messages", Type::Messages),
    ("System", Type::Text),
    ("Prompt", Type::Text),
    ("Response", Type::Text),
    ("Suffix", Type::Text),
    ("Tools", Type::Tools),
    ("Think", Type::Bool),
    ("ThinkLevel", Type::Text),
    ("IsThinkSet", Type::Bool),
];
const MESSAGE: Fields = &[
    ("Role", Type::Text),
    ("Content", Type::Text),
    ("Thinking", Type::Text),
    ("Images", Type::Anything),
    ("ToolCalls", Type::ToolCalls),
    ("ToolName", Type::Text),
    ("ToolCallID", Type::Text),
];
const TOOL_CALL: Fields = &[("ID", Type::Text), ("Function", Type::CalledFunction)];
const CALLED_FUNCTION: Fields = &[("Index", Type::Int), ("Name", Type::Text), ("Arguments", Type::Arguments)];
const TOOL: Fields = &[("Type", Type::Text), ("Items", Type::Any), ("Function", Type::ToolFunction)];
const TOOL_FUNCTION: Fields = &[("Name", Type::Text), ("Description", Type::Text), ("Parameters", Type::Parameters)];
const PARAMETERS: Fields = &[
    ("Type", Type::Text),
    ("Defs", Type::Any),
    ("Items", Type::Any),
    ("Required", Type::Texts),
    ("Properties", Type::Properties),
];
const PROPERTY: Fields = &[
    ("AnyOf", Type::PropertyList),
    ("Type", Type::PropertyKinds),
    ("Items", Type::Any),
    ("Description", Type::Text),
    ("Enum", Type::Anything),
    ("Properties", Type::Any),
    ("Required", Type::Texts),
];

impl Type {
    /// The fields, of a type that has its own.
    pub fn fields(self) -> Option<Fields> {
        match self {
            Self::Root => Some(ROOT),
            Self::Message => Some(MESSAGE),
            Self::ToolCall => Some(TOOL_CALL),
            Self::CalledFunction => Some(CALLED_FUNCTION),
            Self::Tool => Some(TOOL),
            Self::ToolFunction => Some(TOOL_FUNCTION),
            Self::Parameters => Some(PARAMETERS),
            Self::Property => Some(PROPERTY),
            _ => None,
        }
    }

    /// The type of a field; `None` if there is none of this name.
    pub fn field(self, name: &str) -> Option<Self> {
        let method = match (self, name) {
            (Self::Property, "ToTypeScriptType") => Some(Self::Text),
            (Self::PropertyKinds, "String") => Some(Self::Text),
            _ => None,
        };
        if method.is_some() {
            return method;
        }
        match self {
            Self::Any | Self::Arguments => Some(Self::Any),
            Self::Properties => Some(Self::Property),
            _ => self.fields()?.iter().find(|(field, _)| *field == name).map(|&(_, kind)| kind),
        }
    }

    /// What a range or an index finds in it.
    pub fn element(self) -> Self {
        match self {
            Self::Messages => Self::Message,
            Self::ToolCalls => Self::ToolCall,
            Self::Tools => Self::Tool,
            Self::Properties => Self::Property,
            Self::PropertyList => Self::Property,
            Self::PropertyKinds | Self::Texts => Self::Text,
            Self::Int => Self::Int,
            _ => Self::Any,
        }
    }

    /// What a range counts with.
    pub fn index(self) -> Self {
        match self {
            Self::Properties | Self::Arguments | Self::Root => Self::Text,
            Self::Any => Self::Any,
            _ => Self::Int,
        }
    }

    /// With its article, for messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "a value of any type",
            Self::Bool => "a bool",
            Self::Int => "a number",
            Self::Text => "a string",
            Self::Root => "the template's data",
            Self::Messages => "the list of messages",
            Self::Message => "a message",
            Self::ToolCalls => "a list of tool calls",
            Self::ToolCall => "a tool call",
            Self::CalledFunction => "a called function",
            Self::Arguments => "the arguments of a call",
            Self::Tools => "the list of tools",
            Self::Tool => "a tool",
            Self::ToolFunction => "the function of a tool",
            Self::Parameters => "the parameters of a function",
            Self::Properties => "the properties of a function's parameters",
            Self::Property => "a property",
            Self::PropertyList => "a list of properties",
            Self::PropertyKinds => "the type of a property",
            Self::Texts | Self::Anything => "a list",
        }
    }

    /// Whether Go prints it as JSON.
    pub fn is_printed_as_json(self) -> bool {
        matches!(self, Self::Arguments | Self::Tools | Self::Tool | Self::Properties)
    }

    pub fn of(value: &Value) -> Self {
        match value {
            Value::Nil | Value::Float(_) => Self::Any,
            Value::Bool(_) => Self::Bool,
            Value::Int(_) => Self::Int,
            Value::Text(_) => Self::Text,
            Value::List(list) => list.kind,
            Value::Map(map) => map.kind,
            Value::Object(object) => object.kind,
        }
    }
}
