//! What a relay reads from the store. Events come from snapshots only, which show what was committed and synced.

use std::sync::Arc;

use crate::error::{Cause, Error};
use crate::number::EventId;
use crate::outbox::envelope::{Reference, render, subject};
use crate::outbox::sink::Message;
use crate::outbox::{Delivery, NumberedEvent, Prune, RelayState, state};
use crate::query::View;
use crate::row::{Statement, Value, list};
use crate::time::Time;

/// The most events to prune in one group, so that no order waits for long.
const PRUNE_LIMIT: usize = 1_024;

/// What a relay has to do.
#[derive(Debug)]
pub(super) struct Workload {
    pub(super) relay_state: RelayState,
    /// The newest event.
    pub(super) last: i64,
    /// When the next event that was passed over is due.
    pub(super) due: Option<Time>,
}

pub(super) fn workload(view: &mut View<'_>) -> Result<Workload, Error> {
    let sql =
        "SELECT last_event, (SELECT min(coalesce(next_at, 0)) FROM deliveries WHERE dead = 0) FROM store";
    let read = view.snapshot.batch(&[Statement::new(sql, []), Statement::new(state::RELAY, [])])?;
    let [store, relay] = &read[..] else { return Err(Error::Store("a statement has no answer".into())) };
    let row = store.first().unwrap_or_default();
    let [last, due] = row else { return Err(Error::Store("the store has no state".into())) };
    let (last, due) = (last.int(), due.optional_int().map(Time::from_millis));
    Ok(Workload { relay_state: RelayState::read(relay)?, last, due })
}

/// The messages of the events after one.
pub(super) fn messages_after(view: &mut View<'_>, event: i64, limit: i64) -> Result<Vec<Message>, Error> {
    let sql = "SELECT event, type, source FROM outbox WHERE event > ?1 ORDER BY event LIMIT ?2";
    messages(view, &Statement::new(sql, [event.into(), limit.into()]))
}

/// The messages of these events.
pub(super) fn messages_of(view: &mut View<'_>, events: &[EventId]) -> Result<Vec<Message>, Error> {
    let sql = "SELECT event, type, source FROM outbox WHERE event IN (SELECT value FROM json_each(?1))";
    messages(view, &Statement::new(sql, [list(events).into()]))
}

fn messages(view: &mut View<'_>, statement: &Statement) -> Result<Vec<Message>, Error> {
    let events: Vec<_> = view.rows(statement)?.iter().map(Reference::read).collect::<Result<_, _>>()?;
    let message = |numbered: NumberedEvent| {
        let body = serde_json::to_string(&numbered.envelope).map_err(|e| Error::Store(Cause::of(e)))?;
        let envelope = numbered.envelope;
        let (id, kind, subject) = (envelope.id, envelope.kind, Arc::from(envelope.subject));
        Ok(Message { event: numbered.event, id, kind, subject, body, sent_at: Time::default() })
    };
    render(view, &events)?.into_iter().map(message).collect()
}

/// At most `limit` pending events that were passed over, oldest first, with their subjects.
pub(super) fn passed_over(
    view: &mut View<'_>,
    limit: usize,
) -> Result<Vec<(EventId, Arc<str>, Delivery)>, Error> {
    let sql = "SELECT d.event, o.source, u.user, d.attempts, d.error, d.next_at, d.dead
        FROM deliveries d JOIN outbox o USING (event)
        LEFT JOIN ledger l ON o.type = 'WalletCharged' AND l.entry = o.source
        LEFT JOIN users u ON u.user_no = l.user_no
        WHERE d.dead = 0 ORDER BY d.event LIMIT ?1";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = view.rows(&Statement::new(sql, [limit.into()]))?;
    let passed = |row: &[Value]| {
        (EventId::stored(row[0].int()), subject(&row[1..]).into(), Delivery::stored(&row[3..]))
    };
    Ok(rows.iter().map(passed).collect())
}

/// The next delivered events to prune: those settled before a time.
pub(super) fn prune(
    view: &mut View<'_>,
    relay_state: &RelayState,
    before: Time,
) -> Result<Option<Prune>, Error> {
    let (before, limit) = (before.millis(), PRUNE_LIMIT as i64);
    let late = "SELECT event FROM late_deliveries WHERE at <= ?1 ORDER BY at LIMIT ?2";
    let late = numbers(view, late, [before, limit], EventId::stored)?;
    let sql = "SELECT at, through FROM settlements WHERE at <= ?1 ORDER BY at DESC LIMIT 1";
    let rows = view.rows(&Statement::new(sql, [before.into()]))?;
    let Some([at, end]) = rows.first() else {
        let prune = Prune { late, through: relay_state.pruned, ..Prune::default() };
        return Ok((!prune.late.is_empty()).then_some(prune));
    };
    let (at, end) = (at.int(), end.int());
    let through = end.min(relay_state.pruned + (PRUNE_LIMIT - late.len()) as i64).max(relay_state.pruned);
    let events = "SELECT event FROM outbox WHERE event > ?1 AND event <= ?2
        AND event NOT IN (SELECT event FROM deliveries) AND event NOT IN (SELECT event FROM late_deliveries)";
    let events = numbers(view, events, [relay_state.pruned, through], EventId::stored)?;
    let marks = if through < end {
        Vec::new()
    } else {
        let marks = "SELECT at FROM settlements WHERE at <= ?1 ORDER BY at LIMIT ?2";
        numbers(view, marks, [at, limit], Time::from_millis)?
    };
    Ok(Some(Prune { events, late, through, marks }))
}

/// The numbers that a statement reads, each as a value.
fn numbers<T>(
    view: &mut View<'_>,
    sql: &'static str,
    values: [i64; 2],
    read: fn(i64) -> T,
) -> Result<Vec<T>, Error> {
    let rows = view.rows(&Statement::new(sql, values.map(Value::Integer)))?;
    Ok(rows.iter().map(|row| read(row[0].int())).collect())
}
