//! Whether the server can do its work, found out by doing some: a write, at most once a second however often
//! it is asked. It waits for nothing but writes.

use std::time::{Duration, Instant};

use commerce_core::{Ahead, Commerce, Error, Probe, outbox};
use tokio::sync::Mutex;

/// What was found out last.
#[derive(Default)]
pub(crate) struct Health(Mutex<Option<(Instant, Outcome)>>);

type Outcome = Result<Ready, Error>;

/// What is told of a store that can be written.
#[derive(Clone)]
pub(crate) struct Ready {
    /// How far the delivery of events is.
    pub(crate) outbox: outbox::Backlog,
    /// How far the newest stored time is ahead of the clock.
    pub(crate) ahead: Ahead,
}

/// How long an outcome is told again.
const FRESH: Duration = Duration::from_secs(1);

/// How long a write may take.
const PATIENCE: Duration = Duration::from_secs(5);

impl Health {
    /// Whether the store can be written and read. Whoever asks while that is tried waits for its outcome.
    pub(crate) async fn ready(&self, shop: &Commerce) -> Outcome {
        let mut last = self.0.lock().await;
        if let Some((at, outcome)) = last.as_ref()
            && at.elapsed() < FRESH
        {
            return outcome.clone();
        }
        let tried = tokio::time::timeout(PATIENCE, tried(shop.clone())).await;
        let outcome = tried.unwrap_or(Err(Error::Busy("a write took too long")));
        *last = Some((Instant::now(), outcome.clone()));
        outcome
    }
}

async fn tried(shop: Commerce) -> Outcome {
    shop.submit(Probe).into_future().await?;
    // On a thread, and at a place among the readers, that nobody else takes.
    let read = tokio::task::spawn_blocking(move || {
        Ok(Ready { outbox: shop.query(&outbox::Lag)?, ahead: shop.ahead()? })
    });
    read.await.map_err(|panic| Error::Store(panic.to_string()))?
}
