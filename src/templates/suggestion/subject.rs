//! A model's chat template as the thing that is probed.

use std::time::Instant;

use crate::templates::conversation::{Conversation, Message};
use crate::templates::jinja::{ChatTemplate, Clock, Fault, FaultKind, Input, SpecialTokens};

/// Most characters of what a chat template says of itself.
const MAX_REASON: usize = 2000;

/// Why nothing can be read off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// The template does not take the conversation.
    Refused(String),
    Other(String),
}

impl Unreadable {
    pub fn reason(&self) -> String {
        let (Self::Refused(reason) | Self::Other(reason)) = self;
        reason.clone()
    }
}

impl From<Fault> for Unreadable {
    fn from(fault: Fault) -> Self {
        let line = fault.line.map(|line| format!("line {line}: ")).unwrap_or_default();
        let reason =
            format!("the chat template fails: {line}{}", fault.message.chars().take(MAX_REASON).collect::<String>());
        if matches!(fault.kind, FaultKind::Refused | FaultKind::Failed) {
            Self::Refused(reason)
        } else {
            Self::Other(reason)
        }
    }
}

pub struct Subject<'a> {
    until: Instant,
    tokens: &'a SpecialTokens,
    /// With marks in place of dates.
    marking: ChatTemplate,
    /// With today's date.
    plain: ChatTemplate,
}

impl<'a> Subject<'a> {
    pub fn new(text: &str, tokens: &'a SpecialTokens, clock: Clock, until: Instant) -> Result<Self, Fault> {
        let marking = ChatTemplate::parse(text, Clock::Format)?;
        Ok(Self { until, tokens, marking, plain: ChatTemplate::parse(text, clock)? })
    }

    /// The text of a conversation in which dates are marked.
    pub fn marked(&self, messages: Vec<Message>) -> Result<String, Fault> {
        self.render(&self.marking, &Conversation { messages, tools: Vec::new() })
    }

    /// The text of a conversation, without the token that the tokenizer puts at the beginning by itself.
    pub fn text(&self, conversation: &Conversation) -> Result<String, Fault> {
        self.render(&self.plain, conversation)
    }

    fn render(&self, template: &ChatTemplate, conversation: &Conversation) -> Result<String, Fault> {
        if Instant::now() > self.until {
            let message = "deriving a template takes too long".to_owned();
            return Err(Fault { line: None, message, kind: FaultKind::Exhausted });
        }
        let text = template.render(&Input { conversation, tokens: self.tokens, think: None })?;
        Ok(self.tokens.without_bos(&text).to_owned())
    }
}
