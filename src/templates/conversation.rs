//! A conversation: what is rendered through a template.
//!
//! Its form is that of Ollama's and OpenAI's chat requests, so that a request can be tried as it is.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use validator::Validate;

/// Messages in turn, and the tools that the model may call.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Conversation {
    #[validate(length(max = 64, message = "must be at most 64 messages"), nested)]
    #[serde(default)]
    #[schema(max_items = 64)]
    pub messages: Vec<Message>,
    #[validate(length(max = 64, message = "must be at most 64 tools"), nested)]
    #[serde(default)]
    #[schema(max_items = 64)]
    pub tools: Vec<Tool>,
}

/// One message of a conversation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[schema(example = json!({"role": "user", "content": "What is the capital of France?"}))]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// Who speaks: `system`, `user`, `assistant`, `tool`, or another one that the templates know.
    #[validate(length(min = 1, max = 32, message = "must be 1 to 32 characters long"))]
    #[schema(min_length = 1, max_length = 32, example = "user")]
    pub role: String,
    /// What is said; empty when there are only tool calls.
    #[validate(length(max = 65_536, message = "must be at most 65536 characters long"))]
    #[serde(default)]
    #[schema(required = false, max_length = 65_536, example = "What is the capital of France?")]
    pub content: String,
    /// What the model thought before it answered.
    #[validate(length(max = 65_536, message = "must be at most 65536 characters long"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 65_536, example = "The user asks for a capital.")]
    pub thinking: Option<String>,
    /// Calls that an assistant wants made.
    #[validate(length(max = 32, message = "must be at most 32 tool calls"), nested)]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, max_items = 32)]
    pub tool_calls: Vec<ToolCall>,
    /// The tool whose result this is.
    #[validate(length(max = 128, message = "must be at most 128 characters long"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 128, example = "get_weather")]
    pub tool_name: Option<String>,
    /// The call whose result this is.
    #[validate(length(max = 128, message = "must be at most 128 characters long"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 128, example = "call_1")]
    pub tool_call_id: Option<String>,
}

/// A call of a tool.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ToolCall {
    #[validate(length(max = 128, message = "must be at most 128 characters long"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 128, example = "call_1")]
    pub id: Option<String>,
    /// Always `function`.
    #[serde(rename = "type", default = "function", deserialize_with = "only_function")]
    #[schema(required = false, default = "function", max_length = 8, pattern = "^function$", example = "function")]
    pub kind: String,
    #[validate(nested)]
    pub function: CalledFunction,
}

/// Which function is called, and with what.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CalledFunction {
    #[validate(length(min = 1, max = 128, message = "must be 1 to 128 characters long"))]
    #[schema(min_length = 1, max_length = 128, example = "get_weather")]
    pub name: String,
    /// The arguments by name.
    #[serde(default)]
    #[schema(required = false, value_type = Object, example = json!({"city": "Paris"}))]
    pub arguments: Map<String, Value>,
}

/// A tool that the model may call.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// Always `function`.
    #[serde(rename = "type", default = "function", deserialize_with = "only_function")]
    #[schema(required = false, default = "function", max_length = 8, pattern = "^function$", example = "function")]
    pub kind: String,
    #[validate(nested)]
    pub function: ToolFunction,
}

/// The function of a tool.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ToolFunction {
    #[validate(length(min = 1, max = 128, message = "must be 1 to 128 characters long"))]
    #[schema(min_length = 1, max_length = 128, example = "get_weather")]
    pub name: String,
    #[validate(length(max = 16_384, message = "must be at most 16384 characters long"))]
    #[serde(default)]
    #[schema(required = false, max_length = 16_384, example = "The weather in a city")]
    pub description: String,
    /// A JSON Schema of the arguments.
    #[serde(default)]
    #[schema(required = false, value_type = Object, example = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}))]
    pub parameters: Map<String, Value>,
}

impl Conversation {
    /// The one that is rendered when none is given: a system message, a question, its answer, and another question.
    pub fn default_probe() -> Self {
        let messages = vec![
            Message::new("system", "You are a helpful assistant."),
            Message::new("user", "What is the capital of France?"),
            Message::new("assistant", "The capital of France is Paris."),
            Message::new("user", "And of Italy?"),
        ];
        Self { messages, tools: Vec::new() }
    }
}

impl Message {
    pub fn new(role: impl Into<String>, content: impl Into<String>) -> Self {
        Self { role: role.into(), content: content.into(), ..Self::default() }
    }
}

fn function() -> String {
    "function".to_owned()
}

fn only_function<'de, D: Deserializer<'de>>(kind: D) -> Result<String, D::Error> {
    let kind = String::deserialize(kind)?;
    if kind == "function" { Ok(kind) } else { Err(D::Error::custom("must be `function`")) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_default_is_two_turns_and_keeps_the_rules() {
        let probe = Conversation::default_probe();
        let roles: Vec<&str> = probe.messages.iter().map(|message| message.role.as_str()).collect();
        assert_eq!(roles, ["system", "user", "assistant", "user"]);
        assert!(probe.validate().is_ok());
    }

    #[test]
    fn a_chat_request_s_messages_and_tools_are_read_as_they_are() {
        let given = json!({
            "messages": [
                {"role": "user", "content": "Weather?"},
                {"role": "assistant", "content": "", "tool_calls": [
                    {"id": "1", "type": "function", "function": {"name": "weather", "arguments": {"city": "Paris"}}},
                ]},
                {"role": "tool", "content": "22", "tool_name": "weather", "tool_call_id": "1"},
            ],
            "tools": [{"type": "function", "function": {
                "name": "weather", "description": "now", "parameters": {"type": "object", "properties": {}},
            }}],
        });
        let read: Conversation = serde_json::from_value(given.clone()).unwrap();
        assert!(read.validate().is_ok());
        assert_eq!(serde_json::to_value(&read).unwrap(), given);
    }

    #[test]
    fn what_is_too_long_breaks_a_rule() {
        let mut tool = Tool::default();
        tool.function.name = "x".repeat(129);
        let broken = Conversation { messages: vec![Message::new("", "x".repeat(65_537))], tools: vec![tool] };
        let text = broken.validate().unwrap_err().to_string();
        for rule in ["1 to 32", "65536", "1 to 128"] {
            assert!(text.contains(rule), "{rule}: {text}");
        }
    }
}
