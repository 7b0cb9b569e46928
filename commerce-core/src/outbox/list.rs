//! `event.list`: the outgoing events, oldest first, with how their delivery stands.

use serde::Serialize;

use super::Resting;
use crate::error::Error;
use crate::id::EventId;
use crate::input::Fields;
use crate::query::{Listing, Page, Query, View};
use crate::store::{Statement, Value};
use crate::time::Time;

/// Asks for a page of events.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// Only those that rest so.
    pub status: Option<Resting>,
    /// Which page.
    pub page: Page,
}

/// An outgoing event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    /// The sequence number.
    pub event: EventId,
    /// What it tells.
    #[serde(rename = "type")]
    pub kind: String,
    /// Of what: `orders/42`, `wallets/alice`.
    pub subject: String,
    /// When that took place.
    pub at: Time,
    /// How it rests.
    pub status: Resting,
    /// How often its delivery was tried.
    pub attempts: i64,
    /// Why the last attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// When it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_attempt: Option<Time>,
}

impl Query for List {
    const NAME: &'static str = "event.list";
    type Answer = Listing<Event>;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let (status, page) = (fields.optional("status"), Page::parse(fields));
        Some(Self { status: status?, page: page? })
    }

    fn answer(&self, view: &mut View<'_>) -> Result<Listing<Event>, Error> {
        let after: EventId = self.page.place(Self::NAME)?.unwrap_or(0);
        let dead = self.status.map(|status| status == Resting::Dead);
        let sql = "SELECT o.event, o.type, o.source, u.user, coalesce(l.at, c.at, p.at),
                coalesce(d.attempts, 0), d.error, d.next_at, coalesce(d.dead, 0)
            FROM outbox o LEFT JOIN deliveries d USING (event)
            LEFT JOIN ledger l ON o.type = 'WalletCharged' AND l.entry = o.source
            LEFT JOIN users u ON u.user_no = l.user_no
            LEFT JOIN cancellations c ON o.type = 'OrderCancelled' AND c.order_id = o.source
            LEFT JOIN orders p ON o.type = 'OrderCompleted' AND p.order_id = o.source
            WHERE o.event > ?1 AND (?2 IS NULL OR ?2 = coalesce(d.dead, 0)) ORDER BY o.event LIMIT ?3";
        let rows = view.last(&Statement::new(sql, [after.into(), dead.into(), self.page.reach().into()]))?;
        let items = rows.iter().map(event).collect();
        Ok(self.page.listing(Self::NAME, items, |event: &Event| event.event))
    }
}

fn event(row: &[Value]) -> Event {
    let subject = match row[3].optional_text() {
        Some(user) => format!("wallets/{user}"),
        None => format!("orders/{}", row[2].int()),
    };
    Event {
        event: row[0].int(),
        kind: row[1].text().as_ref().into(),
        subject,
        at: Time::from_millis(row[4].int()),
        status: if row[8].int() == 0 { Resting::Pending } else { Resting::Dead },
        attempts: row[5].int(),
        last_error: row[6].optional_text().map(|text| text.as_ref().into()),
        next_attempt: row[7].optional_int().map(Time::from_millis),
    }
}
