//! `event.since`: lists the events after a given one, oldest first, each in its envelope (CloudEvents 1.0 JSON). The outbox stores
//! references. Envelopes are rendered from rows that never change, so they are the same each time.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::EventKind;
use crate::access::Access;
use crate::error::Error;
use crate::id::{Actor, UserId};
use crate::input::Fields;
use crate::number::{ChargeId, EventId, OrderId};
use crate::order::Order;
use crate::order::rows;
use crate::query::{Query, View};
use crate::row::{Statement, Value, list};
use crate::time::Time;
use crate::wallet::Charged;

/// Lists the events after a given one.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Since {
    /// The last event that the caller knows; `None` begins with the oldest event that is kept.
    pub after: Option<EventId>,
    /// The most events to return, 1 to 1,000.
    pub limit: u16,
}

/// Consecutive events, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventBatch {
    /// The events; fewer than the limit when there are no more.
    pub items: Vec<NumberedEvent>,
}

/// An event with its envelope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberedEvent {
    /// The sequence number.
    pub event: EventId,
    /// The envelope, as it is sent.
    pub envelope: Envelope,
}

/// An event as receivers see it, in the form of CloudEvents 1.0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// The version of CloudEvents: 1.0.
    pub specversion: Cow<'static, str>,
    /// The store's UUID and the sequence number: the same each time the event is delivered.
    pub id: String,
    /// The store, as `urn:uuid:…`.
    pub source: Arc<str>,
    /// The type of the event.
    #[serde(rename = "type")]
    pub kind: EventKind,
    /// The subject: `orders/42`, `wallets/alice`.
    pub subject: String,
    /// When it happened.
    pub time: Time,
    /// `application/json`.
    pub datacontenttype: Cow<'static, str>,
    /// The order or the charge.
    pub data: Data,
}

/// The data of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Data {
    /// The whole order: as it was paid, or as it was cancelled.
    Order(Order),
    /// The charge.
    Charge(Charged),
}

impl Query for Since {
    const NAME: &'static str = "event.since";
    const ACCESS: Access = Access::Operator;
    type Answer = EventBatch;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let (after, limit) = (fields.optional::<i64>("after"), fields.ranged("limit", 1_000, 100));
        let after = after?.unwrap_or(0);
        if after < 0 {
            return fields.fault("after", format!("must be at least 0, got {after}"));
        }
        Some(Self { after: EventId::unless_zero(after), limit: limit? })
    }

    fn answer(&self, view: &mut View<'_>) -> Result<EventBatch, Error> {
        let sql = "SELECT event, type, source FROM outbox WHERE event > ?1 ORDER BY event LIMIT ?2";
        let limit = i64::from(self.limit.clamp(1, 1_000));
        // What events refer to never changes, so it need not be read from the same snapshot: a server is asked twice, and
        // once when there are no events.
        let rows =
            view.final_rows(&Statement::new(sql, [EventId::or_zero(self.after).into(), limit.into()]))?;
        let events: Vec<_> = rows.iter().map(Reference::read).collect::<Result<_, _>>()?;
        Ok(EventBatch { items: render(view, &events)? })
    }
}

/// An event as the outbox stores it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reference {
    pub(super) event: EventId,
    pub(super) kind: EventKind,
    pub(super) source: i64,
}

impl Reference {
    /// From the columns event, type, source.
    pub(super) fn read(row: &[Value]) -> Result<Self, Error> {
        let kind = EventKind::stored(&row[1].text());
        let kind =
            kind.ok_or_else(|| Error::Store(format!("event {} is of an unknown type", row[0].int()).into()))?;
        Ok(Self { event: EventId::stored(row[0].int()), kind, source: row[2].int() })
    }
}

/// The subject of an event, from its source and, for a wallet, its user.
pub(super) fn subject(row: &[Value]) -> String {
    match row[1].optional_text() {
        Some(user) => format!("wallets/{user}"),
        None => format!("orders/{}", row[0].int()),
    }
}

/// Renders the envelopes of events, in the given order.
pub(super) fn render(view: &mut View<'_>, events: &[Reference]) -> Result<Vec<NumberedEvent>, Error> {
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let sources = |charged: bool| {
        let selected = events.iter().filter(move |event| (event.kind == EventKind::WalletCharged) == charged);
        selected.map(|event| event.source)
    };
    let orders: Vec<OrderId> = sources(false).map(OrderId::stored).collect();
    let charges: Vec<i64> = sources(true).collect();
    // Without orders or charges, nothing is read for them.
    let statements = [
        Some(Statement::new("SELECT uuid FROM store", [])),
        (!orders.is_empty()).then(|| rows::orders_of(&orders)),
        (!charges.is_empty()).then(|| Statement::new(CHARGES, [list(&charges).into()])),
    ];
    let wanted: Vec<Statement> = statements.iter().flatten().cloned().collect();
    let mut answers = view.snapshot.final_batch(&wanted)?.into_iter();
    let [store, orders, charges] =
        statements.map(|statement| statement.and_then(|_| answers.next()).unwrap_or_default());
    let store = store.first().and_then(|row| row[0].optional_text());
    let store = store.ok_or_else(|| Error::Store("the store has no identity".into()))?;
    let source: Arc<str> = format!("urn:uuid:{store}").into();
    let orders = rows::orders(&orders)?.into_iter();
    let orders: HashMap<i64, Order> = orders.map(|order| (order.order.get(), order)).collect();
    let charges: HashMap<i64, Charged> = charges.iter().map(charge).collect::<Result<_, _>>()?;
    let numbered = |event: &Reference| {
        let missing =
            || Error::Store(format!("event {} refers to something that does not exist", event.event).into());
        let (subject, time, data) = match event.kind {
            EventKind::WalletCharged => {
                let charge = charges.get(&event.source).cloned().ok_or_else(missing)?;
                (format!("wallets/{}", charge.user), charge.at, Data::Charge(charge))
            }
            EventKind::OrderCompleted => {
                let order = orders.get(&event.source).cloned().ok_or_else(missing)?.into_paid();
                (format!("orders/{}", order.order), order.at, Data::Order(order))
            }
            EventKind::OrderCancelled => {
                let order = orders.get(&event.source).cloned().ok_or_else(missing)?;
                let time = order.cancelled_at.ok_or_else(missing)?;
                (format!("orders/{}", order.order), time, Data::Order(order))
            }
        };
        let envelope = Envelope {
            specversion: "1.0".into(),
            id: format!("{store}-{}", event.event),
            source: source.clone(),
            kind: event.kind,
            subject,
            time,
            datacontenttype: "application/json".into(),
            data,
        };
        Ok(NumberedEvent { event: event.event, envelope })
    };
    events.iter().map(numbered).collect()
}

const CHARGES: &str = "SELECT l.entry, l.source, u.user, l.amount, l.balance, l.at, a.actor
    FROM ledger l JOIN users u USING (user_no) LEFT JOIN actors a ON a.actor_no = l.actor_no WHERE l.entry IN (SELECT value FROM json_each(?1))";

fn charge(row: &[Value]) -> Result<(i64, Charged), Error> {
    let entry = row[0].int();
    let amount = |value: &Value| {
        let damaged =
            || Error::Store(format!("entry {entry} of the ledger has {value:?} instead of an amount").into());
        value.optional_int().and_then(|amount| amount.try_into().ok()).ok_or_else(damaged)
    };
    let charged = Charged {
        charge: ChargeId::stored(row[1].int()),
        user: UserId::stored(row[2].text()),
        amount: amount(&row[3])?,
        balance: amount(&row[4])?,
        at: Time::from_millis(row[5].int()),
        actor: row[6].optional_text().map(Actor::stored),
    };
    Ok((entry, charged))
}
