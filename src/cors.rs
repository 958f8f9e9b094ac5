//! Which pages may use the API from a browser (CORS): those of the origins that the operator names, and no others.

use std::fmt;
use std::str::FromStr;

use actix_cors::Cors;
use actix_web::http::header::{self, HeaderName};
use actix_web::http::{Method, Uri};

use crate::idempotency;
use crate::telemetry::REQUEST_ID;

/// How long a browser may remember what it was told.
const MAX_AGE: usize = 600;

/// The origin of a page: scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

/// Why a text is no origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an origin is a scheme and a host, and a port if it is not the usual one, such as https://models.example.org")]
pub struct NoOrigin;

impl FromStr for Origin {
    type Err = NoOrigin;

    fn from_str(text: &str) -> Result<Self, NoOrigin> {
        let uri: Uri = text.parse().map_err(|_| NoOrigin)?;
        let scheme = uri.scheme_str().filter(|scheme| ["http", "https"].contains(scheme)).ok_or(NoOrigin)?;
        let authority = uri.authority().filter(|authority| !authority.as_str().contains(['@', '*'])).ok_or(NoOrigin)?;
        // A browser sends the origin in lower case and without a slash, and it is compared as it is.
        let origin = format!("{scheme}://{}", authority.as_str().to_ascii_lowercase());
        if text.to_ascii_lowercase() == origin { Ok(Self(origin)) } else { Err(NoOrigin) }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Tells browsers that pages of these origins may use the API, without cookies or other credentials of the browser's own.
pub fn cors(origins: &[Origin]) -> Cors {
    let cors = Cors::default()
        .allowed_methods([Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allowed_headers([
            header::ACCEPT,
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            header::IF_NONE_MATCH,
            idempotency::KEY,
            REQUEST_ID,
            HeaderName::from_static("traceparent"),
        ])
        .expose_headers([
            header::ETAG,
            header::LOCATION,
            header::LINK,
            header::RETRY_AFTER,
            REQUEST_ID,
            idempotency::REPLAYED,
        ])
        .max_age(MAX_AGE);
    origins.iter().fold(cors, |cors, origin| cors.allowed_origin(&origin.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_scheme_a_host_and_a_port() {
        for (given, kept) in [
            ("https://models.example.org", "https://models.example.org"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("HTTPS://Models.Example.org", "https://models.example.org"),
            ("http://[::1]:8080", "http://[::1]:8080"),
        ] {
            assert_eq!(given.parse::<Origin>().map(|origin| origin.to_string()), Ok(kept.to_owned()), "{given}");
        }
        for given in [
            "",
            "*",
            "null",
            "example.org",
            "https://",
            "https://*",
            "https://*.example.org",
            "https://example.org/",
            "https://example.org/page",
            "https://example.org?x",
            "ftp://example.org",
            "https://user@example.org",
        ] {
            assert_eq!(given.parse::<Origin>(), Err(NoOrigin), "{given}");
        }
    }
}
