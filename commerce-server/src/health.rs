//! The readiness check: it writes to the store, at most once a second however often it is asked, and waits for nothing
//! but writes. A check that hangs is waited for, not repeated.

use std::sync::Arc;
use std::time::Duration;

use commerce_core::{ClockSkew, Commerce, Error, Probe, outbox};

use crate::client::ClientKey;
use crate::pool::FairPool;
use crate::single_flight::SingleFlight;

/// The readiness check, with its last result.
pub(crate) struct Health {
    shop: Commerce,
    check: SingleFlight<Arc<Readiness>>,
    /// A thread of its own, with a reader of its own, so that the check does not wait for requests.
    thread: FairPool,
}

/// The state of a store that accepts writes.
pub(crate) struct Readiness {
    /// The backlog of event delivery.
    pub(crate) outbox: outbox::Backlog,
    /// How far the newest stored time is ahead of the clock.
    pub(crate) ahead: ClockSkew,
}

/// How long a result is repeated.
const VALID_FOR: Duration = Duration::from_secs(1);

/// How long a check of a file may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// How long a check of a server may take, so that the answer comes within a second.
const REMOTE_TIMEOUT: Duration = Duration::from_millis(900);

impl Health {
    /// # Errors
    /// When the system cannot start a thread.
    pub(crate) fn new(shop: Commerce) -> std::io::Result<Self> {
        Ok(Self { shop, check: SingleFlight::default(), thread: FairPool::new("health", 1, 1)? })
    }

    /// Checks that the store can be written and read. Requests that come during a check share its result. `silence` tells
    /// how long ago the newest question was sent that a remote store has answered.
    ///
    /// # Errors
    /// The store's failure, [`Error::Busy`] when a file took too long, or [`Error::Unavailable`] when a server did.
    pub(crate) async fn check(
        &self,
        silence: impl Fn() -> Option<Duration>,
    ) -> Result<Arc<Readiness>, Error> {
        let (shop, thread) = (self.shop.clone(), self.thread.clone());
        let run = self.check.join(VALID_FOR, async move {
            shop.submit(Probe).into_future().await?;
            thread.run(&ClientKey::this_server(), move || Readiness::read(&shop)).await.map(Arc::new)
        });
        let (started, is_remote) = (run.started, self.shop.is_remote());
        match run.result(if is_remote { REMOTE_TIMEOUT } else { TIMEOUT }).await {
            Some(result) => result,
            None if is_remote => {
                let answers = silence().is_some_and(|silence| silence < started.elapsed());
                let fault = if answers { "answers, but does not take a write" } else { "does not answer" };
                Err(Error::Unavailable(format!("{} {fault}", self.shop.location()).into()))
            }
            None => Err(Error::Busy("a write took too long".into())),
        }
    }
}

impl Readiness {
    /// Reads the state from the store.
    ///
    /// # Errors
    /// The store's failure.
    pub(crate) fn read(shop: &Commerce) -> Result<Self, Error> {
        Ok(Self { outbox: shop.query(&outbox::Lag)?, ahead: shop.clock_skew()? })
    }
}
