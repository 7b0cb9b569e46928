//! Requests that arrive late. A client that hears nothing sends the same lines again over another connection, and the network
//! may still deliver the first request afterwards. By then the client may know that a line was refused, so the late request
//! must do nothing. Clients therefore number their requests.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The newest request of each sender that has sent one lately.
#[derive(Default)]
pub(crate) struct Senders(Mutex<HashMap<String, Sender>>);

struct Sender {
    newest: Arc<Mutex<i64>>,
    used: Instant,
}

/// A request's place in the sequence of its sender.
pub(crate) struct Place {
    newest: Arc<Mutex<i64>>,
    number: i64,
}

/// How long a sender is remembered: longer than Linux repeats what a connection has sent (`tcp_retries2` in tcp(7): 13 to 30
/// minutes).
const REMEMBERED: Duration = Duration::from_mins(30);

/// The most senders that are remembered, with some 200 bytes each. Beyond it, the oldest half is forgotten.
const MAX_SENDERS: usize = 20_000;

impl Senders {
    /// Begins a request. None when a later one of the same sender has begun.
    pub(crate) fn begin(&self, sender: String, number: i64) -> Option<Place> {
        let newest = {
            let mut senders = lock(&self.0);
            if senders.len() >= MAX_SENDERS {
                forget(&mut senders);
            }
            let new = || Sender { newest: Arc::new(Mutex::new(number)), used: Instant::now() };
            let sender = senders.entry(sender).or_insert_with(new);
            sender.used = Instant::now();
            sender.newest.clone()
        };
        let mut known = lock(&newest);
        if number < *known {
            return None;
        }
        *known = number;
        drop(known);
        Some(Place { newest, number })
    }
}

impl Place {
    /// Does something unless a later request has begun. A later one begins only when this has been done.
    pub(crate) fn unless_overtaken<T>(&self, act: impl FnOnce() -> T) -> Option<T> {
        let newest = lock(&self.newest);
        (*newest == self.number).then(act)
    }
}

/// Forgets those that are older than any late request, or else the older half.
fn forget(senders: &mut HashMap<String, Sender>) {
    senders.retain(|_, sender| sender.used.elapsed() < REMEMBERED);
    if senders.len() >= MAX_SENDERS {
        let mut times: Vec<_> = senders.values().map(|sender| sender.used).collect();
        let half = times.len() / 2;
        let (_, middle, _) = times.select_nth_unstable(half);
        let middle = *middle;
        senders.retain(|_, sender| sender.used >= middle);
    }
}

/// A thread that panicked has left a number, which is always whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_does_nothing_once_a_later_one_has_begun() {
        let senders = Senders::default();
        let first = senders.begin("a".into(), 1).unwrap();
        assert_eq!(first.unless_overtaken(|| 7), Some(7));
        let third = senders.begin("a".into(), 3).unwrap();
        assert_eq!(first.unless_overtaken(|| 7), None);
        assert!(senders.begin("a".into(), 2).is_none());
        assert_eq!(third.unless_overtaken(|| 7), Some(7));
        // Sent again with a renewed token.
        assert!(senders.begin("a".into(), 3).is_some());
        assert!(senders.begin("b".into(), 1).is_some());
    }

    #[test]
    fn the_number_of_senders_is_bounded() {
        let senders = Senders::default();
        for sender in 0..3 * MAX_SENDERS {
            assert!(senders.begin(sender.to_string(), 5).is_some());
            assert!(lock(&senders.0).len() <= MAX_SENDERS);
        }
        let newest = (3 * MAX_SENDERS - 1).to_string();
        assert!(senders.begin(newest, 4).is_none(), "the newest is remembered");
    }
}
