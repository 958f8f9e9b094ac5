//! Bodies: read within their limits of size and time, decoded, parsed, judged.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::{Decompress, Payload};
use actix_web::http::header;
use actix_web::web::{self, Bytes, BytesMut};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use futures_util::StreamExt as _;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::members::{Body, Members};
use crate::admission;
use crate::error::{ApiError, Fault};
use crate::idempotency::KEY;

/// Most bytes of a JSON body, after decompression.
pub const MAX_JSON: usize = 1 << 20;
/// Longer ones are read on a thread of their own: one of 8 MiB would keep a worker from other requests.
const LONG: usize = 128 << 10;
/// How long a client may take to send a body.
const TIME: Duration = Duration::from_secs(10);
/// Longer than it takes to send a refusal.
const HOLD: Duration = Duration::from_secs(2);
const ENCODINGS: &str = "gzip, br, zstd, identity";

/// SHA-256 of the body, for a request that has to be told from others under its key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BodyDigest(pub [u8; 32]);

type Extraction<T> = Pin<Box<dyn Future<Output = Result<T, ApiError>>>>;

/// A JSON body that keeps its rules.
#[derive(Debug)]
pub struct ValidJson<T>(pub T);

impl<T: Body + Send + 'static> FromRequest for ValidJson<T> {
    type Error = ApiError;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        read(request, payload, "application/json", T::LIMIT, |bytes| Members::read(Members::parse(&bytes)?).map(Self))
    }
}

/// A JSON object whose members the handler completes before they are judged.
#[derive(Debug)]
pub struct JsonObject(pub Map<String, Value>);

impl FromRequest for JsonObject {
    type Error = ApiError;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        read(request, payload, "application/json", MAX_JSON, |bytes| match Members::parse(&bytes)? {
            Value::Object(members) => Ok(Self(members)),
            _ => Ok(Self(Map::new())),
        })
    }
}

/// A merge patch (RFC 7396) of an object.
#[derive(Debug)]
pub struct Patch(pub Value);

impl FromRequest for Patch {
    type Error = ApiError;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let accepted = "application/merge-patch+json, application/json";
        read(request, payload, accepted, MAX_JSON, |bytes| Members::parse(&bytes).map(Self))
    }
}

/// A text of at most `LIMIT` bytes.
#[derive(Debug)]
pub struct Text<const LIMIT: usize>(pub String);

impl<const LIMIT: usize> FromRequest for Text<LIMIT> {
    type Error = ApiError;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        // `curl -T` names no type, and a file is a file.
        let accepted = if request.headers().contains_key(header::CONTENT_TYPE) {
            "text/plain, application/octet-stream"
        } else {
            ""
        };
        read(request, payload, accepted, LIMIT, |bytes| {
            let not_text = |_| ApiError::MalformedBody(vec![Fault::at("", "utf8", "the text must be UTF-8")]);
            String::from_utf8(bytes.to_vec()).map(Self).map_err(not_text)
        })
    }
}

/// Checks the type and encoding, reads the body, and hands it on.
fn read<T: Send + 'static>(
    request: &HttpRequest,
    payload: &mut Payload,
    accepted: &'static str,
    limit: usize,
    then: impl FnOnce(Bytes) -> Result<T, ApiError> + Send + 'static,
) -> Extraction<T> {
    let checked = media_type(request, accepted).and_then(|()| encoding(request)).and_then(|()| length(request, limit));
    let mut payload = Decompress::from_headers(payload.take(), request.headers());
    let request = request.clone();
    Box::pin(async move {
        let body = match checked {
            Ok(()) => {
                tokio::time::timeout(TIME, collect(&mut payload, limit)).await.unwrap_or(Err(ApiError::BodyTimeout))
            }
            Err(error) => Err(error),
        };
        if body.is_err() {
            hold(payload);
        }
        let body = body?;
        admission::enter(&request).await?;
        let (is_keyed, is_long) = (request.headers().contains_key(KEY), body.len() > LONG);
        let work = move || (is_keyed.then(|| BodyDigest(Sha256::digest(&body).into())), then(body));
        let (digest, read) = match is_long {
            true => web::block(work).await.map_err(|error| ApiError::Internal(error.into()))?,
            false => work(),
        };
        if let Some(digest) = digest {
            request.extensions_mut().insert(digest);
        }
        read
    })
}

/// Keeps a body that is not read to its end until the refusal is sent. The server closes the connection when it sees such a
/// body, but one in chunks that nobody holds any more it would read on without limit, and never close.
fn hold(payload: Decompress<Payload>) {
    actix_web::rt::spawn(async move {
        tokio::time::sleep(HOLD).await;
        drop(payload);
    });
}

fn media_type(request: &HttpRequest, accepted: &'static str) -> Result<(), ApiError> {
    let given = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let given = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_taken = accepted.is_empty() || accepted.split(", ").any(|kind| kind == given);
    if is_taken { Ok(()) } else { Err(ApiError::UnsupportedMediaType { accepted }) }
}

fn encoding(request: &HttpRequest) -> Result<(), ApiError> {
    let Some(given) = request.headers().get(header::CONTENT_ENCODING) else { return Ok(()) };
    let given = given.to_str().unwrap_or_default().trim().to_ascii_lowercase();
    let is_taken = ENCODINGS.split(", ").any(|encoding| encoding == given);
    if is_taken { Ok(()) } else { Err(ApiError::UnsupportedContentEncoding { accepted: ENCODINGS }) }
}

/// A body that says it is too long is refused before it is read.
fn length(request: &HttpRequest, limit: usize) -> Result<(), ApiError> {
    let given =
        request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if given.is_some_and(|length| length > limit as u64) { Err(ApiError::BodyTooLarge { limit }) } else { Ok(()) }
}

async fn collect(payload: &mut Decompress<Payload>, limit: usize) -> Result<Bytes, ApiError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let unreadable = |_| ApiError::MalformedBody(vec![Fault::at("", "encoding", "the body cannot be decoded")]);
        let chunk = chunk.map_err(unreadable)?;
        if body.len().saturating_add(chunk.len()) > limit {
            return Err(ApiError::BodyTooLarge { limit });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}
