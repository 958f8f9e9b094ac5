//! Rendering templates on threads of their own, a few at a time, because it is work for the processor.
//!
//! What a rendering may take is bounded in steps, not in time; on a machine that is busy its caller is
//! answered after a while all the same.

use std::sync::LazyLock;
use std::time::Duration;

use tokio::sync::Semaphore;

/// How long a caller waits, for a free place and for the rendering together.
const TIME: Duration = Duration::from_secs(10);
/// So many at a time, so that the others of the machine's cores answer requests.
static PLACES: LazyLock<Semaphore> = LazyLock::new(|| {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Semaphore::new((cores / 2).max(1))
});

/// Does the work; `None` if it did not end in time, and the panic if it ended in one.
pub async fn render<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> anyhow::Result<Option<T>> {
    render_within(TIME, work).await
}

async fn render_within<T: Send + 'static>(
    time: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> anyhow::Result<Option<T>> {
    let done = tokio::time::timeout(time, async {
        let place = PLACES.acquire().await?;
        let task = tokio::task::spawn_blocking(move || {
            // Held by the work, not by its caller: a thread that is still busy takes up a place.
            let _place = place;
            work()
        });
        Ok(task.await?)
    });
    done.await.map_or(Ok(None), |done: anyhow::Result<T>| done.map(Some))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_gives_what_the_work_gives_and_survives_a_panic() {
        assert_eq!(render(|| 7).await.unwrap(), Some(7));
        for _ in 0..64 {
            assert!(render(|| -> i32 { panic!("as a test") }).await.is_err());
        }
        assert_eq!(render(|| 8).await.unwrap(), Some(8));
    }

    #[tokio::test]
    async fn what_does_not_end_in_time_is_not_awaited() {
        let (release, held) = std::sync::mpsc::channel::<()>();
        let never = render_within(Duration::from_millis(20), move || held.recv().is_ok());
        assert_eq!(never.await.unwrap(), None);
        drop(release);
        assert_eq!(render(|| 9).await.unwrap(), Some(9));
    }
}
