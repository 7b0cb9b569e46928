//! What a server tells about itself in the requests that are sent anyway: its time, by which everything on it is decided,
//! and whether it syncs its commits.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::client::Stream;
use super::failure::Failure;
use super::hrana::Steps;
use crate::clock_offset::ClockOffset;
use crate::row::{Rows, Statement, Value};
use crate::time::{Clock, Time};

/// Asks for the state: the level of `synchronous` of this very connection, and the time in milliseconds.
pub(super) const STATE: &str = "SELECT synchronous, CAST(round(unixepoch('subsec') * 1000) AS INTEGER)
    FROM pragma_synchronous";

/// The level of `synchronous` at which a commit is on disk when it is acknowledged.
const FULL: i64 = 2;

/// How long a time is believed. Meanwhile two clocks drift apart by far less than a millisecond, but a machine that slept
/// must ask again.
const TIME_LIFETIME: Duration = Duration::from_secs(5);

/// A measured offset is kept for this long when later ones are less certain.
const OFFSET_LIFETIME: Duration = Duration::from_mins(1);

/// The state of a server, as last told. As a clock it gives the server's time: the time last told, and what has passed
/// since.
pub(crate) struct ServerState {
    /// The clock of this instance.
    clock: Arc<dyn Clock>,
    /// Whether this instance decides by its own clock.
    own_time: bool,
    /// Whether to write although commits are not synced.
    allow_unsynced: bool,
    synced: AtomicBool,
    known: Mutex<Known>,
}

struct Known {
    /// The earliest time that the server's clock may have shown at this instant. Later it may be ahead of this by no more
    /// than half a round trip and the drift of two clocks.
    time: (Time, Instant),
    offset: Option<(ClockOffset, Instant)>,
}

/// The moment at which a question was sent.
#[derive(Clone, Copy)]
pub(super) struct Sent {
    instant: Instant,
    own: Time,
}

/// What a server told at one moment.
#[derive(Clone, Copy)]
pub(super) struct Told {
    /// The server's time.
    pub(super) time: Time,
    /// Whether the stream that told it syncs its commits.
    pub(super) synced: bool,
}

impl ServerState {
    /// The state of a server that has told nothing yet.
    pub(super) fn new(clock: Arc<dyn Clock>, own_time: bool, allow_unsynced: bool) -> Self {
        let known = Mutex::new(Known { time: (clock.now(), Instant::now()), offset: None });
        Self { clock, own_time, allow_unsynced, synced: AtomicBool::new(true), known }
    }

    /// Begins a transaction that may write, and reads rows. Nothing can be written if the connection that would commit it
    /// does not sync its commits: the caller must then close the stream. Also returns the time to decide by, if it is the
    /// server's.
    pub(super) fn begin(
        &self,
        stream: &mut Stream,
        statements: &[Statement],
        timeout: Duration,
    ) -> Result<(Vec<Rows>, Option<Time>), Failure> {
        let mut steps = Steps::from("BEGIN IMMEDIATE").and(STATE, &[]);
        statements.iter().for_each(|statement| steps.read(statement));
        let sent = self.sent();
        let mut rows = stream.batch(steps, timeout)?.all_rows(1)?.into_iter();
        let told = self.read(&rows.next().unwrap_or_default(), sent)?;
        if !told.synced && !self.allow_unsynced {
            return Err(Failure::Unsynced);
        }
        Ok((rows.collect(), (!self.own_time).then_some(told.time)))
    }

    /// To be called just before a question is sent.
    pub(super) fn sent(&self) -> Sent {
        Sent { instant: Instant::now(), own: self.clock.now() }
    }

    /// Reads the answer to [`STATE`], to a question that was sent then.
    pub(super) fn read(&self, rows: &Rows, sent: Sent) -> Result<Told, Failure> {
        let told = self.read_time(rows, sent)?;
        self.synced.store(told.synced, Ordering::Relaxed);
        Ok(told)
    }

    /// Reads the time alone, from a connection that does not write.
    pub(super) fn read_time(&self, rows: &Rows, sent: Sent) -> Result<Told, Failure> {
        let [Value::Integer(level), Value::Integer(millis)] = rows.values[..] else {
            return Err(Failure::Server("it does not tell its time".into()));
        };
        let told = Told { time: Time::from_millis(millis), synced: level >= FULL };
        self.observe(told.time, sent, self.sent());
        Ok(told)
    }

    /// Whether the time was told so long ago that it is worth a step of the next request.
    pub(super) fn is_stale(&self) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.time.1.elapsed() > TIME_LIFETIME
    }

    /// Whether commits were synced when a group last began, or when the store was opened.
    pub(crate) fn is_synced(&self) -> bool {
        self.synced.load(Ordering::Relaxed)
    }

    /// How far the clock of this instance is from the server's. None when this instance decides by its own clock.
    pub(crate) fn offset(&self) -> Option<ClockOffset> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.offset.filter(|_| !self.own_time).map(|(offset, _)| offset)
    }

    fn observe(&self, told: Time, sent: Sent, received: Sent) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let round_trip = received.instant.saturating_duration_since(sent.instant);
        // The time told is at most as old as the round trip. What was known is kept within these bounds, so that the
        // time does not step back when one answer travels longer than another.
        known.time = match known.offset {
            Some(_) => {
                let expected = later(known.time, received.instant);
                (expected.clamp(told, told.plus(round_trip)), received.instant)
            }
            None => (told, received.instant),
        };
        let offset = ClockOffset::measured(sent.own, told, received.own);
        let keep = known.offset.is_some_and(|(kept, at)| {
            let is_recent = received.instant.saturating_duration_since(at) < OFFSET_LIFETIME;
            is_recent && kept.uncertainty() < offset.uncertainty() && kept.agrees_with(offset)
        });
        if !keep {
            known.offset = Some((offset, received.instant));
        }
    }
}

impl Clock for ServerState {
    fn now(&self) -> Time {
        if self.own_time {
            return self.clock.now();
        }
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        later(known.time, Instant::now())
    }
}

fn later((time, instant): (Time, Instant), now: Instant) -> Time {
    time.plus(now.saturating_duration_since(instant))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SystemClock;

    const NOW: i64 = 1_800_000_000_000;

    /// A clock that always shows the same time.
    struct Stopped(i64);

    impl Clock for Stopped {
        fn now(&self) -> Time {
            Time::from_millis(self.0)
        }
    }

    fn state(own_time: bool) -> ServerState {
        ServerState::new(Arc::new(Stopped(NOW - 5_000)), own_time, false)
    }

    /// An observation: when it was sent and received, in milliseconds after the start, and what was told.
    fn observe(state: &ServerState, start: Instant, [sent, received]: [u64; 2], told: i64) -> i64 {
        let at = |millis: u64| Sent {
            instant: start + Duration::from_millis(millis),
            own: Time::from_millis(NOW - 5_000 + millis.cast_signed()),
        };
        state.observe(Time::from_millis(NOW + told), at(sent), at(received));
        let (time, instant) = state.known.lock().unwrap().time;
        assert_eq!(instant, at(received).instant);
        time.millis() - NOW
    }

    #[test]
    fn the_time_is_the_one_last_told_and_does_not_step_back_within_a_round_trip() {
        let (state, start) = (state(false), Instant::now());
        for (times, told, expected) in [
            // Told at the end of the round trip, as far as is known.
            ([0, 10], 8, 8),
            // At 20 it is 18 by the last time, and between 15 and 20 by this one.
            ([15, 20], 15, 18),
            // A slower answer leaves the time as it was expected.
            ([20, 120], 70, 118),
            // A faster clock of the server is followed, and so is one that was set back.
            ([120, 130], 200, 200),
            ([130, 140], 0, 10),
            ([140, 150], 3_600_000, 3_600_000),
        ] {
            assert_eq!(observe(&state, start, times, told), expected, "{times:?}");
        }
        assert!(state.now().millis() >= NOW + 3_600_000);
    }

    #[test]
    fn the_most_certain_offset_is_kept_while_later_ones_agree() {
        let (state, start) = (state(false), Instant::now());
        for (times, told, offset) in [
            ([0, 10], 5, -5_000),
            // Less certain.
            ([10, 2_010], 500, -5_000),
            // More certain.
            ([2_010, 2_012], 2_014, -5_003),
            // A clock was set.
            ([3_000, 3_400], 9_200, -11_000),
            // The last measurement is old.
            ([70_000, 72_000], 76_500, -10_500),
        ] {
            observe(&state, start, times, told);
            assert_eq!(state.offset().unwrap().millis(), offset, "{times:?}");
        }
    }

    #[test]
    fn an_instance_with_its_own_time_neither_follows_the_server_nor_compares() {
        let (state, start) = (state(true), Instant::now());
        observe(&state, start, [0, 10], 8);
        assert_eq!((state.now().millis(), state.offset()), (NOW - 5_000, None));
    }

    #[test]
    fn only_a_whole_answer_is_believed() {
        let state = ServerState::new(Arc::new(SystemClock), false, false);
        let rows = |values: &[Value]| Rows { width: values.len(), values: values.to_vec() };
        for (level, synced) in [(0, false), (1, false), (2, true), (3, true)] {
            let told = state.read(&rows(&[level.into(), NOW.into()]), state.sent()).unwrap();
            assert_eq!((told.time.millis(), told.synced, state.is_synced()), (NOW, synced, synced));
        }
        for answer in [&[][..], &[2.into()], &[Value::Null, NOW.into()]] {
            assert!(state.read(&rows(answer), state.sent()).is_err());
        }
        assert!(state.is_synced());
    }
}
