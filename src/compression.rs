//! Which answers are compressed: those that are long enough to gain by it, in the way that the client asks for.

use actix_web::Error;
use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, AcceptEncoding, Encoding, HeaderValue};
use actix_web::middleware::Next;

/// A shorter body goes into the same packet anyway.
const MIN_SIZE: u64 = 1024;
const PLAIN: HeaderValue = HeaderValue::from_static("identity");

/// Keeps the compressor off short bodies, unless the client takes none that is not compressed.
pub async fn only_what_is_long(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let takes_plain = takes_plain(&request);
    let mut response = next.call(request).await?;
    let is_short = matches!(response.response().body().size(), BodySize::Sized(size) if size < MIN_SIZE);
    if is_short && takes_plain {
        response.headers_mut().insert(header::CONTENT_ENCODING, PLAIN);
    }
    Ok(response)
}

fn takes_plain(request: &ServiceRequest) -> bool {
    let accepted = request.request().headers().contains_key(header::ACCEPT_ENCODING).then(|| {
        use actix_web::http::header::Header as _;
        AcceptEncoding::parse(request.request())
    });
    match accepted {
        Some(Ok(accepted)) => accepted.negotiate([Encoding::identity()].iter()).is_some(),
        Some(Err(_)) | None => true,
    }
}

/// Says that the answer depends on what encodings are taken, and takes out the mark that only the compressor needs.
pub async fn tidy(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    if headers.get(header::CONTENT_ENCODING) == Some(&PLAIN) {
        headers.remove(header::CONTENT_ENCODING);
    }
    let varies = headers.get_all(header::VARY).any(|names| names.as_bytes().eq_ignore_ascii_case(b"accept-encoding"));
    if !varies {
        headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
    Ok(response)
}
