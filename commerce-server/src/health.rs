//! Whether the server can do its work, found out by doing some: a write, at most once a second however
//! often it is asked.

use std::time::{Duration, Instant};

use commerce_core::{Commerce, Error, Probe};
use tokio::sync::Mutex;

/// The last write that was tried.
#[derive(Default)]
pub(crate) struct Health(Mutex<Option<(Instant, Result<(), Error>)>>);

/// How long an outcome is told again.
const FRESH: Duration = Duration::from_secs(1);

/// How long a write may take.
const PATIENCE: Duration = Duration::from_secs(5);

impl Health {
    /// Whether the store can be written. Whoever asks while a write is tried waits for its outcome.
    pub(crate) async fn ready(&self, shop: &Commerce) -> Result<(), Error> {
        let mut last = self.0.lock().await;
        if let Some((at, outcome)) = last.as_ref()
            && at.elapsed() < FRESH
        {
            return outcome.clone();
        }
        let tried = tokio::time::timeout(PATIENCE, shop.submit(Probe).into_future()).await;
        let outcome = match tried {
            Ok(written) => written.map(drop),
            Err(_) => Err(Error::Busy("a write took too long")),
        };
        *last = Some((Instant::now(), outcome.clone()));
        outcome
    }
}
