//! What a chat template is rendered with: the variables that transformers gives it.

use minijinja::Value;
use minijinja::value::Serde;
use serde::{Deserialize, Serialize};

use crate::templates::conversation::{Conversation, Message};

/// The tokenizer's special tokens, as a chat template names them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecialTokens {
    pub bos: Option<String>,
    pub eos: Option<String>,
    pub pad: Option<String>,
}

impl SpecialTokens {
    /// A text without the token that begins it: where the tokenizer has one, Ollama puts it there by itself.
    pub fn without_bos<'t>(&self, text: &'t str) -> &'t str {
        self.bos.as_deref().and_then(|bos| text.strip_prefix(bos)).unwrap_or(text)
    }
}

/// A conversation to render, and how.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    pub conversation: &'a Conversation,
    pub tokens: &'a SpecialTokens,
    /// Whether the model shall think: `enable_thinking` and `thinking`. Unset, the template decides.
    pub think: Option<bool>,
}

impl Input<'_> {
    /// The variables. Tokens that the tokenizer has not are left undefined, as transformers leaves them.
    pub fn variables(&self) -> Value {
        let Self { conversation, tokens, think } = *self;
        let tools =
            if conversation.tools.is_empty() { Value::from(()) } else { Value::from(Serde(&conversation.tools)) };
        let given = [
            ("messages", conversation.messages.iter().map(message).collect()),
            ("tools", tools),
            ("documents", Value::from(())),
            ("add_generation_prompt", Value::from(true)),
        ];
        let token = |name, token: &Option<String>| token.as_deref().map(|token| (name, Value::from(token)));
        let tokens =
            [token("bos_token", &tokens.bos), token("eos_token", &tokens.eos), token("pad_token", &tokens.pad)];
        let switch = |name| think.map(|think| (name, Value::from(think)));
        let switches = [switch("enable_thinking"), switch("thinking")];
        Value::from_pairs(given.into_iter().chain(tokens.into_iter().flatten()).chain(switches.into_iter().flatten()))
    }
}

/// A message as chat templates know it: what is not there is not there. What the model thought has two names.
fn message(message: &Message) -> Value {
    let Message { role, content, thinking, tool_calls, tool_name, tool_call_id } = message;
    let text = |name, text: &Option<String>| text.as_deref().map(|text| (name, Value::from(text)));
    let optional = [
        text("reasoning_content", thinking),
        text("thinking", thinking),
        (!tool_calls.is_empty()).then(|| ("tool_calls", Value::from(Serde(tool_calls)))),
        text("name", tool_name),
        text("tool_call_id", tool_call_id),
    ];
    let always = [("role", Value::from(role.as_str())), ("content", Value::from(content.as_str()))];
    Value::from_pairs(always.into_iter().chain(optional.into_iter().flatten()))
}
