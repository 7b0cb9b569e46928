//! Notifies waiting threads of commits. A notification costs one atomic step while nobody waits.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// A count of notifications, and a way to wait until it grows.
#[derive(Debug, Default)]
pub(crate) struct CommitNotifier {
    count: AtomicU64,
    waiting: AtomicUsize,
    lock: Mutex<()>,
    changed: Condvar,
}

impl CommitNotifier {
    /// The number of notifications so far.
    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::SeqCst)
    }

    /// Wakes all waiting threads.
    pub(crate) fn notify(&self) {
        self.count.fetch_add(1, Ordering::SeqCst);
        if self.waiting.load(Ordering::SeqCst) > 0 {
            // A thread that is about to wait holds the lock, and sees the new count or this call.
            drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner));
            self.changed.notify_all();
        }
    }

    /// Waits until the count differs from `known`, for at most `timeout`.
    pub(crate) fn wait(&self, known: u64, timeout: Duration) {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let unchanged = |(): &mut ()| self.count() == known;
        let waited = self.changed.wait_timeout_while(guard, timeout, unchanged);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        self.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_waiting_thread_is_woken_and_a_late_one_does_not_wait() {
        let notifier = Arc::new(CommitNotifier::default());
        let (count, other) = (notifier.count(), notifier.clone());
        let notified = std::thread::spawn(move || other.notify());
        notifier.wait(count, Duration::from_secs(60));
        assert_eq!(notifier.count(), count + 1);
        notifier.wait(count, Duration::from_secs(60));
        notified.join().unwrap();
    }
}
