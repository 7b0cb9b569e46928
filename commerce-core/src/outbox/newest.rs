//! `event.newest`: returns the present end of the outbox, for readers who want only later events.

use serde::{Deserialize, Serialize};

use crate::access::Access;
use crate::error::Error;
use crate::input::Fields;
use crate::number::{EventId, or_zero};
use crate::query::{Query, View};
use crate::row::{Statement, Value};

/// Returns the end of the outbox.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Newest;

/// The end of the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxEnd {
    /// The newest event, if there is one. In JSON, 0 means none.
    #[serde(with = "or_zero")]
    pub event: Option<EventId>,
    /// Delivered events up to this one may have been pruned. In JSON, 0 means none.
    #[serde(with = "or_zero")]
    pub pruned: Option<EventId>,
}

impl Query for Newest {
    const NAME: &'static str = "event.newest";
    const ACCESS: Access = Access::Operator;
    type Answer = OutboxEnd;

    fn parse(_: &mut Fields<'_>) -> Option<Self> {
        Some(Self)
    }

    fn answer(&self, view: &mut View<'_>) -> Result<OutboxEnd, Error> {
        let sql = "SELECT s.last_event, r.pruned FROM store s, relay r";
        let rows = view.final_rows(&Statement::new(sql, []))?;
        let number = |value: &Value| EventId::unless_zero(value.int());
        let end = rows.first().map(|row| OutboxEnd { event: number(&row[0]), pruned: number(&row[1]) });
        end.ok_or_else(|| Error::Store("the outbox has no state".into()))
    }
}
