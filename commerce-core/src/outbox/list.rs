//! `event.list`: lists the outgoing events, oldest first, with the status of their delivery.

use serde::{Deserialize, Serialize};

use super::envelope::subject;
use super::state::RELAY;
use super::{Delivery, DeliveryStatus, RelayState};
use crate::access::Access;
use crate::error::Error;
use crate::input::Fields;
use crate::number::EventId;
use crate::page::{Listing, Page};
use crate::query::{Paged, Query, View};
use crate::row::{Statement, Value};
use crate::time::Time;

/// Lists the outgoing events, oldest first.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct List {
    /// Return only events with this delivery status.
    pub status: Option<DeliveryStatus>,
    /// The page to return.
    #[serde(flatten)]
    pub page: Page,
}

/// An outgoing event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Event {
    /// The sequence number.
    pub event: EventId,
    /// The type of the event.
    #[serde(rename = "type")]
    pub kind: String,
    /// The subject: `orders/42`, `wallets/alice`.
    pub subject: String,
    /// When it happened.
    pub at: Time,
    /// Seconds since it happened.
    pub age: i64,
    /// The status of its delivery.
    pub status: DeliveryStatus,
    /// The number of attempts that failed.
    pub attempts: i64,
    /// Why the last attempt failed, or why the sink accepts nothing now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// When the next attempt is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt: Option<Time>,
}

impl Query for List {
    const NAME: &'static str = "event.list";
    const ACCESS: Access = Access::Operator;
    type Answer = Listing<Event>;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let (status, page) = (fields.optional("status"), Page::parse(fields));
        Some(Self { status: status?, page: page? })
    }

    fn answer(&self, view: &mut View<'_>) -> Result<Listing<Event>, Error> {
        let [relay, rows] = view.final_batch([Statement::new(RELAY, []), self.statement()?])?;
        let relay_state = RelayState::read(&relay)?;
        let event = |row: &[Value]| {
            let mut event = event(row, relay_state.settled, view.now);
            if event.event.get() > relay_state.settled {
                event.last_error = relay_state.error.as_deref().map(Into::into);
                event.next_attempt = relay_state.next_at;
            }
            event
        };
        let items = rows.iter().map(event).collect();
        Ok(self.page.listing(&self.list_id(), items, |event: &Event| event.event))
    }
}

impl List {
    fn list_id(&self) -> String {
        Page::list_id(Self::NAME, &self.status)
    }

    /// The statement that reads the page.
    pub(super) fn statement(&self) -> Result<Statement, Error> {
        let after: Option<EventId> = self.page.position(&self.list_id())?;
        let chosen = match self.status {
            None => "SELECT event FROM outbox WHERE event > ?1 ORDER BY event LIMIT ?2",
            Some(DeliveryStatus::Pending) => PENDING,
            Some(DeliveryStatus::Delivered) => DELIVERED,
            Some(DeliveryStatus::Dead) => {
                "SELECT event FROM deliveries WHERE dead = 1 AND event > ?1 ORDER BY event LIMIT ?2"
            }
        };
        let sql = format!("{COLUMNS} WHERE o.event IN ({chosen}) ORDER BY o.event LIMIT ?2");
        Ok(Statement::new(sql, [EventId::or_zero(after).into(), self.page.fetch_limit().into()]))
    }
}

impl Paged for List {
    type Item = Event;

    fn page(&mut self) -> &mut Page {
        &mut self.page
    }
}

const COLUMNS: &str = "SELECT o.event, o.type, o.source, u.user, coalesce(l.at, c.at, p.at),
        d.event, d.attempts, d.error, d.next_at, d.dead
    FROM outbox o LEFT JOIN deliveries d USING (event)
    LEFT JOIN ledger l ON o.type = 'WalletCharged' AND l.entry = o.source
    LEFT JOIN users u ON u.user_no = l.user_no
    LEFT JOIN cancellations c ON o.type = 'OrderCancelled' AND c.order_id = o.source
    LEFT JOIN orders p ON o.type = 'OrderCompleted' AND p.order_id = o.source";

// Every event that was passed over precedes those that were not reached. Neither part reads delivered events.
const PENDING: &str = "SELECT event FROM
        (SELECT event FROM deliveries WHERE dead = 0 AND event > ?1 ORDER BY event LIMIT ?2)
    UNION ALL SELECT event FROM (SELECT event FROM outbox
        WHERE event > max(?1, (SELECT settled FROM relay)) ORDER BY event LIMIT ?2)";

const DELIVERED: &str = "SELECT event FROM outbox
    WHERE event > ?1 AND event <= (SELECT settled FROM relay) AND event NOT IN (SELECT event FROM deliveries)
    ORDER BY event LIMIT ?2";

/// An event from a row of the statement.
pub(super) fn event(row: &[Value], settled: i64, now: Time) -> Event {
    let (event, at) = (EventId::stored(row[0].int()), Time::from_millis(row[4].int()));
    let delivery = row[5].optional_int().map(|_| Delivery::stored(&row[6..]));
    let status = DeliveryStatus::of(delivery.as_ref().map(|delivery| delivery.dead), event.get() <= settled);
    let delivery = delivery.unwrap_or_default();
    Event {
        event,
        kind: row[1].text().as_ref().into(),
        subject: subject(&row[2..]),
        at,
        age: (now.millis() - at.millis()).max(0) / 1_000,
        status,
        attempts: delivery.attempts,
        last_error: delivery.error.map(|error| error.as_ref().into()),
        next_attempt: delivery.next_at,
    }
}
