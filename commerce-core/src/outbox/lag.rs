//! `event.lag`: how far delivery is behind, cheap enough for every scrape of metrics.

use serde::{Deserialize, Serialize};

use super::RelayState;
use super::list::{Event, List, event};
use super::state::RELAY;
use crate::access::Access;
use crate::error::Error;
use crate::input::Fields;
use crate::number::EventId;
use crate::page::Page;
use crate::query::{Query, View};
use crate::row::{Statement, Value};
use crate::time::Time;

/// Returns the backlog of delivery.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Lag;

/// The events that are not delivered yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Backlog {
    /// The number of events that wait for delivery, or for the next attempt.
    pub pending: i64,
    /// The number of events that failed too often and are no longer tried.
    pub dead: i64,
    /// The oldest pending event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest: Option<Oldest>,
    /// Why the sink currently accepts nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// When the next attempt is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt: Option<Time>,
}

/// The oldest pending event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Oldest {
    /// The event's sequence number.
    pub event: EventId,
    /// When the event occurred.
    pub at: Time,
    /// The age of the event in seconds.
    pub age: i64,
}

impl Query for Lag {
    const NAME: &'static str = "event.lag";
    const ACCESS: Access = Access::Operator;
    type Answer = Backlog;

    fn parse(_: &mut Fields<'_>) -> Option<Self> {
        Some(Self)
    }

    fn answer(&self, view: &mut View<'_>) -> Result<Backlog, Error> {
        let pending = List { status: Some(super::DeliveryStatus::Pending), page: Page::first(1) };
        let statements = [Statement::new(COUNTS, []), Statement::new(RELAY, []), pending.statement()?];
        let [rows, relay, oldest] = view.final_batch(statements)?;
        let counts: Vec<i64> = rows.first().unwrap_or_default().iter().map(Value::int).collect();
        let [last, settled, passed, dead] = counts[..] else {
            return Err(Error::Store("the outbox has no state".into()));
        };
        let relay_state = RelayState::read(&relay)?;
        let oldest = oldest.first().map(|row| event(row, settled, view.now));
        Ok(Backlog {
            pending: last - settled + passed,
            dead,
            oldest: oldest.map(|Event { event, at, age, .. }| Oldest { event, at, age }),
            last_error: relay_state.error.map(|error| error.as_ref().into()),
            next_attempt: relay_state.next_at,
        })
    }
}

const COUNTS: &str = "SELECT s.last_event, r.settled,
    (SELECT count(*) FROM deliveries WHERE dead = 0), (SELECT count(*) FROM deliveries WHERE dead = 1)
    FROM store s, relay r";
