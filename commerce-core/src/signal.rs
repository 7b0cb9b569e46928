//! Tells those who wait that something was committed. Giving it costs one atomic step while nobody waits.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// A count that grows, and a way to wait until it does.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    given: AtomicU64,
    waiting: AtomicUsize,
    lock: Mutex<()>,
    raised: Condvar,
}

impl Signal {
    /// How often it was given.
    pub(crate) fn count(&self) -> u64 {
        self.given.load(Ordering::SeqCst)
    }

    /// Wakes everybody who waits.
    pub(crate) fn give(&self) {
        self.given.fetch_add(1, Ordering::SeqCst);
        if self.waiting.load(Ordering::SeqCst) > 0 {
            // Whoever is about to wait holds the lock, and sees the new count or this call.
            drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner));
            self.raised.notify_all();
        }
    }

    /// Waits until it was given more often than `known`, at most so long.
    pub(crate) fn wait(&self, known: u64, timeout: Duration) {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let still = |(): &mut ()| self.count() == known;
        drop(self.raised.wait_timeout_while(guard, timeout, still).unwrap_or_else(PoisonError::into_inner));
        self.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn whoever_waits_is_woken_and_whoever_comes_late_does_not_wait() {
        let signal = Arc::new(Signal::default());
        let (count, giver) = (signal.count(), signal.clone());
        let given = std::thread::spawn(move || giver.give());
        signal.wait(count, Duration::from_secs(60));
        assert_eq!(signal.count(), count + 1);
        signal.wait(count, Duration::from_secs(60));
        given.join().unwrap();
    }
}
