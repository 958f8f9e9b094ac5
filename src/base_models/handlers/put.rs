use actix_web::web::Data;
use actix_web::{HttpResponse, put};
use serde_json::{Map, Value};

use super::create::created;
use super::update::{TRIES, overtaken};
use super::{answer, look_up};
use crate::app::{BodyProblems, ChangeHeaders, ChangeProblems, Service, Unavailable, detached};
use crate::base_models::input::{DeclaredBaseModel, NewBaseModel};
use crate::base_models::model::BaseModel;
use crate::base_models::names::technical_name_key;
use crate::base_models::reference::{Asked, Reference};
use crate::base_models::register::Registration;
use crate::base_models::replace::replace;
use crate::error::{ApiError, ApiResult, Fault, Problem};
use crate::extract::{Conditions, JsonObject, Members, ValidQuery};

/// Register or replace a base model
///
/// For pipelines that declare how things should be: afterwards the base model of this technical name is as the body says,
/// whether it was there before or not. What the body leaves out is emptied; id and `created_at` stay; another `path` is
/// read at once; where nothing is different the tag stays too. `If-None-Match: *` registers and never replaces, `If-Match`
/// replaces the state it names and never registers: 412 otherwise. Under an id a base model can be replaced, and renamed,
/// but not registered.
#[utoipa::path(
    tag = "base models",
    params(
        Asked,
        ChangeHeaders,
        ("If-None-Match" = Option<String>, Header, description = "`*`: only if there is no base model of this name yet.",
            max_length = 1024, example = "\"0\""),
    ),
    request_body = DeclaredBaseModel,
    responses(
        (status = OK, body = BaseModel, description = "The base model as it is now",
            headers(("ETag" = String, description = "The tag of this state"))),
        (status = CREATED, body = BaseModel, description = "The base model as it was registered", headers(
            ("Location" = String, description = "Where it is found"),
            ("ETag" = String, description = "The tag of this state"),
        )),
        (status = CONFLICT, body = Problem, content_type = "application/problem+json",
            description = "A name is taken; `conflicts` names who holds it"),
        ChangeProblems,
        BodyProblems,
        Unavailable,
    )
)]
#[put("/base-models/{base_model}")]
pub async fn put_base_model(
    service: Data<Service>,
    asked: Asked,
    _: ValidQuery<()>,
    conditions: Conditions,
    JsonObject(body): JsonObject,
) -> ApiResult<HttpResponse> {
    check_address(&asked)?;
    detached(async move { put(&service, &asked, &conditions, &body).await }).await
}

/// An address that is neither an id nor a technical name can be nobody's.
fn check_address(asked: &Asked) -> ApiResult<()> {
    let detail =
        "must be an id, or a technical name: 1 to 40 letters, digits, `.` and `-`, the first a letter or digit";
    match asked.reference() {
        Reference::Nothing => Err(ApiError::InvalidParameter(vec![Fault::parameter("base_model", "pattern", detail)])),
        Reference::Id(_) | Reference::TechnicalName(_) => Ok(()),
    }
}

/// Registers or replaces, whichever it takes, and begins again if somebody else did either in between.
async fn put(
    service: &Service,
    asked: &Asked,
    conditions: &Conditions,
    body: &Map<String, Value>,
) -> ApiResult<HttpResponse> {
    for _ in 0..TRIES {
        let answer = match look_up(service, asked).await? {
            Some(current) => {
                conditions.check_change(current.revision)?;
                let declared = declared(body, asked, &current.technical_name)?;
                replace(service, current, declared).await?.map(|updated| answer(HttpResponse::Ok(), &updated))
            }
            None => register(service, asked, conditions, body).await?,
        };
        if let Some(answer) = answer {
            return Ok(answer);
        }
    }
    Err(overtaken())
}

/// `None` if somebody else registered the name in between.
async fn register(
    service: &Service,
    asked: &Asked,
    conditions: &Conditions,
    body: &Map<String, Value>,
) -> ApiResult<Option<HttpResponse>> {
    if let Reference::Id(_) = asked.reference() {
        return Err(ApiError::NotFound(asked.base_model.clone()));
    }
    conditions.check_absent()?;
    let registration = Registration::read(service, declared(body, asked, &asked.base_model)?).await?;
    match registration.store(service).await {
        Ok(base_model) => Ok(Some(created(&base_model))),
        Err(ApiError::AlreadyExists(conflicts)) if conflicts.iter().any(|held| held.field == "technical_name") => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The body, judged like a new base model; a name that it leaves out is the one that is there.
fn declared(body: &Map<String, Value>, asked: &Asked, name: &str) -> ApiResult<NewBaseModel> {
    let mut members = body.clone();
    if members.get("technical_name").is_none_or(Value::is_null) {
        members.insert("technical_name".to_owned(), Value::from(name));
    }
    let declared: NewBaseModel = Members::read(Value::Object(members))?;
    match asked.reference() {
        Reference::TechnicalName(key) if technical_name_key(&declared.technical_name) != key => {
            let detail = format!("must be {:?} as in the address, or absent; to rename, PATCH it", asked.base_model);
            Err(ApiError::ValidationFailed(vec![Fault::at("/technical_name", "address", detail)]))
        }
        _ => Ok(declared),
    }
}
