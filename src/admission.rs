//! How many requests are worked on at one time. More would not be answered sooner, but make all others late: they wait for
//! a moment, and are then told to come again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, header};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage as _, HttpRequest};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::app::Service;
use crate::error::{ApiError, ApiResult};

/// How long a request waits to be worked on.
const WAIT: Duration = Duration::from_millis(100);

/// Lets in so many reads and so many writes, each for itself, so that neither keeps the other out.
pub struct Admission {
    reads: Gate,
    writes: Gate,
}

impl Admission {
    pub fn new(reads: usize, writes: usize) -> Self {
        Self { reads: Gate::new(reads), writes: Gate::new(writes) }
    }

    fn gate(&self, method: &Method) -> &Gate {
        if [Method::GET, Method::HEAD].contains(method) { &self.reads } else { &self.writes }
    }
}

/// Lets in requests of one kind. Clones are the same gate.
#[derive(Clone)]
struct Gate {
    free: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    limit: usize,
}

/// A request that is worked on; it leaves when this is dropped.
pub struct Admitted {
    _permit: OwnedSemaphorePermit,
}

impl Gate {
    fn new(limit: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(limit)), waiting: Arc::default(), limit }
    }

    /// Waits for a place. No more wait than are worked on: the rest is told at once.
    async fn enter(&self) -> ApiResult<Admitted> {
        if let Ok(permit) = self.free.clone().try_acquire_owned() {
            return Ok(Admitted { _permit: permit });
        }
        let waiting = Waiting::among(&self.waiting);
        if waiting.place >= self.limit {
            return Err(ApiError::Overloaded);
        }
        match tokio::time::timeout(WAIT, self.free.clone().acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Admitted { _permit: permit }),
            Ok(Err(_)) | Err(_) => Err(ApiError::Overloaded),
        }
    }
}

/// Counts one that waits for as long as it does, also when its client goes away.
struct Waiting<'a> {
    count: &'a AtomicUsize,
    place: usize,
}

impl<'a> Waiting<'a> {
    fn among(count: &'a AtomicUsize) -> Self {
        Self { count, place: count.fetch_add(1, Ordering::Relaxed) }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Where a request enters whose body is still to come.
#[derive(Clone)]
struct Entrance(Gate);

/// Lets requests of the API in. What is asked to keep the service alive is always answered.
pub async fn admit(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, Error> {
    let gate = match request.app_data::<Data<Service>>() {
        Some(service) if is_work(&request) => service.admission.gate(request.method()).clone(),
        _ => return next.call(request).await.map(ServiceResponse::map_into_left_body),
    };
    if has_body(&request) {
        // A client that sends slowly must not hold a place meanwhile.
        request.extensions_mut().insert(Entrance(gate));
    } else {
        match gate.enter().await {
            Ok(admitted) => drop(request.extensions_mut().insert(admitted)),
            Err(error) => return Ok(request.error_response(error).map_into_right_body()),
        }
    }
    next.call(request).await.map(ServiceResponse::map_into_left_body)
}

/// Lets a request in whose body has arrived.
pub async fn enter(request: &HttpRequest) -> ApiResult<()> {
    let entrance = request.extensions().get::<Entrance>().cloned();
    if let Some(Entrance(gate)) = entrance {
        let admitted = gate.enter().await?;
        request.extensions_mut().insert(admitted);
    }
    Ok(())
}

fn is_work(request: &ServiceRequest) -> bool {
    request.path().starts_with("/api/") && request.method() != Method::OPTIONS
}

fn has_body(request: &ServiceRequest) -> bool {
    let length = request.headers().get(header::CONTENT_LENGTH);
    length.is_some_and(|length| length != "0") || request.headers().contains_key(header::TRANSFER_ENCODING)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_place_is_free_again_when_a_request_leaves() {
        let gate = Gate::new(2);
        let first = gate.enter().await.unwrap();
        let _second = gate.enter().await.unwrap();
        assert!(matches!(gate.enter().await, Err(ApiError::Overloaded)));
        drop(first);
        gate.enter().await.unwrap();
        assert_eq!(gate.waiting.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn who_waits_is_let_in_when_another_leaves() {
        let gate = Gate::new(1);
        let first = gate.enter().await.unwrap();
        let waiting = tokio::spawn({
            let gate = gate.clone();
            async move { gate.enter().await.is_ok() }
        });
        while gate.waiting.load(Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await;
        }
        // No more wait than are worked on.
        assert!(matches!(gate.enter().await, Err(ApiError::Overloaded)));
        drop(first);
        assert!(waiting.await.unwrap());
    }
}
