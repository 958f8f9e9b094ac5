use actix_web::get;
use actix_web::web::{Data, Json};

use super::find;
use super::preview_template::special_tokens;
use crate::app::{ReadProblems, Service, Unavailable};
use crate::base_models::reference::Asked;
use crate::cards::Card;
use crate::error::{ApiError, ApiResult};
use crate::extract::ValidQuery;
use crate::rendering::{Failure, Renderer};
use crate::templates::suggestion::Suggestion;

/// Suggest a deployment template
///
/// Derives a Go template from the model's own chat template: conversations of marks are rendered through it, and what stands
/// between the marks is read off. It is only suggested if every conversation it was tried with gives the same text through
/// both, ten at least; else `template` is `null` and `reason` says why. The token that begins a text is left out, since
/// Ollama puts it there by itself.
#[utoipa::path(
    tag = "deployment templates",
    params(Asked),
    responses((status = OK, body = Suggestion, description = "The template, or why there is none"), ReadProblems, Unavailable)
)]
#[get("/base-models/{base_model}/deployment-template/suggestion")]
pub async fn get_suggestion(service: Data<Service>, asked: Asked, _: ValidQuery<()>) -> ApiResult<Json<Suggestion>> {
    let card: Card = find(&service, &asked).await?.card.parse().map_err(|error| ApiError::Internal(error.into()))?;
    Ok(Json(match suggested(&card, &service.renderer).await {
        Ok(suggestion) => suggestion,
        Err(failure) => Suggestion::none(failure.to_string(), Vec::new()),
    }))
}

/// What is suggested for the model of this card.
pub async fn suggested(card: &Card, renderer: &Renderer) -> Result<Suggestion, Failure> {
    let Some(chat_template) = card.chat_template.default.clone() else {
        return Ok(Suggestion::none("the model's folder has no chat template".to_owned(), Vec::new()));
    };
    renderer.suggestion(chat_template, special_tokens(card)).await
}
