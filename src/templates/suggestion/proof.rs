//! Proving a template: the same conversations through it and through the model's own one.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Covers;
use super::probes::{Probe, probes};
use super::subject::{Subject, Unreadable};
use crate::templates::conversation::{CalledFunction, Conversation, Message, Tool, ToolCall, ToolFunction};
use crate::templates::go::{Budget, Template};

/// Characters that are shown round the first difference.
const SHOWN: usize = 40;
/// What a template that writes a part of a conversation writes.
const WORD: &str = "Qzx7";

/// A conversation that was rendered through both templates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Proof {
    #[schema(max_length = 64, example = "two turns with a system message")]
    pub probe: String,
    pub outcome: Outcome,
    /// Where they differ first, or what the chat template says against the conversation; `null` if they are equal.
    #[schema(max_length = 4096, example = "the chat template fails: line 1: no system role")]
    pub detail: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The same text through both.
    Equal,
    Different,
    /// The model's own chat template does not take such a conversation.
    Refused,
}

/// Renders all probes through both.
pub fn prove(subject: &Subject<'_>, template: &str) -> Result<(Vec<Proof>, Covers), String> {
    let go = Template::parse(template).map_err(|error| format!("the derived template is none: {error}"))?;
    if let Some(finding) = go.check().first() {
        return Err(format!("the derived template is none of Ollama's: {finding}"));
    }
    let mut proven = Vec::new();
    for Probe { name, conversation } in probes() {
        let (outcome, detail) = compare(subject, &go, &conversation)?;
        proven.push(Proof { probe: name.to_owned(), outcome, detail });
    }
    let covers = Covers {
        system: covered(subject, &go, &system())?,
        several_turns: covered(subject, &go, &several_turns())?,
        thinking: covered(subject, &go, &thinking())?,
        tools: covered(subject, &go, &tools())?,
    };
    Ok((proven, covers))
}

/// Whether a conversation gives the same text, if the chat template writes of it.
fn covered(subject: &Subject<'_>, go: &Template, conversation: &Conversation) -> Result<Option<bool>, String> {
    match subject.text(conversation).map_err(Unreadable::from) {
        Ok(own) if own.contains(WORD) => Ok(Some(compare(subject, go, conversation)?.0 == Outcome::Equal)),
        Ok(_) | Err(Unreadable::Refused(_)) => Ok(None),
        Err(Unreadable::Other(reason)) => Err(reason),
    }
}

/// Why that proves too little.
pub fn objection(proven: &[Proof], enough: usize) -> Option<String> {
    if let Some(proof) = proven.iter().find(|proof| proof.outcome == Outcome::Different) {
        let detail = proof.detail.as_deref().unwrap_or_default();
        return Some(format!(
            "no Go template was found that writes every conversation alike: {}: {detail}",
            proof.probe
        ));
    }
    let equal = proven.iter().filter(|proof| proof.outcome == Outcome::Equal).count();
    let refused = proven.iter().find_map(|proof| proof.detail.clone()).unwrap_or_default();
    (equal < enough).then(|| format!("only {equal} conversations could be compared, {enough} are needed: {refused}"))
}

fn compare(
    subject: &Subject<'_>,
    go: &Template,
    conversation: &Conversation,
) -> Result<(Outcome, Option<String>), String> {
    let own = match subject.text(conversation).map_err(Unreadable::from) {
        Ok(own) => own,
        Err(Unreadable::Refused(reason)) => return Ok((Outcome::Refused, Some(reason))),
        Err(Unreadable::Other(reason)) => return Err(reason),
    };
    Ok(match go.render(conversation, &Budget::default()) {
        Ok(text) if text == own => (Outcome::Equal, None),
        Ok(text) => (Outcome::Different, Some(difference(&own, &text))),
        Err(error) => (Outcome::Different, Some(format!("the derived template fails: {error}"))),
    })
}

fn difference(own: &str, derived: &str) -> String {
    let at = own.chars().zip(derived.chars()).take_while(|(own, derived)| own == derived).count();
    let shown = |text: &str| text.chars().skip(at.saturating_sub(SHOWN / 2)).take(SHOWN).collect::<String>();
    format!("at character {} the chat template writes {:?}, Go could write {:?}", at + 1, shown(own), shown(derived))
}

fn system() -> Conversation {
    let messages = vec![Message::new("system", WORD), Message::new("user", "Hello")];
    Conversation { messages, tools: Vec::new() }
}

fn several_turns() -> Conversation {
    let messages = vec![Message::new("user", "Hello"), Message::new("assistant", WORD), Message::new("user", "Bye")];
    Conversation { messages, tools: Vec::new() }
}

fn thinking() -> Conversation {
    let answer = Message { thinking: Some(WORD.to_owned()), ..Message::new("assistant", "Hi.") };
    let messages = vec![Message::new("user", "Hello"), answer, Message::new("user", "A joke, please.")];
    Conversation { messages, tools: Vec::new() }
}

fn tools() -> Conversation {
    let name = "get_weather".to_owned();
    let city = serde_json::json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
    let parameters = city.as_object().cloned().unwrap_or_default();
    let function = ToolFunction { name: name.clone(), description: WORD.to_owned(), parameters };
    let arguments = serde_json::json!({"city": "Paris"}).as_object().cloned().unwrap_or_default();
    let function_call = CalledFunction { name: name.clone(), arguments };
    let call = ToolCall { id: Some("a1b2c3d4e".to_owned()), kind: "function".to_owned(), function: function_call };
    let result =
        Message { tool_name: Some(name), tool_call_id: Some("a1b2c3d4e".to_owned()), ..Message::new("tool", "22 °C") };
    let messages = vec![
        Message::new("user", "Weather in Paris?"),
        Message { tool_calls: vec![call], ..Message::new("assistant", "") },
        result,
    ];
    Conversation { messages, tools: vec![Tool { kind: "function".to_owned(), function }] }
}
