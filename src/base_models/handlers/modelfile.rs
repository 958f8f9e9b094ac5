use actix_web::http::header::ContentType;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use utoipa::IntoParams;

use super::read;
use super::suggestion::suggested;
use crate::app::{ReadHeaders, ReadProblems, Service, Unavailable};
use crate::base_models::model::BaseModel;
use crate::base_models::modelfile::{Contents, Template, write};
use crate::base_models::reference::Asked;
use crate::cards::Card;
use crate::error::{ApiError, ApiResult, Fault};
use crate::extract::{Conditions, Parameters, Query, ValidQuery};
use crate::rendering::Failure;
use crate::templates::suggestion::Suggestion;

/// Most bytes of `from`.
const MAX_FROM: usize = 1024;
/// Most bytes of `system`.
const MAX_SYSTEM: usize = 4096;

/// What a value must be that is written into it.
const UNWRITABLE: &str = "must have no line that ends in three quotation marks and no character that Ollama leaves out, such \
                          as a control character";

/// What to write into it.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ModelfileQuery {
    /// What `FROM` names instead of the model's folder: a path as the machine that runs Ollama has it, or a model's name.
    #[param(min_length = 1, max_length = 1024, example = "/models/Llama-3.2-1B-Instruct")]
    from: Option<String>,
    /// A system message for `SYSTEM`.
    #[param(min_length = 1, max_length = 4096, example = "You are a helpful assistant.")]
    system: Option<String>,
    /// Which template: `stored`, the deployment template, or `suggested`, the one derived from the model's own chat template.
    /// If it is absent, the stored one, or else the suggested one.
    #[param(pattern = "^(stored|suggested)$", max_length = 9, example = "stored")]
    template: Option<String>,
}

impl Query for ModelfileQuery {
    fn read(parameters: &mut Parameters) -> Self {
        let query = Self {
            from: parameters.one("from"),
            system: parameters.one("system"),
            template: parameters.one("template"),
        };
        for (name, value, max) in [("from", &query.from, MAX_FROM), ("system", &query.system, MAX_SYSTEM)] {
            if value.as_ref().is_some_and(|value| value.is_empty() || value.len() > max) {
                parameters.fault(name, "length", format!("must have 1 to {max} bytes"));
            }
        }
        if query.template.as_deref().is_some_and(|template| !["stored", "suggested"].contains(&template)) {
            parameters.fault("template", "enum", "must be stored or suggested");
        }
        query
    }
}

/// Get a Modelfile
///
/// What `ollama create` takes: `FROM` the model's folder, `TEMPLATE`, `SYSTEM` if one is given, `PARAMETER` for how the
/// authors sample and for what ends an answer, `LICENSE`. Every value is quoted so that nothing in a model's folder can add
/// a command. Save it beside the models root's folder `models`, or name the folder with `from`.
#[utoipa::path(
    tag = "deployment templates",
    params(Asked, ModelfileQuery, ReadHeaders),
    responses(
        (status = OK, body = String, content_type = "text/plain", description = "The Modelfile", headers(("ETag" = String, description = "The tag of the base model's state")), example = json!("FROM ./models/Llama-3.2-1B-Instruct\nTEMPLATE \"{{ .Prompt }}\"\n")),
        (status = NOT_MODIFIED, description = "The base model has not changed"),
        (status = CONFLICT, body = crate::error::Problem, content_type = "application/problem+json", description = "The stored template cannot be written into a Modelfile"),
        ReadProblems,
        Unavailable,
    )
)]
#[get("/base-models/{base_model}/modelfile")]
pub async fn get_modelfile(
    service: Data<Service>,
    asked: Asked,
    ValidQuery(query): ValidQuery<ModelfileQuery>,
    conditions: Conditions,
) -> ApiResult<HttpResponse> {
    read(&service, &asked, &conditions, async |base_model| {
        let text = modelfile(&service, base_model, &query).await?;
        Ok(HttpResponse::Ok().content_type(ContentType::plaintext()).body(text))
    })
    .await
}

async fn modelfile(service: &Service, base_model: &BaseModel, query: &ModelfileQuery) -> ApiResult<String> {
    let card: Card = base_model.card.parse().map_err(|error| ApiError::Internal(error.into()))?;
    let suggestion = match suggested(&card, &service.renderer).await {
        Ok(suggestion) => suggestion,
        Err(Failure::Late) => return Err(ApiError::Overloaded),
        Err(failure) => Suggestion::none(failure.to_string(), Vec::new()),
    };
    let stored = base_model.deployment_template.clone().map(Template::Stored);
    let template = match query.template.as_deref() {
        Some("stored") => stored.ok_or(ApiError::NoDeploymentTemplate)?,
        Some(_) => Template::Suggested,
        None => stored.unwrap_or(Template::Suggested),
    };
    let contents = Contents {
        base_model,
        card: &card,
        suggestion: &suggestion,
        template,
        from: query.from.as_deref(),
        system: query.system.as_deref(),
    };
    write(&contents).map_err(|unwritable| {
        let parameter = match unwritable.command.as_str() {
            "FROM" if query.from.is_some() => "from",
            "SYSTEM" => "system",
            _ => return ApiError::Unwritable(unwritable),
        };
        ApiError::InvalidParameter(vec![Fault::parameter(parameter, "unwritable", UNWRITABLE)])
    })
}
