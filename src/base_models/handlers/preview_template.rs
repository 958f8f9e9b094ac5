use actix_web::post;
use actix_web::web::{Data, Json};
use futures_util::future::join;
use utoipa::ToSchema;
use validator::Validate;

use super::find;
use crate::app::{BodyProblems, ReadProblems, Service, Unavailable};
use crate::base_models::input::MAX_TEMPLATE;
use crate::base_models::model::BaseModel;
use crate::base_models::reference::Asked;
use crate::cards::Card;
use crate::error::{ApiError, ApiResult, Fault};
use crate::extract::{Body, Members, ValidJson, ValidQuery};
use crate::rendering::{Failure, Renderer};
use crate::templates::jinja::SpecialTokens;
use crate::templates::preview::{self, GoRendering, JinjaRendering, Preview, TemplateError};
use crate::templates::{Conversation, Message, Tool};

/// The name of the chat template that is used when none is asked for.
const DEFAULT: &str = "default";

/// What to render; all of it may be left out.
#[derive(Debug, Validate, ToSchema)]
#[schema(example = json!({"messages": [{"role": "user", "content": "What is the capital of France?"}]}))]
#[serde(deny_unknown_fields)]
pub struct NewPreview {
    /// The conversation; a system message, a question, its answer and another question when it is absent.
    #[validate(length(min = 1, max = 64, message = "must be 1 to 64 messages"), nested)]
    #[schema(min_items = 1, max_items = 64)]
    messages: Option<Vec<Message>>,
    /// The tools that the model may call.
    #[validate(length(max = 64, message = "must be at most 64 tools"), nested)]
    #[schema(max_items = 64)]
    tools: Option<Vec<Tool>>,
    /// A Go template to try instead of the one that is stored, 64 KiB at most.
    #[validate(custom(function = "check_length"))]
    #[schema(max_length = 65_536, example = "{{ range .Messages }}{{ .Content }}{{ end }}")]
    template: Option<String>,
    /// Which of the model's chat templates to compare with.
    #[validate(length(min = 1, max = 64, message = "must be 1 to 64 characters long"))]
    #[schema(min_length = 1, max_length = 64, default = "default", example = "default")]
    chat_template: Option<String>,
    /// Whether the model shall think; when it is absent the templates decide.
    #[schema(example = false)]
    think: Option<bool>,
}

impl Body for NewPreview {
    fn read(members: &mut Members) -> Self {
        Self {
            messages: members.optional("messages"),
            tools: members.optional("tools"),
            template: members.optional("template"),
            chat_template: members.optional("chat_template"),
            think: members.optional("think"),
        }
    }
}

fn check_length(template: &str) -> Result<(), validator::ValidationError> {
    if template.len() <= MAX_TEMPLATE {
        return Ok(());
    }
    let message = format!("must be at most {MAX_TEMPLATE} bytes long");
    Err(validator::ValidationError::new("length").with_message(message.into()))
}

/// Preview a deployment template
///
/// Renders a conversation as Ollama would, through the stored template or a given one, and through the model's own chat
/// template as transformers would, and tells where they first differ. Of a template that neither the base model nor the
/// request has the rendering is `null`. A template that fails is an answer that says where.
/// Nothing is stored.
#[utoipa::path(
    tag = "deployment templates",
    params(Asked),
    request_body = NewPreview,
    responses(
        (status = OK, body = Preview, description = "Both renderings"),
        ReadProblems,
        BodyProblems,
        Unavailable,
    )
)]
#[post("/base-models/{base_model}/deployment-template/preview")]
pub async fn preview_deployment_template(
    service: Data<Service>,
    asked: Asked,
    _: ValidQuery<()>,
    ValidJson(new): ValidJson<NewPreview>,
) -> ApiResult<Json<Preview>> {
    let asked = ToRender::of(&find(&service, &asked).await?, new)?;
    Ok(Json(asked.preview(&service.renderer).await))
}

/// The templates and the conversation.
struct ToRender {
    go: Option<String>,
    /// The chat template's name and text.
    jinja: Option<(String, String)>,
    asked: preview::Asked,
}

impl ToRender {
    fn of(base_model: &BaseModel, new: NewPreview) -> ApiResult<Self> {
        let card: Card = base_model.card.parse().map_err(|error| ApiError::Internal(error.into()))?;
        let jinja = chat_template(&card, new.chat_template)?;
        let go = new.template.or_else(|| base_model.deployment_template.clone());
        let probe = Conversation::default_probe();
        let conversation =
            Conversation { messages: new.messages.unwrap_or(probe.messages), tools: new.tools.unwrap_or_default() };
        let asked = preview::Asked { conversation, think: new.think, tokens: special_tokens(&card) };
        Ok(Self { go, jinja, asked })
    }

    async fn preview(self, renderer: &Renderer) -> Preview {
        let Self { go, jinja, asked } = self;
        let error = |failure: Failure| Some(TemplateError::nowhere(failure.to_string()));
        let go = async {
            let rendered = renderer.through_go(go?, asked.clone()).await;
            Some(rendered.unwrap_or_else(|failure| GoRendering { error: error(failure), ..GoRendering::default() }))
        };
        let jinja = async {
            let (name, template) = jinja?;
            let rendered = renderer.through_jinja(name.clone(), template, asked.clone()).await;
            Some(rendered.unwrap_or_else(|failure| JinjaRendering {
                template: name,
                text: None,
                error: error(failure),
            }))
        };
        let (go, jinja) = join(go, jinja).await;
        Preview::of(go, jinja)
    }
}

/// The chat template that was asked for, with its name. The default one need not be there.
fn chat_template(card: &Card, asked: Option<String>) -> ApiResult<Option<(String, String)>> {
    let templates = &card.chat_template;
    let name = asked.unwrap_or_else(|| DEFAULT.to_owned());
    if name == DEFAULT {
        return Ok(templates.default.clone().map(|text| (name, text)));
    }
    match templates.named.get(&name) {
        Some(text) => Ok(Some((name, text.clone()))),
        None => {
            let names: Vec<&str> = [DEFAULT].into_iter().chain(templates.named.keys().map(String::as_str)).collect();
            let detail = format!("must be a chat template of the model: {}", names.join(", "));
            Err(ApiError::ValidationFailed(vec![Fault::at("/chat_template", "unknown", detail)]))
        }
    }
}

/// The special tokens as a chat template names them.
pub fn special_tokens(card: &Card) -> SpecialTokens {
    let tokenizer = &card.tokenizer;
    SpecialTokens {
        bos: tokenizer.bos_token.clone(),
        eos: tokenizer.eos_token.clone(),
        pad: tokenizer.pad_token.clone(),
    }
}
