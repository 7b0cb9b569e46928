//! `event.newest`: where the outbox ends at present, for whoever wants to hear only of what comes.

use serde::Serialize;

use crate::error::Error;
use crate::id::EventId;
use crate::input::Fields;
use crate::query::{Query, View};
use crate::store::Statement;

/// Asks for the newest event.
#[derive(Clone, Copy, Debug)]
pub struct Newest;

/// Where the outbox ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct End {
    /// The sequence number of the newest event; 0 where there is none.
    pub event: EventId,
}

impl Query for Newest {
    const NAME: &'static str = "event.newest";
    type Answer = End;

    fn parse(_: &mut Fields<'_>) -> Option<Self> {
        Some(Self)
    }

    fn answer(&self, view: &mut View<'_>) -> Result<End, Error> {
        let rows = view.rows(&Statement::new("SELECT last_event FROM store", []))?;
        Ok(End { event: rows.first().map_or(0, |row| row[0].int()) })
    }
}
