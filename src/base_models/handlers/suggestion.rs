use std::time::{Duration, Instant};

use actix_web::get;
use actix_web::web::{Data, Json};
use chrono::Local;

use super::find;
use super::preview_template::special_tokens;
use crate::app::{ReadProblems, Service, Unavailable};
use crate::base_models::reference::Asked;
use crate::cards::Card;
use crate::error::{ApiError, ApiResult};
use crate::extract::ValidQuery;
use crate::rendering::render;
use crate::templates::jinja::Clock;
use crate::templates::suggestion::{Suggestion, suggest};

/// How long deriving one may take.
const TIME: Duration = Duration::from_secs(5);

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
    let late = || Suggestion::none("the template could not be derived in time; try again".to_owned(), Vec::new());
    Ok(Json(suggested(&card).await?.unwrap_or_else(late)))
}

/// What is suggested for the model of this card; `None` if the work did not end in time.
pub async fn suggested(card: &Card) -> ApiResult<Option<Suggestion>> {
    let Some(chat_template) = card.chat_template.default.clone() else {
        return Ok(Some(Suggestion::none("the model's folder has no chat template".to_owned(), Vec::new())));
    };
    let tokens = special_tokens(card);
    let clock = Clock::At(Local::now().naive_local());
    let work = move || suggest(&chat_template, &tokens, clock, Instant::now() + TIME);
    render(work).await.map_err(ApiError::Internal)
}
