//! One question that all requests share, for a store to which each question is a round trip: what is the store's version,
//! and what is the state of its tokens? A request that joins gets the answer to a question that is sent after it joined.
//! While questions are under way the next one collects its askers, so the number of questions does not grow with the
//! number of requests. The question is also asked when nobody joins, for the age of a token's check and for streams of
//! events.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use commerce_core::token::TokenVersion;
use commerce_core::{Commerce, Error};
use tokio::sync::oneshot;

/// The question, and the threads that ask it. They end when this is dropped.
pub(crate) struct SharedQuestion(Arc<Shared>);

/// What the store answered.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    /// The version of the store.
    pub(crate) version: i64,
    /// The state of all tokens.
    pub(crate) tokens: TokenVersion,
    /// When the question was sent. The answer shows every change that was acknowledged before.
    pub(crate) asked_at: Instant,
}

type Asked = Result<Known, Error>;

struct Shared {
    shop: Commerce,
    on_version: Box<dyn Fn(i64) + Send + Sync>,
    state: Mutex<State>,
    /// Wakes a thread when somebody joins and nobody waits yet.
    joined: Condvar,
}

struct State {
    /// Who waits for the next question.
    joiners: Vec<oneshot::Sender<Asked>>,
    /// The answer to the question that was sent last, of those that were answered.
    newest: Option<Known>,
    /// How many questions are under way.
    under_way: usize,
    /// When the last question was sent.
    last_sent: Instant,
    /// How long the last answer took.
    round_trip: Duration,
    /// When to ask although nobody joins.
    due: Instant,
    /// Whether the last question failed.
    failing: bool,
    closed: bool,
}

/// How often the question is asked when nobody joins: an idle server sends two requests a second.
const INTERVAL: Duration = Duration::from_millis(500);

/// The least pause between two questions. A near server answers the first sooner.
const MIN_PAUSE: Duration = Duration::from_millis(2);

/// How long two questions are waited for before another is sent beside them, since their connections may be dead.
const PATIENCE: Duration = Duration::from_secs(1);

/// The most questions under way.
const THREADS: usize = 3;

/// The most requests that wait for the next question.
const MAX_JOINERS: usize = 8_192;

impl SharedQuestion {
    /// Starts to ask. `on_version` is called with each version that is seen.
    ///
    /// # Errors
    /// When the system cannot start a thread.
    pub(crate) fn start(
        shop: Commerce,
        on_version: impl Fn(i64) + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        let shared = Shared {
            shop,
            on_version: Box::new(on_version),
            state: Mutex::new(State::new(Instant::now())),
            joined: Condvar::new(),
        };
        let question = Self(Arc::new(shared));
        for _ in 0..THREADS {
            let shared = question.0.clone();
            std::thread::Builder::new().name("commerce-version".into()).spawn(move || shared.run())?;
        }
        Ok(question)
    }

    /// The newest answer.
    pub(crate) fn newest(&self) -> Option<Known> {
        self.0.lock().newest.clone()
    }

    /// The newest answer, if its question was sent at most this long ago.
    pub(crate) fn recent(&self, max_age: Duration) -> Option<Known> {
        let state = self.0.lock();
        state.newest.as_ref().filter(|known| known.asked_at.elapsed() <= max_age).cloned()
    }

    /// The answer to a question that is sent after this call.
    ///
    /// # Errors
    /// The store's failure, or [`Error::Busy`] when too many requests wait or there is no answer within `timeout`.
    pub(crate) async fn join(&self, timeout: Duration) -> Asked {
        let answer = {
            let mut state = self.0.lock();
            if state.joiners.len() >= MAX_JOINERS {
                return Err(Error::Busy("too many requests wait for the store".into()));
            }
            let (sender, answer) = oneshot::channel();
            state.joiners.push(sender);
            if state.joiners.len() == 1 {
                self.0.joined.notify_one();
            }
            answer
        };
        match tokio::time::timeout(timeout, answer).await {
            Ok(answer) => answer.map_err(|_| Error::Closed)?,
            Err(_) => Err(Error::Busy("the store does not answer".into())),
        }
    }
}

impl Drop for SharedQuestion {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.joined.notify_all();
    }
}

impl Shared {
    fn run(&self) {
        let mut state = self.lock();
        while !state.closed {
            let now = Instant::now();
            let wait = state.next_at(now).saturating_duration_since(now);
            if !wait.is_zero() {
                let waited = self.joined.wait_timeout(state, wait);
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
                continue;
            }
            let joiners = state.send(now);
            drop(state);
            let answer = self.ask(now);
            state = self.lock();
            let answer = state.receive(answer);
            drop(state);
            if let Ok(known) = &answer {
                (self.on_version)(known.version);
            }
            for joiner in joiners {
                // The receiver may be gone, with the client.
                let _ = joiner.send(answer.clone());
            }
            state = self.lock();
        }
    }

    fn ask(&self, asked_at: Instant) -> Asked {
        // A thread that panics would leave everybody waiting.
        let asked = catch_unwind(AssertUnwindSafe(|| self.shop.version_with_tokens()));
        let (version, tokens) =
            asked.unwrap_or_else(|_| Err(Error::Store("the thread that asked panicked".into())))?;
        Ok(Known { version, tokens, asked_at })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn new(now: Instant) -> Self {
        Self {
            joiners: Vec::new(),
            newest: None,
            under_way: 0,
            last_sent: now,
            round_trip: PATIENCE,
            due: now,
            failing: false,
            closed: false,
        }
    }

    /// When to send the next question. Two may be under way half a round trip apart, so that who joins waits for one and
    /// a quarter round trips on average, not one and a half.
    fn next_at(&self, now: Instant) -> Instant {
        let wanted = if self.joiners.is_empty() { self.due } else { now };
        let pause = match self.under_way {
            0 => return wanted,
            1 => (self.round_trip / 2).clamp(MIN_PAUSE, PATIENCE),
            _ => PATIENCE,
        };
        wanted.max(self.last_sent + pause)
    }

    /// Begins a question for everybody who has joined.
    fn send(&mut self, now: Instant) -> Vec<oneshot::Sender<Asked>> {
        self.under_way += 1;
        self.last_sent = now;
        self.due = now + INTERVAL;
        std::mem::take(&mut self.joiners)
    }

    /// Ends a question. Returns the newest answer instead of an older one.
    fn receive(&mut self, answer: Asked) -> Asked {
        self.under_way -= 1;
        match (&answer, std::mem::replace(&mut self.failing, answer.is_err())) {
            (Err(error), false) => tracing::error!(%error, "the store cannot be read"),
            (Ok(_), true) => tracing::warn!("the store can be read again"),
            _ => {}
        }
        let known = answer?;
        self.round_trip = known.asked_at.elapsed();
        match &self.newest {
            Some(newest) if newest.asked_at > known.asked_at => Ok(newest.clone()),
            _ => {
                self.newest = Some(known.clone());
                Ok(known)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATER: Duration = Duration::from_secs(3);

    #[test]
    fn questions_follow_at_half_a_round_trip_and_a_lost_one_holds_up_nobody_for_long() {
        let start = Instant::now();
        let (mut state, at) = (State::new(start), |millis| start + Duration::from_millis(millis));
        assert_eq!(state.next_at(start), start, "the first is sent at once");
        assert_eq!(state.send(start).len(), 0);
        assert_eq!(state.next_at(at(1)), start + INTERVAL, "nobody has joined");
        state.under_way = 0;

        state.round_trip = Duration::from_millis(40);
        let join = |state: &mut State| state.joiners.push(oneshot::channel().0);
        join(&mut state);
        assert_eq!(state.next_at(at(100)), at(100));
        assert_eq!(state.send(at(100)).len(), 1);
        join(&mut state);
        assert_eq!(state.next_at(at(105)), at(120), "half a round trip after the one under way");
        assert_eq!(state.next_at(at(130)), at(130));
        assert_eq!(state.send(at(130)).len(), 1);
        join(&mut state);
        assert_eq!(state.next_at(at(140)), at(130) + PATIENCE, "both may be lost");
        state.receive(Err(Error::Closed)).unwrap_err();
        assert_eq!(state.next_at(at(170)), at(170));
        state.round_trip = LATER;
        assert_eq!(state.next_at(at(170)), at(130) + PATIENCE, "however far the server is");
    }
}
