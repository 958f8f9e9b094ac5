//! What every answer gets, whichever handler made it: problems for errors and panics, and headers
//! that keep a browser from guessing.

use std::panic::AssertUnwindSafe;

use actix_cors::CorsError;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpRequest, HttpResponse, ResponseError as _};
use futures_util::FutureExt as _;

use crate::error::{ApiError, Problem};
use crate::telemetry::{REQUEST_ID, RequestId};

pub const PROBLEM: &str = "application/problem+json";

/// What keeps a browser from guessing, framing and telling. Nothing is loaded by what is not a page.
const HEADERS: [(HeaderName, &str); 3] = [
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
];

/// The page of the API loads its own scripts and styles.
const PAGE_HEADERS: [(HeaderName, &str); 3] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
         connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
];

/// Tells every error as a problem, whoever made it: a handler, an extractor, a library, or a panic.
pub async fn problems(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let place = Place::of(request.request());
    let outcome = AssertUnwindSafe(next.call(request)).catch_unwind().await;
    match outcome {
        Ok(Ok(response)) => Ok(told(response, &place)),
        Ok(Err(error)) => Err(Told::new(&error_of(&error), &place).into()),
        Err(panic) => {
            let words = panic.downcast_ref::<&str>().map(|words| (*words).to_owned());
            let words = words.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
            Err(Told::new(&ApiError::Internal(anyhow::anyhow!("a handler panicked: {words}")), &place).into())
        }
    }
}

/// Where the request went, kept because the request itself is given away.
pub struct Place {
    pub path: String,
    pub request_id: String,
}

impl Place {
    pub fn of(request: &HttpRequest) -> Self {
        let request_id = request.extensions().get::<RequestId>().map(ToString::to_string).unwrap_or_default();
        Self { path: request.path().to_owned(), request_id }
    }
}

fn told(response: ServiceResponse<impl MessageBody + 'static>, place: &Place) -> ServiceResponse<BoxBody> {
    let status = response.status();
    let is_problem = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == PROBLEM);
    if !(status.is_client_error() || status.is_server_error()) || is_problem {
        return response.map_into_boxed_body();
    }
    let told = match response.response().error() {
        Some(error) => Told::new(&error_of(error), place),
        None => Told::new(&ApiError::Refused(status), place),
    };
    let (request, _) = response.into_parts();
    ServiceResponse::new(request, told.error_response())
}

fn error_of(error: &Error) -> BorrowedOr<'_> {
    if let Some(known) = error.as_error::<ApiError>() {
        return BorrowedOr::Borrowed(known);
    }
    BorrowedOr::Owned(match error.as_error::<CorsError>() {
        Some(refused) => ApiError::CrossOrigin(refused.to_string()),
        None => ApiError::Refused(error.as_response_error().status_code()),
    })
}

/// An error that a handler made, or one that stands for a library's.
enum BorrowedOr<'a> {
    Borrowed(&'a ApiError),
    Owned(ApiError),
}

impl std::ops::Deref for BorrowedOr<'_> {
    type Target = ApiError;

    fn deref(&self) -> &ApiError {
        match self {
            Self::Borrowed(error) => error,
            Self::Owned(error) => error,
        }
    }
}

/// A problem with the headers that belong to it.
#[derive(Debug)]
struct Told {
    problem: Problem,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Told {
    fn new(error: &ApiError, place: &Place) -> Self {
        log(error);
        Self { problem: error.problem(&place.path, &place.request_id), headers: error.headers() }
    }
}

/// A fault of ours goes to the log once, here, with its whole chain of causes.
pub fn log(error: &ApiError) {
    match error {
        ApiError::Internal(cause) => tracing::error!("{error}: {cause:#}"),
        ApiError::DatabaseUnavailable(cause) | ApiError::ReadOnly(cause) | ApiError::StorageUnavailable(cause) => {
            tracing::warn!("{error}: {cause:#}");
        }
        _ => {}
    }
}

impl std::fmt::Display for Told {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.problem.detail)
    }
}

impl actix_web::ResponseError for Told {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let mut response = HttpResponse::build(self.status_code());
        for header in &self.headers {
            response.insert_header(header.clone());
        }
        // After a panic no other middleware sees this answer.
        for header in HEADERS {
            response.insert_header(header);
        }
        response.insert_header((REQUEST_ID, self.problem.request_id.as_str()));
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        response.insert_header((header::CONTENT_TYPE, PROBLEM));
        response.body(serde_json::to_vec(&self.problem).unwrap_or_default())
    }
}

/// Answers HEAD wherever GET is answered; the server leaves the body out by itself.
pub async fn head_as_get(
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    if request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    next.call(request).await
}

/// Headers for browsers.
pub async fn headers(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let is_page = request.path().starts_with("/swagger-ui/");
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    for (name, value) in if is_page { PAGE_HEADERS } else { HEADERS } {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    }
    Ok(response)
}
