//! The rows that hold the state of delivery: one for the relay, and one for each event that was passed over.

use std::sync::Arc;

use crate::error::Error;
use crate::number::EventId;
use crate::row::{Rows, Statement, Value};
use crate::store::Snapshot;
use crate::time::Time;

/// How far events were delivered, and which relay holds the lease: the row of `relay`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RelayState {
    /// The relay that holds the lease, or held it last.
    pub(crate) owner: Arc<str>,
    /// The number of the lease, which increases when another relay takes it.
    pub(crate) term: i64,
    /// When the lease ends.
    pub(crate) until: Time,
    /// Every event up to this one was delivered or has a row in `deliveries`.
    pub(crate) settled: i64,
    /// The delivered events up to this one were pruned.
    pub(crate) pruned: i64,
    /// Counts retries of dead events, so that a relay notices them.
    pub(crate) revived: i64,
    /// The time of the last mark.
    pub(crate) marked: Time,
    /// Why the sink accepts nothing now.
    pub(crate) error: Option<Arc<str>>,
    /// When the next attempt is due.
    pub(crate) next_at: Option<Time>,
}

/// An event that was passed over: a row of `deliveries`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub(crate) attempts: i64,
    pub(crate) error: Option<Arc<str>>,
    pub(crate) next_at: Option<Time>,
    pub(crate) dead: bool,
}

/// Delivered events to delete from the outbox.
#[derive(Clone, Debug, Default)]
pub(crate) struct Prune {
    pub(crate) events: Vec<EventId>,
    /// Events that were delivered after they had been passed over.
    pub(crate) late: Vec<EventId>,
    /// No other delivered event up to this one is left.
    pub(crate) through: i64,
    /// Marks that are no longer needed.
    pub(crate) marks: Vec<Time>,
}

impl RelayState {
    /// From the rows of [`RELAY`]. A missing row must not count as a new one: everything would be delivered again.
    pub(crate) fn read(rows: &Rows) -> Result<Self, Error> {
        rows.first().map(Self::stored).ok_or_else(|| Error::Store("the relay has no state".into()))
    }

    pub(crate) fn stored(row: &[Value]) -> Self {
        Self {
            owner: row[0].text(),
            term: row[1].int(),
            until: Time::from_millis(row[2].int()),
            settled: row[3].int(),
            pruned: row[4].int(),
            revived: row[5].int(),
            marked: Time::from_millis(row[6].int()),
            error: row[7].optional_text(),
            next_at: row[8].optional_int().map(Time::from_millis),
        }
    }

    pub(crate) fn row(&self) -> [Value; 10] {
        [
            1.into(),
            self.owner.clone().into(),
            self.term.into(),
            self.until.millis().into(),
            self.settled.into(),
            self.pruned.into(),
            self.revived.into(),
            self.marked.millis().into(),
            self.error.clone().into(),
            self.next_at.map(Time::millis).into(),
        ]
    }
}

impl Delivery {
    /// From the columns attempts, error, next_at, dead.
    pub(crate) fn stored(row: &[Value]) -> Self {
        Self {
            attempts: row[0].int(),
            error: row[1].optional_text(),
            next_at: row[2].optional_int().map(Time::from_millis),
            dead: row[3].int() != 0,
        }
    }

    pub(crate) fn row(&self, event: EventId) -> [Value; 5] {
        [
            event.into(),
            self.attempts.into(),
            self.error.clone().into(),
            self.next_at.map(Time::millis).into(),
            self.dead.into(),
        ]
    }
}

/// Reads the row of `relay`, in the columns of [`RelayState`].
pub(crate) const RELAY: &str =
    "SELECT owner, term, until, settled, pruned, revived, marked, error, next_at FROM relay";

/// Reads the state of the relay.
pub(super) fn relay_state(snapshot: &mut dyn Snapshot) -> Result<RelayState, Error> {
    RelayState::read(&snapshot.rows(&Statement::new(RELAY, []))?)
}
