//! The Modelfile of a base model: what of its card Ollama takes.

use super::model::BaseModel;
use crate::cards::{Card, Generation};
use crate::templates::modelfile::{Modelfile, Unwritable};
use crate::templates::suggestion::Suggestion;

/// Where the template comes from.
pub enum Template {
    /// The deployment template of the base model.
    Stored(String),
    /// The one derived from the model's own chat template, if it was proven.
    Suggested,
}

pub struct Contents<'a> {
    pub base_model: &'a BaseModel,
    pub card: &'a Card,
    pub suggestion: &'a Suggestion,
    pub template: Template,
    pub from: Option<&'a str>,
    pub system: Option<&'a str>,
}

pub fn write(contents: &Contents<'_>) -> Result<String, Unwritable> {
    let mut file = Modelfile::default();
    let BaseModel { technical_name, model_name, revision, path, .. } = contents.base_model;
    file.comment(&format!("Modelfile of {technical_name} ({model_name}), revision {revision}"));
    let folder = format!("./{path}");
    if contents.from.is_none() {
        file.comment("FROM is relative to this file: it belongs beside the folder `models`");
    }
    file.from(contents.from.unwrap_or(&folder))?;
    template(&mut file, contents)?;
    if let Some(system) = contents.system {
        file.system(system)?;
    }
    for (name, value) in sampling(&contents.card.generation) {
        file.parameter(name, &value)?;
    }
    stop(&mut file, contents);
    license(&mut file, contents.card);
    Ok(file.text())
}

fn template(file: &mut Modelfile, contents: &Contents<'_>) -> Result<(), Unwritable> {
    match (&contents.template, &contents.suggestion.template) {
        (Template::Stored(template), _) => {
            file.comment("TEMPLATE is the deployment template of the base model");
            file.template(template)
        }
        (Template::Suggested, Some(template)) => {
            file.comment("TEMPLATE was derived from the model's own chat template and gives the same text as that");
            file.template(template)
        }
        (Template::Suggested, None) => {
            let reason = contents.suggestion.reason.as_deref().unwrap_or_default();
            file.comment(&format!("no TEMPLATE: the base model has none, and none could be derived: {reason}"));
            Ok(())
        }
    }
}

/// How the authors sample, in Ollama's words. What they do not say is Ollama's default.
fn sampling(generation: &Generation) -> Vec<(&'static str, String)> {
    if generation.do_sample == Some(false) {
        return vec![("temperature", "0".to_owned())];
    }
    let number = |name, value: Option<f64>| Some((name, value.filter(|value| value.is_finite())?.to_string()));
    [
        number("temperature", generation.temperature),
        number("top_p", generation.top_p),
        generation.top_k.filter(|&top_k| top_k <= i32::MAX as u64).map(|top_k| ("top_k", top_k.to_string())),
        number("min_p", generation.min_p),
        number("repeat_penalty", generation.repetition_penalty),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What ends an answer: read off the chat template, or at least the tokenizer's own end.
fn stop(file: &mut Modelfile, contents: &Contents<'_>) {
    let mut stop = contents.suggestion.stop.clone();
    if stop.is_empty() {
        stop.extend(contents.card.tokenizer.eos_token.clone());
    }
    for text in stop {
        if file.parameter("stop", &text).is_err() {
            file.comment(&format!("left out, since a Modelfile cannot hold it: PARAMETER stop {text:?}"));
        }
    }
}

fn license(file: &mut Modelfile, card: &Card) {
    let license = &card.license;
    let parts: Vec<&str> =
        [&license.id, &license.name, &license.link].into_iter().filter_map(Option::as_deref).collect();
    let text = parts.join(" ");
    if !text.is_empty() && file.license(&text).is_err() {
        file.comment(&format!("left out, since a Modelfile cannot hold it: LICENSE {text:?}"));
    }
}
