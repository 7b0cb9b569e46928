//! The phases of a server, from serving to its end.

use tokio::sync::watch;

/// A phase of the server. Phases only advance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Takes requests.
    Serving,
    /// Takes no more requests, and answers those in flight.
    Draining,
    /// Answers nothing any more.
    Stopped,
}

/// The present phase, for everything that ends with the server.
#[derive(Clone)]
pub(crate) struct PhaseWatch(watch::Receiver<Phase>);

/// A channel that begins with [`Phase::Serving`].
pub(crate) fn channel() -> (watch::Sender<Phase>, PhaseWatch) {
    let (sender, receiver) = watch::channel(Phase::Serving);
    (sender, PhaseWatch(receiver))
}

impl PhaseWatch {
    pub(crate) fn is_serving(&self) -> bool {
        *self.0.borrow() == Phase::Serving
    }

    /// Waits until the server has reached `phase`.
    pub(crate) async fn reached(&self, phase: Phase) {
        // An error means that the sender is gone, and with it the server.
        let _ = self.0.clone().wait_for(|now| *now >= phase).await;
    }
}
