//! The readiness check: it writes to the store, at most once a second however often it is asked, and waits for nothing
//! but writes.

use std::time::{Duration, Instant};

use commerce_core::{Cause, ClockSkew, Commerce, Error, Probe, outbox};
use tokio::sync::Mutex;

/// The readiness check, with its last result.
#[derive(Default)]
pub(crate) struct Health(Mutex<Option<(Instant, CheckResult)>>);

type CheckResult = Result<Readiness, Error>;

/// The state of a store that accepts writes.
#[derive(Clone)]
pub(crate) struct Readiness {
    /// The backlog of event delivery.
    pub(crate) outbox: outbox::Backlog,
    /// How far the newest stored time is ahead of the clock.
    pub(crate) ahead: ClockSkew,
}

/// How long a result is repeated.
const VALID_FOR: Duration = Duration::from_secs(1);

/// How long a check may take.
const TIMEOUT: Duration = Duration::from_secs(5);

impl Health {
    /// Checks that the store can be written and read. Requests that come during a check share its result.
    ///
    /// # Errors
    /// The store's failure, or [`Error::Busy`] when the check took too long.
    pub(crate) async fn check(&self, shop: &Commerce) -> CheckResult {
        let mut last = self.0.lock().await;
        if let Some((at, result)) = last.as_ref()
            && at.elapsed() < VALID_FOR
        {
            return result.clone();
        }
        let result = tokio::time::timeout(TIMEOUT, check_now(shop.clone())).await;
        let result = result.unwrap_or(Err(Error::Busy("a write took too long")));
        *last = Some((Instant::now(), result.clone()));
        result
    }
}

async fn check_now(shop: Commerce) -> CheckResult {
    shop.submit(Probe).into_future().await?;
    // On a thread of its own, with a reader of its own, so that it does not wait for requests.
    let read = tokio::task::spawn_blocking(move || {
        Ok(Readiness { outbox: shop.query(&outbox::Lag)?, ahead: shop.clock_skew()? })
    });
    read.await.map_err(|panic| Error::Store(Cause::of(panic)))?
}
