//! A conversation as the values that Ollama gives a template.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::types::Type;
use super::value::{Field, List, Map, Object, Value};
use crate::templates::conversation::{Conversation, Message, Tool, ToolCall};

/// What Ollama gathers before it renders.
pub struct Data {
    /// All system messages.
    pub system: String,
    /// The messages, of which those of one role in a row are one.
    pub messages: Vec<Message>,
}

impl Data {
    /// A tool's results stay apart, because each has its own name. As in Ollama, of messages that become one the first
    /// gives all but the text.
    pub fn of(conversation: &Conversation) -> Self {
        let mut system = Vec::new();
        let mut messages: Vec<Message> = Vec::new();
        for message in &conversation.messages {
            let message = Message { role: message.role.to_lowercase(), ..message.clone() };
            if message.role == "system" {
                system.push(message.content.clone());
            }
            match messages.last_mut() {
                Some(last) if last.role == message.role && message.role != "tool" => {
                    last.content.push_str("\n\n");
                    last.content.push_str(&message.content);
                }
                _ => messages.push(message),
            }
        }
        Self { system: system.join("\n\n"), messages }
    }
}

/// The data of a template that asks for `.Messages`.
pub fn of_messages(data: &Data, tools: &[Tool], think: Option<bool>) -> BTreeMap<String, Value> {
    let messages = data.messages.iter().map(message).collect();
    let tools = tools.iter().map(tool).collect();
    let given = [
        ("System", Value::text(&data.system)),
        ("Messages", Value::List(List::new(Type::Messages, messages))),
        ("Tools", Value::List(List::new(Type::Tools, tools))),
        ("Response", Value::text("")),
    ];
    root(given, think)
}

/// The data of a template that is rendered turn by turn.
pub fn of_turn(system: &str, prompt: &str, response: &str, think: Option<bool>) -> BTreeMap<String, Value> {
    let given = [("System", Value::text(system)), ("Prompt", Value::text(prompt)), ("Response", Value::text(response))];
    root(given, think)
}

fn root<const N: usize>(given: [(&str, Value); N], think: Option<bool>) -> BTreeMap<String, Value> {
    let always = [
        ("Think", Value::Bool(think == Some(true))),
        ("ThinkLevel", Value::text("")),
        ("IsThinkSet", Value::Bool(think.is_some())),
    ];
    given.into_iter().chain(always).map(|(name, value)| (name.to_owned(), value)).collect()
}

fn object(kind: Type, fields: impl IntoIterator<Item = (&'static str, &'static str, bool, Value)>) -> Value {
    let field = |(name, json, is_optional, value)| Field { name, json, is_optional, value };
    Value::Object(Object { kind, fields: fields.into_iter().map(field).collect() }.into())
}

fn message(message: &Message) -> Value {
    let optional = |text: &Option<String>| Value::text(text.as_deref().unwrap_or_default());
    let calls = message.tool_calls.iter().enumerate().map(tool_call).collect();
    object(
        Type::Message,
        [
            ("Role", "Role", false, Value::text(&message.role)),
            ("Content", "Content", false, Value::text(&message.content)),
            ("Thinking", "Thinking", false, optional(&message.thinking)),
            ("Images", "Images", false, Value::List(List::new(Type::Anything, Vec::new()))),
            ("ToolCalls", "ToolCalls", false, Value::List(List::new(Type::ToolCalls, calls))),
            ("ToolName", "ToolName", false, optional(&message.tool_name)),
            ("ToolCallID", "ToolCallID", false, optional(&message.tool_call_id)),
        ],
    )
}

fn tool_call((index, call): (usize, &ToolCall)) -> Value {
    let function = object(
        Type::CalledFunction,
        [
            ("Index", "Index", false, Value::Int(i64::try_from(index).unwrap_or_default())),
            ("Name", "Name", false, Value::text(&call.function.name)),
            ("Arguments", "Arguments", false, Value::Map(Map::of_json(Type::Arguments, &call.function.arguments))),
        ],
    );
    let id = Value::text(call.id.as_deref().unwrap_or_default());
    object(Type::ToolCall, [("ID", "ID", false, id), ("Function", "Function", false, function)])
}

fn tool(tool: &Tool) -> Value {
    let function = object(
        Type::ToolFunction,
        [
            ("Name", "name", false, Value::text(&tool.function.name)),
            ("Description", "description", false, Value::text(&tool.function.description)),
            ("Parameters", "parameters", false, parameters(&tool.function.parameters)),
        ],
    );
    object(
        Type::Tool,
        [
            ("Type", "type", false, Value::text(&tool.kind)),
            ("Items", "items", true, Value::Nil),
            ("Function", "function", false, function),
        ],
    )
}

fn parameters(schema: &serde_json::Map<String, Json>) -> Value {
    let member = |name: &str| schema.get(name).unwrap_or(&Json::Null);
    let given = member("properties").as_object();
    let entries = given.into_iter().flatten().map(|(name, schema)| (name.clone(), property(schema))).collect();
    let properties = Map { is_nil: given.is_none(), ..Map::new(Type::Properties, entries) };
    object(
        Type::Parameters,
        [
            ("Type", "type", false, Value::text(member("type").as_str().unwrap_or_default())),
            ("Defs", "$defs", true, Value::of_json(member("$defs"))),
            ("Items", "items", true, Value::of_json(member("items"))),
            ("Required", "required", true, Value::List(List::new(Type::Texts, texts(member("required"))))),
            ("Properties", "properties", false, Value::Map(properties)),
        ],
    )
}

/// A property of a JSON Schema, or of what is none.
pub fn property(schema: &Json) -> Value {
    let member = |name: &str| schema.get(name).unwrap_or(&Json::Null);
    let any_of = member("anyOf").as_array().into_iter().flatten().map(property).collect();
    let kinds = match member("type") {
        Json::String(kind) => vec![Value::text(kind)],
        other => texts(other),
    };
    let values = member("enum").as_array().into_iter().flatten().map(Value::of_json).collect();
    object(
        Type::Property,
        [
            ("AnyOf", "anyOf", true, Value::List(List::new(Type::PropertyList, any_of))),
            ("Type", "type", true, Value::List(List::new(Type::PropertyKinds, kinds))),
            ("Items", "items", true, Value::of_json(member("items"))),
            ("Description", "description", true, Value::text(member("description").as_str().unwrap_or_default())),
            ("Enum", "enum", true, Value::List(List::new(Type::Anything, values))),
            ("Properties", "properties", true, Value::of_json(member("properties"))),
            ("Required", "required", true, Value::List(List::new(Type::Texts, texts(member("required"))))),
        ],
    )
}

fn texts(json: &Json) -> Vec<Value> {
    json.as_array().into_iter().flatten().filter_map(Json::as_str).map(Value::text).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kinds(value: &Value, check: &mut impl FnMut(&Object)) {
        match value {
            Value::Object(object) => {
                check(object);
                object.fields.iter().for_each(|field| kinds(&field.value, check));
            }
            Value::List(list) => list.items().iter().for_each(|item| kinds(item, check)),
            Value::Map(map) => map.entries.values().for_each(|value| kinds(value, check)),
            _ => {}
        }
    }

    #[test]
    fn every_object_has_the_fields_that_the_check_knows() {
        let conversation: Conversation = serde_json::from_value(json!({
            "messages": [{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}]}],
            "tools": [{"function": {"name": "f", "parameters": {"properties": {"a": {"anyOf": [{"type": "string"}]}}}}}],
        }))
        .unwrap();
        let data = of_messages(&Data::of(&conversation), &conversation.tools, None);
        let mut seen = Vec::new();
        for value in data.values() {
            kinds(value, &mut |object| {
                let names: Vec<&str> = object.fields.iter().map(|field| field.name).collect();
                let known: Vec<&str> = object.kind.fields().unwrap().iter().map(|&(name, _)| name).collect();
                assert_eq!(names, known);
                for field in &object.fields {
                    let (kind, known) = (Type::of(&field.value), object.kind.field(field.name).unwrap());
                    assert!(kind == known || known == Type::Any, "{} {kind:?} {known:?}", field.name);
                }
                seen.push(object.kind);
            });
        }
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 7);
        for name in data.keys().chain(of_turn("", "", "", None).keys()) {
            assert!(Type::Root.field(name).is_some(), "{name}");
        }
    }

    #[test]
    fn messages_of_one_role_in_a_row_become_one_and_tool_results_stay_apart() {
        let roles = ["system", "SYSTEM", "user", "tool", "tool", "assistant", "system"];
        let messages = roles.iter().enumerate().map(|(n, role)| Message::new(*role, n.to_string())).collect();
        let data = Data::of(&Conversation { messages, tools: Vec::new() });
        assert_eq!(data.system, "0\n\n1\n\n6");
        let told: Vec<(&str, &str)> =
            data.messages.iter().map(|message| (message.role.as_str(), message.content.as_str())).collect();
        let expected =
            [("system", "0\n\n1"), ("user", "2"), ("tool", "3"), ("tool", "4"), ("assistant", "5"), ("system", "6")];
        assert_eq!(told, expected);
    }
}
