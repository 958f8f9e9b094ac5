//! Waiting for a condition, with an end.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

/// Longest that anything may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// Tries until there is a value.
pub async fn eventually<T>(what: &str, mut attempt: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = attempt().await {
            return value;
        }
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// Waits for the end of some work.
pub async fn within<T>(limit: Duration, what: &str, work: impl Future<Output = T>) -> T {
    timeout(limit, work).await.unwrap_or_else(|_| panic!("not within {limit:?}: {what}"))
}
