//! Logs: their format, and one line with one id for each request.

use std::fmt;
use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _};
use anyhow::Context as _;
use tracing::Instrument as _;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::EnvFilter;
use uuid::Uuid;

use crate::config::LogFormat;

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Sends logs to standard error. They are dropped, never waited for, when nobody takes them; what is
/// still in the buffer is written when the guard goes.
pub fn start(format: LogFormat, filter: &str) -> anyhow::Result<WorkerGuard> {
    let filter =
        EnvFilter::try_new(filter).with_context(|| format!("the log filter {filter:?} cannot be understood"))?;
    let (writer, guard) = tracing_appender::non_blocking(std::io::stderr());
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_ansi(false);
    let started = match format {
        LogFormat::Text => subscriber.with_target(false).try_init(),
        LogFormat::Json => {
            subscriber.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init()
        }
    };
    started.map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok(guard)
}

/// Names a request in the log, in its answer and in its problem.
#[derive(Debug, Clone)]
pub struct RequestId(String);

impl RequestId {
    /// The client's own id if it is a plain one, else a new one.
    fn of(request: &ServiceRequest) -> Self {
        let given = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok());
        let plain = |id: &&str| {
            (1..=128).contains(&id.len())
                && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/+_=.-".contains(&byte))
        };
        Self(given.filter(plain).map_or_else(|| Uuid::now_v7().to_string(), str::to_owned))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The id of the trace that the caller's request belongs to (W3C Trace Context), so that the line is found under it.
fn trace_id(request: &ServiceRequest) -> Option<&str> {
    trace_of(request.headers().get("traceparent")?.to_str().ok()?)
}

fn trace_of(traceparent: &str) -> Option<&str> {
    let is_hex = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let is_id = |part: &str, length: usize| is_hex(part, length) && part.bytes().any(|byte| byte != b'0');
    let mut parts = traceparent.split('-');
    let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    // A later version may have more parts; this one has none.
    let has_end = parts.next().is_none() || version != "00";
    let is_valid =
        is_hex(version, 2) && version != "ff" && is_id(trace, 32) && is_id(parent, 16) && is_hex(flags, 2) && has_end;
    is_valid.then_some(trace)
}

/// Opens the span of a request, gives its id to the answer, and writes its line when it is done.
pub async fn request(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let id = RequestId::of(&request);
    let span = tracing::info_span!(
        "request",
        request_id = %id,
        trace_id = tracing::field::Empty,
        method = %request.method(),
        path = %request.path()
    );
    if let Some(trace) = trace_id(&request) {
        span.record("trace_id", trace);
    }
    request.extensions_mut().insert(id.clone());
    let begun = Instant::now();
    let mut outcome = next.call(request).instrument(span.clone()).await;
    let _entered = span.enter();
    let microseconds = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
    match &mut outcome {
        Ok(response) => {
            if let Ok(value) = HeaderValue::from_str(&id.0) {
                response.headers_mut().insert(REQUEST_ID, value);
            }
            let route = response.request().match_pattern().unwrap_or_default();
            tracing::info!(status = response.status().as_u16(), route, microseconds, "answered");
        }
        Err(error) => {
            let status = error.as_response_error().status_code().as_u16();
            tracing::info!(status, microseconds, "answered");
        }
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trace_is_taken_from_a_well_formed_traceparent() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        for good in ["00-{}-00f067aa0ba902b7-01", "00-{}-00f067aa0ba902b7-00", "cc-{}-00f067aa0ba902b7-01-what-comes"] {
            assert_eq!(trace_of(&good.replace("{}", trace)), Some(trace), "{good}");
        }
        for bad in [
            "",
            "00",
            "00-{}",
            "00-{}-00f067aa0ba902b7",
            "ff-{}-00f067aa0ba902b7-01",
            "00-{}-0000000000000000-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-{}-00f067aa0ba902b7-01-more",
            "00-{}-00F067AA0BA902B7-01",
            "00-{}0-00f067aa0ba902b7-01",
            "0-{}-00f067aa0ba902b7-01",
        ] {
            assert_eq!(trace_of(&bad.replace("{}", trace)), None, "{bad}");
        }
    }
}
