//! The version of a shop that is served elsewhere. Versions of different servers do not compare, so this handle counts for
//! itself. All threads that wait share one question, which the server answers when there is something new.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::failure::Failure;
use super::request::Request;
use super::transport::{Answer, Transport};
use crate::currency::Currency;
use crate::error::{Cause, Error};
use crate::id::{TokenName, UserId};
use crate::time::{Clock, Time};
use crate::token::Role;

/// What a server tells of itself.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Told {
    version: i64,
    /// Which run of the server counts the version.
    instance: String,
    pub(super) currency: Currency,
    time: Time,
    pub(super) role: Role,
    #[serde(default)]
    pub(super) token: Option<TokenName>,
    #[serde(default)]
    pub(super) user: Option<UserId>,
    #[serde(default = "yes")]
    pub(super) synced: bool,
    #[serde(default)]
    pub(super) warnings: Vec<String>,
}

fn yes() -> bool {
    true
}

/// The newest version that was told, and the threads that wait for a newer one.
pub(super) struct Versions {
    transport: Transport,
    state: Mutex<State>,
    changed: Condvar,
    clock: ServerClock,
}

struct State {
    /// This handle's own number.
    number: i64,
    told: Told,
    /// Until when somebody waits.
    wanted: Option<Instant>,
    /// Why the server refused the last question.
    refused: Option<Error>,
    /// Whether there is a thread that asks.
    asking: bool,
    closed: bool,
}

/// The server's clock: as it was told last, and continued by the monotonic clock of this machine.
pub(super) struct ServerClock(Mutex<(Instant, Time)>);

/// How long the server may wait until there is something new. It is short, so that a server that is gone without a word is
/// noticed soon.
const WAIT: u64 = 2;

/// How much longer its answer may take.
const LATE: Duration = Duration::from_secs(2);

/// The least time between two questions, however often the shop changes.
const INTERVAL: Duration = Duration::from_millis(100);

/// The pauses between questions that fail.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

impl Versions {
    pub(super) fn new(transport: Transport, told: Told) -> Arc<Self> {
        let clock = ServerClock(Mutex::new((Instant::now(), told.time)));
        let state = State { number: 1, told, wanted: None, refused: None, asking: false, closed: false };
        Arc::new(Self { transport, state: Mutex::new(state), changed: Condvar::new(), clock })
    }

    /// What the server told last.
    pub(super) fn told(&self) -> Told {
        self.lock().told.clone()
    }

    /// The newest version that is known.
    pub(super) fn known(&self) -> i64 {
        self.lock().number
    }

    /// Notes what the server told, and returns the version.
    pub(super) fn note(&self, told: Told) -> i64 {
        self.clock.set(told.time);
        let mut state = self.lock();
        state.refused = None;
        if told.instance != state.told.instance {
            state.number += 1;
            state.told = told;
        } else if told.version >= state.told.version {
            // Answers can overtake one another.
            state.number += told.version - state.told.version;
            state.told = told;
        }
        self.changed.notify_all();
        state.number
    }

    /// Waits until the version differs from `version`, for at most `timeout`. A server that is away is waited for.
    pub(super) fn wait(self: &Arc<Self>, version: i64, timeout: Duration) -> Result<i64, Error> {
        let until = Instant::now() + timeout;
        let mut state = self.lock();
        loop {
            if state.number != version {
                return Ok(state.number);
            }
            if let Some(error) = state.refused.take() {
                return Err(error);
            }
            if state.closed {
                return Err(Error::Closed);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(version);
            }
            if state.wanted.is_none_or(|wanted| wanted < until) {
                state.wanted = Some(until);
                self.changed.notify_all();
            }
            self.start_asking(&mut state)?;
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Ends the waits and the thread that asks.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    fn start_asking(self: &Arc<Self>, state: &mut State) -> Result<(), Error> {
        if !state.asking {
            let versions = self.clone();
            let thread = std::thread::Builder::new().name("commerce-version".into());
            thread.spawn(move || versions.ask_while_wanted()).map_err(|e| Error::Store(Cause::of(e)))?;
            state.asking = true;
        }
        Ok(())
    }

    /// Asks for something new as long as somebody waits for it.
    fn ask_while_wanted(&self) {
        let mut pause = Duration::ZERO;
        while let Some(path) = self.next_question() {
            let asked_at = Instant::now();
            let deadline = asked_at + Duration::from_secs(WAIT);
            let request =
                Request { silence: Duration::from_secs(WAIT) + LATE, ..Request::get(&path, deadline) };
            pause = match ask(&self.transport, &request) {
                Ok(told) => {
                    self.note(told);
                    Duration::ZERO
                }
                Err(failure) => {
                    if let Failure::Refused(error @ (Error::Unauthenticated(_) | Error::Forbidden(_))) =
                        failure
                    {
                        self.lock().refused = Some(error);
                        self.changed.notify_all();
                    }
                    (pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE)
                }
            };
            std::thread::sleep(pause.max(INTERVAL.saturating_sub(asked_at.elapsed())));
        }
    }

    /// Waits until somebody wants to know of something new, and returns the question. None when the shop is closed.
    fn next_question(&self) -> Option<String> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            if state.wanted.is_some_and(|wanted| wanted > Instant::now()) {
                let State { told: Told { version, instance, .. }, .. } = &*state;
                return Some(format!("/v1/version?after={version}&instance={instance}&wait={WAIT}"));
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks the server for what it tells of itself.
pub(super) fn ask(transport: &Transport, request: &Request<'_>) -> Result<Told, Failure> {
    let answer = transport.send(request).and_then(Answer::whole)?;
    serde_json::from_slice(&answer)
        .map_err(|e| Failure::Foreign(Cause::new("what answers is not the server of a shop", e)))
}

/// The question for the version now.
pub(super) fn question<'a>(deadline: Instant) -> Request<'a> {
    Request::get("/v1/version", deadline)
}

impl ServerClock {
    fn set(&self, time: Time) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (Instant::now(), time);
    }
}

impl Clock for Versions {
    fn now(&self) -> Time {
        let (at, time) = *self.clock.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since = i64::try_from(at.elapsed().as_millis()).unwrap_or(i64::MAX);
        Time::from_millis(time.millis().saturating_add(since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::location::Location;
    use crate::served::transport::Server;

    fn told(instance: &str, version: i64) -> Told {
        let told = serde_json::json!({
            "version": version, "instance": instance, "currency": "KRW",
            "time": "2026-01-31T09:00:00.000Z", "role": "operator",
        });
        serde_json::from_value(told).unwrap()
    }

    #[test]
    fn versions_of_different_servers_become_numbers_that_rise() {
        let Ok(Location::Served(served)) = "commerce+http://127.0.0.1:1".parse() else {
            panic!("an address")
        };
        let server = Server::new(&served);
        let versions = Versions::new(Transport::new(&served, &server, 1), told("a", 7));
        let first = versions.known();
        for (instance, version, rise) in
            [("a", 7, 0), ("a", 9, 2), ("a", 8, 2), ("b", 1, 3), ("b", 1, 3), ("b", 2, 4), ("a", 9, 5)]
        {
            assert_eq!(versions.note(told(instance, version)), first + rise, "{instance} {version}");
        }
        assert_eq!(
            versions.wait(first, Duration::ZERO).unwrap(),
            first + 5,
            "it is known without a question"
        );
        assert!(versions.now() >= told("a", 1).time);
        versions.close();
        assert!(matches!(versions.wait(first + 5, Duration::from_secs(60)), Err(Error::Closed)));
    }
}
