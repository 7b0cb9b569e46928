//! An answer of the store that is kept to be shown. It is fetched when it is first shown and again when it may have
//! changed, with a pause that grows with the cost of the query.

use std::time::Duration;

use commerce_core::{Error, Time};

use crate::effect::Query;
use crate::effect_queue::EffectQueue;

/// A kept answer.
#[derive(Clone, Debug)]
pub struct Cached<T> {
    /// The newest answer.
    pub value: Option<T>,
    /// Why the last request failed, until one succeeds. The older answer is kept.
    pub error: Option<Error>,
    fetch: FetchState,
}

/// Whether an answer is in flight, out of date, or in its cooldown.
#[derive(Clone, Debug)]
pub struct FetchState {
    /// The request in flight, and since when.
    pending: Option<(u64, Time)>,
    stale: bool,
    cooldown_until: Time,
}

/// The arrival of a response.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// The id of the request.
    pub id: u64,
    /// When the response arrived.
    pub at: Time,
    /// How long the store took.
    pub elapsed: Duration,
}

/// After a query that took `t`, the next waits for 10 `t`: no query takes more than a tenth of the store's time.
const COOLDOWN_FACTOR: u32 = 10;
const MAX_COOLDOWN: Duration = Duration::from_secs(30);
const COOLDOWN_AFTER_ERROR: Duration = Duration::from_secs(1);

impl<T> Cached<T> {
    /// Drops the answer, and fetches one at once.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Fetches again at once; the response to a request in flight is ignored.
    pub fn refetch(&mut self) {
        self.fetch.reset();
    }

    /// Fetches again after the cooldown, when it is shown.
    pub fn mark_stale(&mut self) {
        self.fetch.mark_stale();
    }

    /// Since when a request is in flight.
    pub fn pending_since(&self) -> Option<Time> {
        self.fetch.pending_since()
    }

    /// When the next request is due, if one is.
    pub fn due_at(&self) -> Option<Time> {
        self.fetch.due_at()
    }

    /// Queues the query if it is due.
    pub fn fetch_if_due(&mut self, effects: &mut EffectQueue, query: impl FnOnce() -> Query) {
        self.fetch.fetch_if_due(effects, query);
    }

    /// Stores the result of a request, unless a newer request has replaced it.
    pub fn receive(&mut self, arrival: Arrival, result: Result<T, Error>) {
        if self.fetch.finish(arrival, result.is_err()) {
            match result {
                Ok(value) => (self.value, self.error) = (Some(value), None),
                Err(error) => self.error = Some(error),
            }
        }
    }
}

impl<T> Default for Cached<T> {
    fn default() -> Self {
        Self { value: None, error: None, fetch: FetchState::default() }
    }
}

impl FetchState {
    /// Forgets the request in flight, and fetches at once.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Fetches again after the cooldown.
    pub fn mark_stale(&mut self) {
        self.stale = true;
    }

    /// Since when a request is in flight.
    pub fn pending_since(&self) -> Option<Time> {
        self.pending.map(|(_, since)| since)
    }

    /// When the next request is due: the end of the cooldown if the answer is out of date, none otherwise.
    pub fn due_at(&self) -> Option<Time> {
        (self.stale && self.pending.is_none()).then_some(self.cooldown_until)
    }

    /// Queues the query if it is due.
    pub fn fetch_if_due(&mut self, effects: &mut EffectQueue, query: impl FnOnce() -> Query) {
        if self.due_at().is_some_and(|due| due <= effects.now) {
            let id = effects.query(query());
            *self = Self { pending: Some((id, effects.now)), stale: false, ..self.clone() };
        }
    }

    /// Ends the request in flight and starts the cooldown. Returns false if another request is in flight, or none.
    pub fn finish(&mut self, Arrival { id, at, elapsed }: Arrival, failed: bool) -> bool {
        if self.pending.is_none_or(|(pending, _)| pending != id) {
            return false;
        }
        let cooldown =
            if failed { COOLDOWN_AFTER_ERROR } else { (elapsed * COOLDOWN_FACTOR).min(MAX_COOLDOWN) };
        let cooldown_until =
            Time::from_millis(at.millis() + i64::try_from(cooldown.as_millis()).unwrap_or(0));
        *self = Self { pending: None, stale: self.stale || failed, cooldown_until };
        true
    }
}

impl Default for FetchState {
    fn default() -> Self {
        Self { pending: None, stale: true, cooldown_until: Time::default() }
    }
}

#[cfg(test)]
mod tests {
    use commerce_core::{Key, UserId, cart};

    use super::*;

    fn queue(now: i64) -> EffectQueue {
        EffectQueue::new(Time::from_millis(now), Key::random())
    }

    fn fetch(cached: &mut Cached<u8>, effects: &mut EffectQueue) -> bool {
        let user = UserId::try_from("alice").unwrap();
        cached.fetch_if_due(effects, || Query::Cart(cart::Get { user }));
        !effects.take().is_empty()
    }

    fn arrival(id: u64, at: i64, elapsed: u64) -> Arrival {
        Arrival { id, at: Time::from_millis(at), elapsed: Duration::from_millis(elapsed) }
    }

    #[test]
    fn the_cooldown_grows_with_the_query_up_to_a_limit() {
        for (elapsed, failed, cooldown) in
            [(0, false, 0), (7, false, 70), (9_000, false, 30_000), (7, true, 1_000)]
        {
            let (mut cached, mut effects) = (Cached::default(), queue(0));
            assert!(fetch(&mut cached, &mut effects));
            assert!(!fetch(&mut cached, &mut effects), "one request at a time");
            let result = if failed { Err(Error::Closed) } else { Ok(1) };
            cached.receive(arrival(1, 100, elapsed), result);
            cached.mark_stale();
            assert_eq!(cached.due_at(), Some(Time::from_millis(100 + cooldown)), "{elapsed} ms, {failed}");
            effects.now = Time::from_millis(99 + cooldown);
            assert!(!fetch(&mut cached, &mut effects));
            effects.now = Time::from_millis(100 + cooldown);
            assert!(fetch(&mut cached, &mut effects));
        }
    }

    #[test]
    fn an_error_keeps_the_older_answer_and_is_retried() {
        let (mut cached, mut effects) = (Cached::default(), queue(0));
        fetch(&mut cached, &mut effects);
        cached.receive(arrival(1, 0, 0), Ok(1));
        assert_eq!(cached.due_at(), None, "nothing has changed");
        cached.refetch();
        fetch(&mut cached, &mut effects);
        cached.receive(arrival(1, 0, 0), Ok(2));
        assert_eq!(cached.value, Some(1), "the response to an older request is ignored");
        cached.receive(arrival(2, 0, 0), Err(Error::Closed));
        assert_eq!((cached.value, cached.error.is_some()), (Some(1), true));
        assert_eq!(cached.due_at(), Some(Time::from_millis(1_000)));
    }
}
