//! The store's version, polled once for all streams of events. A server's is told by whoever asks for it.

use std::time::Duration;

use commerce_core::Commerce;
use tokio::sync::{Notify, watch};
use tokio::time::sleep;

use crate::phase::PhaseWatch;

/// How often the version is read.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// The store's version as of the last poll; `None` while it cannot be read.
pub(crate) struct VersionWatch {
    version: watch::Sender<Option<i64>>,
    /// Wakes the poller when there is a subscriber again.
    subscribed: Notify,
}

impl Default for VersionWatch {
    fn default() -> Self {
        Self { version: watch::Sender::new(Some(0)), subscribed: Notify::new() }
    }
}

impl VersionWatch {
    /// The version from now on.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Option<i64>> {
        let receiver = self.version.subscribe();
        self.subscribed.notify_one();
        receiver
    }

    /// Tells the subscribers a version.
    pub(crate) fn tell(&self, version: Option<i64>) {
        self.version.send_if_modified(|known| std::mem::replace(known, version) != version);
    }

    /// Polls the version while there are subscribers, until the server stops serving.
    pub(crate) async fn poll(&self, shop: &Commerce, phase: &PhaseWatch) {
        while phase.is_serving() {
            if self.version.receiver_count() == 0 {
                self.subscribed.notified().await;
            }
            let shop = shop.clone();
            let version = tokio::task::spawn_blocking(move || shop.version()).await;
            let version = version.ok().and_then(|version| {
                version.inspect_err(|error| tracing::error!(%error, "streams of events end")).ok()
            });
            self.tell(version);
            sleep(POLL_INTERVAL).await;
        }
    }
}
