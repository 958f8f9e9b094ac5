//! How an address names a base model: by its id or by its technical name.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use utoipa::IntoParams;
use uuid::Uuid;

use super::names;
use crate::error::ApiError;

/// The base model that an address names.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct Asked {
    /// Id or technical name, the latter whatever its letter case.
    #[param(example = "minilm", min_length = 1, max_length = 40, pattern = "^[A-Za-z0-9][A-Za-z0-9.-]*$")]
    pub base_model: String,
}

impl Asked {
    pub fn reference(&self) -> Reference {
        Reference::from(self.base_model.as_str())
    }
}

impl FromRequest for Asked {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self { base_model: request.match_info().query("base_model").to_owned() }))
    }
}

/// What stands in an address for a base model. No technical name looks like an id, so it is one or the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    Id(Uuid),
    /// The technical name, folded.
    TechnicalName(String),
    /// Neither; nothing can have it.
    Nothing,
}

impl From<&str> for Reference {
    fn from(text: &str) -> Self {
        match Uuid::try_parse(text) {
            Ok(id) => Self::Id(id),
            Err(_) if names::is_technical_name(text) => Self::TechnicalName(names::technical_name_key(text)),
            Err(_) => Self::Nothing,
        }
    }
}
