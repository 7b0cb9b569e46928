//! `event.newest`: where the outbox ends at present, for whoever wants to hear only of what comes.

use serde::Serialize;

use crate::error::Error;
use crate::id::EventId;
use crate::input::Fields;
use crate::query::{Query, View};
use crate::row::Statement;

/// Asks for the newest event.
#[derive(Clone, Copy, Debug)]
pub struct Newest;

/// Where the outbox ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct End {
    /// The sequence number of the newest event; 0 where there is none.
    pub event: EventId,
    /// Events up to this one may be gone: they were delivered, and then let go.
    pub pruned: EventId,
}

impl Query for Newest {
    const NAME: &'static str = "event.newest";
    type Answer = End;

    fn parse(_: &mut Fields<'_>) -> Option<Self> {
        Some(Self)
    }

    fn answer(&self, view: &mut View<'_>) -> Result<End, Error> {
        let sql = "SELECT s.last_event, r.pruned FROM store s, relay r";
        let rows = view.last(&Statement::new(sql, []))?;
        let end = rows.first().map(|row| End { event: row[0].int(), pruned: row[1].int() });
        end.ok_or_else(|| Error::Store("the outbox has no state".into()))
    }
}
