//! Retries every dead event, however many there are. Each portion is read, retried and reported before the next, so
//! that neither memory nor a group grows with their number.

use sha2::{Digest, Sha256};

use super::{DeliveryStatus, List, Newest, Retry};
use crate::error::Error;
use crate::id::Key;
use crate::number::EventId;
use crate::operation::Submission;
use crate::page::Page;
use crate::query::{Paged, View};
use crate::refusal::Refusal;
use crate::row::Statement;
use crate::{Answer, Commerce};

/// The most events of a portion, so that no order waits long for its group.
const PORTION: i64 = 512;

/// Retries every event that is dead when the call begins, oldest first, with a [`Retry`] of a few hundred at a time.
/// Each portion is passed to `report` once it is committed. A call after a failure continues with the events that are
/// still dead. With a key, each portion has a key of its own, made from this one and its events; a portion that was
/// retried under it before is not reported again.
///
/// # Errors
/// The store's failure, or the error of `report`. Portions reported before stay retried.
pub fn retry_all<E: From<Error>>(
    shop: &Commerce,
    key: Option<&Key>,
    mut report: impl FnMut(&[EventId]) -> Result<(), E>,
) -> Result<(), E> {
    let Some(last) = shop.query(&Newest)?.event else { return Ok(()) };
    let mut portions = Portions { shop, last, after: None, list: Some(dead_events()) };
    loop {
        let mut events = portions.next()?;
        if events.is_empty() {
            return Ok(());
        }
        while !events.is_empty() {
            let retry = Submission::new(Retry { events: events.clone() });
            let retry = key.map_or(retry.clone(), |key| retry.key(portion_key(key, &events)));
            match shop.perform(retry) {
                Ok(Answer { replayed: true, .. }) => break,
                Ok(_) => {
                    report(&events)?;
                    break;
                }
                // Another caller has retried them meanwhile.
                Err(Error::Refused(
                    Refusal::EventNotDead { events: others } | Refusal::EventNotFound { events: others },
                )) => events.retain(|event| !others.contains(event)),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// The dead events up to the last one, a portion at a time.
struct Portions<'a> {
    shop: &'a Commerce,
    last: EventId,
    /// The last event of the portion before.
    after: Option<EventId>,
    /// The next page of a served shop; None after the last one.
    list: Option<List>,
}

impl Portions<'_> {
    /// The next portion; empty after the last one.
    fn next(&mut self) -> Result<Vec<EventId>, Error> {
        let events = match self.shop.served() {
            Some(_) => self.page()?,
            None => dead(&mut self.shop.engine("dead events")?.view()?, self.after, self.last)?,
        };
        self.after = events.last().copied();
        Ok(events)
    }

    fn page(&mut self) -> Result<Vec<EventId>, Error> {
        let Some(mut list) = self.list.take() else { return Ok(Vec::new()) };
        let listing = self.shop.query(&list)?;
        self.list = listing.next_cursor.map(|next| {
            *list.page() = list.page().at(&next);
            list
        });
        let events = listing.items.into_iter().map(|event| event.event);
        Ok(events.filter(|&event| event <= self.last).collect())
    }
}

fn dead_events() -> List {
    List { status: Some(DeliveryStatus::Dead), page: Page::default().long() }
}

fn dead(view: &mut View<'_>, after: Option<EventId>, last: EventId) -> Result<Vec<EventId>, Error> {
    let sql = "SELECT event FROM deliveries
        WHERE dead = 1 AND event > ?1 AND event <= ?2 ORDER BY event LIMIT ?3";
    let rows =
        view.final_rows(&Statement::new(sql, [EventId::or_zero(after).into(), last.into(), PORTION.into()]))?;
    Ok(rows.iter().map(|row| EventId::stored(row[0].int())).collect())
}

fn portion_key(key: &Key, events: &[EventId]) -> Key {
    let mut digest = Sha256::new_with_prefix(key.as_str());
    events.iter().for_each(|event| digest.update(event.get().to_be_bytes()));
    let name: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Key::stored(name.into())
}
