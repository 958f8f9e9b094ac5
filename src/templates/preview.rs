//! A preview: one conversation through a deployment template and through the model's own chat template.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::comparison::{Difference, first_difference};
use super::conversation::Conversation;
use super::go::{self, Budget};
use super::jinja::{ChatTemplate, Clock, Input, SpecialTokens};

/// Both renderings, and where they first differ.
#[derive(Debug, Serialize, ToSchema)]
pub struct Preview {
    /// Through the Go template; null when the base model has none and none is given.
    pub go: Option<GoRendering>,
    /// Through the model's own chat template; null when it has none.
    pub jinja: Option<JinjaRendering>,
    /// Whether both texts are the same; null unless there are both.
    pub equal: Option<bool>,
    /// Where they first differ; null when they do not.
    pub first_difference: Option<Difference>,
}

/// What the Go template makes of the conversation.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct GoRendering {
    /// Null when it failed.
    #[schema(max_length = 1_048_576, example = "[INST] Hi [/INST]")]
    pub text: Option<String>,
    /// Why there is no text.
    pub error: Option<TemplateError>,
    /// Functions, fields and templates it names that Ollama does not give. With these it cannot be stored.
    #[schema(max_items = 20)]
    pub findings: Vec<TemplateError>,
}

/// What the chat template makes of the conversation.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct JinjaRendering {
    /// Which of the model's chat templates it is.
    #[schema(max_length = 64, example = "default")]
    pub template: String,
    /// Null when it failed. The `bos_token` at its beginning is left out, because Ollama puts it there by itself.
    #[schema(max_length = 1_048_576, example = "[INST]Hi[/INST]")]
    pub text: Option<String>,
    /// Why there is no text; a template may refuse a conversation.
    pub error: Option<TemplateError>,
}

/// What is wrong with a template, and where.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TemplateError {
    /// Line of the template, from 1; null when it is not known.
    #[schema(value_type = Option<i64>, minimum = 1, example = 3)]
    pub line: Option<usize>,
    /// Column in characters, from 1; null when it is not known.
    #[schema(value_type = Option<i64>, minimum = 1, example = 12)]
    pub column: Option<usize>,
    #[schema(max_length = 65_536, example = "a message has no field \"Text\": it has Role, Content")]
    pub message: String,
}

/// What is to be rendered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Asked {
    pub conversation: Conversation,
    /// Whether the model shall think; unset, the templates decide.
    pub think: Option<bool>,
    pub tokens: SpecialTokens,
}

impl Preview {
    pub fn of(go: Option<GoRendering>, jinja: Option<JinjaRendering>) -> Self {
        let texts = go.as_ref().and_then(|go| go.text.as_ref()).zip(jinja.as_ref().and_then(|it| it.text.as_ref()));
        let (equal, difference) =
            (texts.map(|(go, jinja)| go == jinja), texts.map(|(go, jinja)| first_difference(go, jinja)));
        Self { go, jinja, equal, first_difference: difference.flatten() }
    }
}

impl TemplateError {
    /// An error of the whole rendering.
    pub fn nowhere(message: String) -> Self {
        Self { line: None, column: None, message }
    }
}

/// Renders a conversation as Ollama does.
pub fn through_go(template: &str, asked: &Asked) -> GoRendering {
    let error = |line, column, message| TemplateError { line: Some(line), column: Some(column), message };
    let template = match go::Template::parse(template) {
        Ok(template) => template,
        Err(fault) => {
            return GoRendering {
                error: Some(error(fault.line, fault.column, fault.message)),
                ..GoRendering::default()
            };
        }
    };
    let findings = template.check().into_iter().map(|found| error(found.line, found.column, found.message)).collect();
    match template.render_thinking(&asked.conversation, asked.think, &Budget::default()) {
        Ok(text) => GoRendering { text: Some(text), error: None, findings },
        Err(fault) => GoRendering { text: None, error: Some(error(fault.line, fault.column, fault.message)), findings },
    }
}

/// Renders a conversation as transformers does.
pub fn through_jinja(name: &str, template: &str, clock: Clock, asked: &Asked) -> JinjaRendering {
    let input = Input { conversation: &asked.conversation, tokens: &asked.tokens, think: asked.think };
    let rendered = ChatTemplate::parse(template, clock).and_then(|template| template.render(&input));
    let template = name.to_owned();
    match rendered {
        Ok(text) => JinjaRendering { template, text: Some(asked.tokens.without_bos(&text).to_owned()), error: None },
        Err(fault) => {
            let error = TemplateError { line: fault.line, column: None, message: fault.message };
            JinjaRendering { template, text: None, error: Some(error) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn previewed(go: Option<&str>, jinja: Option<&str>) -> Preview {
        let tokens = SpecialTokens::default();
        let asked = Asked { conversation: Conversation::default_probe(), think: None, tokens };
        let go = go.map(|template| through_go(template, &asked));
        let jinja = jinja.map(|template| through_jinja("default", template, Clock::Format, &asked));
        Preview::of(go, jinja)
    }

    const GO: &str = "{{ range .Messages }}<{{ .Role }}>{{ .Content }}{{ end }}";
    const JINJA: &str = "{% for message in messages %}<{{ message.role }}>{{ message.content }}{% endfor %}";

    #[test]
    fn both_are_rendered_and_compared() {
        let preview = previewed(Some(GO), Some(JINJA));
        assert_eq!((preview.equal, preview.first_difference), (Some(true), None));
        let other = format!("{JINJA}<assistant>");
        let preview = previewed(Some(GO), Some(&other));
        assert_eq!(preview.equal, Some(false));
        assert_eq!(preview.first_difference.unwrap().jinja, "<assistant>");
    }

    #[test]
    fn one_alone_is_not_compared() {
        let preview = previewed(None, Some(JINJA));
        assert!(preview.go.is_none() && preview.equal.is_none() && preview.jinja.unwrap().text.is_some());
        let preview = previewed(Some(GO), None);
        assert!(preview.jinja.is_none() && preview.equal.is_none() && preview.go.unwrap().text.is_some());
    }

    #[test]
    fn what_fails_says_where() {
        let preview = previewed(Some("{{ .Messages }}\n{{ end }}"), Some("\n{{ x.y.z }}"));
        let (go, jinja) = (preview.go.unwrap().error.unwrap(), preview.jinja.unwrap().error.unwrap());
        assert_eq!((go.line, go.column, jinja.line), (Some(2), Some(1), Some(2)));
        let preview = previewed(Some("{{ .Messages }}{{ upper 1 }}"), Some("{{ raise_exception('no') }}"));
        let go = preview.go.unwrap();
        assert_eq!((go.findings.len(), go.error.unwrap().column), (1, Some(4)));
        assert_eq!(preview.jinja.unwrap().error.unwrap().message, "no");
    }
}
