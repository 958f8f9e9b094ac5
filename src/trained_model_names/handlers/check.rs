use actix_web::post;
use actix_web::web::{Data, Json};
use serde::Serialize;
use utoipa::ToSchema;
use validator::{Validate, ValidationErrors};

use crate::app::{BodyProblems, Service, Unavailable};
use crate::base_models::names::check_technical_name;
use crate::base_models::{BaseModel, Reference};
use crate::error::{ApiError, ApiResult, Fault};
use crate::extract::{Body, Members, ValidJson, ValidQuery};
use crate::trained_model_names::name::{MAX_OLLAMA_NAME, TrainedNames, is_taken, notice, train_name_characters};

/// Two names to put together.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"technical_name": "qw2.5-7-i", "train_name": "support"}))]
#[serde(untagged)]
pub enum NamesToCheck {
    OfTechnicalName(NamesOfTechnicalName),
    OfBaseModel(NamesOfBaseModel),
}

/// A technical name and the name of a training.
#[derive(Debug, Default, Validate, ToSchema)]
#[schema(example = json!({"technical_name": "qw2.5-7-i", "train_name": "support"}))]
#[serde(deny_unknown_fields)]
pub struct NamesOfTechnicalName {
    /// A technical name, whether anything is registered under it or not.
    #[validate(
        length(min = 1, max = 40, message = "must be 1 to 40 characters long"),
        custom(function = "check_technical_name")
    )]
    #[schema(min_length = 1, max_length = 40, pattern = "^[A-Za-z0-9][A-Za-z0-9.-]*$", example = "qw2.5-7-i")]
    pub technical_name: String,
    /// The name of the training.
    #[validate(length(min = 1, max = 200, message = "must be 1 to 200 characters long"))]
    #[schema(min_length = 1, max_length = 200, example = "support")]
    pub train_name: String,
}

/// A registered base model and the name of a training.
#[derive(Debug, Validate, ToSchema)]
#[schema(example = json!({"base_model": "llama3.2-1b", "train_name": "support"}))]
#[serde(deny_unknown_fields)]
pub struct NamesOfBaseModel {
    /// Its id or technical name.
    #[validate(length(min = 1, max = 40, message = "must be 1 to 40 characters long"))]
    #[schema(min_length = 1, max_length = 40, example = "llama3.2-1b")]
    pub base_model: String,
    /// The name of the training.
    #[validate(length(min = 1, max = 200, message = "must be 1 to 200 characters long"))]
    #[schema(min_length = 1, max_length = 200, example = "support")]
    pub train_name: String,
}

impl Body for NamesToCheck {
    fn read(members: &mut Members) -> Self {
        let named = members.one_of(&["technical_name", "base_model"]);
        let train_name = members.required("train_name");
        match named {
            Some("base_model") => {
                Self::OfBaseModel(NamesOfBaseModel { base_model: members.required("base_model"), train_name })
            }
            Some(_) => Self::OfTechnicalName(NamesOfTechnicalName {
                technical_name: members.required("technical_name"),
                train_name,
            }),
            None => Self::OfTechnicalName(NamesOfTechnicalName { train_name, ..NamesOfTechnicalName::default() }),
        }
    }
}

impl Validate for NamesToCheck {
    fn validate(&self) -> Result<(), ValidationErrors> {
        match self {
            Self::OfTechnicalName(names) => names.validate(),
            Self::OfBaseModel(names) => names.validate(),
        }
    }
}

/// What comes of the two names.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckedNames {
    #[schema(max_length = 40, example = "qw2.5-7-i")]
    pub technical_name: String,
    #[schema(max_length = 200, example = "support")]
    pub train_name: String,
    /// Whether every name fits, however the deployed model is quantised.
    pub fits: bool,
    pub names: TrainedNames,
    /// Most characters that Ollama takes as the name of a model.
    #[schema(minimum = 80, maximum = 80, example = 80)]
    pub limit: u32,
    /// Characters that the name of a training can have under this technical name, so that every name fits.
    #[schema(minimum = 0, maximum = 80, example = 26)]
    pub train_name_characters: u32,
    /// What should be known, in sentences; empty if all is well.
    #[schema(max_items = 3, example = json!([]))]
    pub notices: Vec<String>,
}

/// Check the name of a training
///
/// Puts the technical name of a base model and the name of a training together as DeepExtension does, and tells the names
/// of the customised, the saved and the deployed model: whether each is one that Ollama takes (80 characters of letters,
/// digits, `_`, `.` and `-`), and how many characters are left. Nothing is stored or reserved. The day and the four
/// characters of ids are not known yet: `YYYYMMDD` and `XXXX` stand for them, which have the same length.
#[utoipa::path(
    tag = "trained model names",
    request_body = NamesToCheck,
    responses(
        (status = OK, body = CheckedNames, description = "What comes of the names"),
        BodyProblems,
        Unavailable,
    )
)]
#[post("/trained-model-names/check")]
pub async fn check_trained_model_names(
    service: Data<Service>,
    _: ValidQuery<()>,
    ValidJson(body): ValidJson<NamesToCheck>,
) -> ApiResult<Json<CheckedNames>> {
    let (technical_name, train_name) = match body {
        NamesToCheck::OfTechnicalName(names) => (names.technical_name, names.train_name),
        NamesToCheck::OfBaseModel(names) => (technical_name_of(&service, &names.base_model).await?, names.train_name),
    };
    let names = TrainedNames::of(&technical_name, &train_name);
    let train_name_characters = train_name_characters(&technical_name);
    let mut notices = notices(&train_name, train_name_characters);
    notices.extend(notice(&technical_name));
    let fits = names.fit();
    let limit = u32::try_from(MAX_OLLAMA_NAME).unwrap_or(u32::MAX);
    Ok(Json(CheckedNames { technical_name, train_name, fits, names, limit, train_name_characters, notices }))
}

async fn technical_name_of(service: &Service, asked: &str) -> ApiResult<String> {
    let reference = Reference::from(asked);
    let found = service.database.read(async |db| BaseModel::find(&reference, db).await).await?;
    found.map(|base_model| base_model.technical_name).ok_or_else(|| {
        let detail = "no base model has this id or technical name";
        ApiError::ValidationFailed(vec![Fault::at("/base_model", "not_found", detail)])
    })
}

fn notices(train_name: &str, characters: u32) -> Vec<String> {
    let mut notices = Vec::new();
    if let Some(other) = train_name.chars().find(|c| !is_taken(*c)) {
        let code = u32::from(other);
        notices.push(format!(
            "the name of the training holds U+{code:04X}; Ollama takes letters, digits, `_`, `.` and `-`"
        ));
    }
    let length = train_name.chars().count();
    if u32::try_from(length).is_ok_and(|length| length > characters) {
        notices.push(format!(
            "the name of the training has {length} characters; with this technical name {characters} fit"
        ));
    }
    notices
}
