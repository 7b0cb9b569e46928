//! The part of the facts that tells how the delivery of events stands.

use super::{Facts, Tracked};
use crate::id::EventId;
use crate::outbox::{Delivery, Resting, Standing};
use crate::store::{Kind, table};
use crate::time::Time;

/// What an operation may ask.
impl Facts {
    /// How an event rests, if there is one.
    pub(crate) fn event(&self, id: EventId) -> Option<Resting> {
        let tried = &self.events.get(&id)?.now;
        Some(Resting::of(tried.as_ref().map(|delivery| delivery.dead), id <= self.relay().settled))
    }

    pub(crate) fn relay(&self) -> Standing {
        self.relay.as_ref().map(|row| row.now.clone()).unwrap_or_default()
    }
}

/// Changes. None of these can fail.
impl Facts {
    /// Sets what is kept of an event's delivery: nothing when it was delivered.
    pub(crate) fn set_delivery(&mut self, event: EventId, delivery: Option<Delivery>) {
        if let Some(row) = self.events.get_mut(&event) {
            row.now = delivery;
        }
    }

    pub(crate) fn set_relay(&mut self, standing: Standing) {
        if let Some(row) = &mut self.relay {
            row.now = standing;
        }
    }

    /// Remembers how far things were settled at a time.
    pub(crate) fn mark_settled(&mut self, at: Time, through: EventId) {
        self.insert(&table::SETTLEMENTS, [at.millis().into(), through.into()]);
    }

    /// Takes delivered events out of the outbox, and marks that have served.
    pub(crate) fn prune(&mut self, events: &[EventId], marks: &[Time]) {
        for &event in events {
            self.change(&table::OUTBOX, Kind::Delete, [event.into()]);
        }
        for mark in marks {
            self.change(&table::SETTLEMENTS, Kind::Delete, [mark.millis().into()]);
        }
    }
}

/// Loading and saving, for the writer.
impl Facts {
    pub(crate) fn load_event(&mut self, event: EventId, tried: Option<Delivery>) {
        self.events.insert(event, Tracked { stored: Some(tried.clone()), now: tried });
    }

    pub(crate) fn load_relay(&mut self, standing: Standing) {
        self.relay = Some(Tracked { stored: Some(standing.clone()), now: standing });
    }

    pub(super) fn change_deliveries(&mut self) {
        let mut changed: Vec<_> = std::mem::take(&mut self.events)
            .into_iter()
            .filter_map(|(event, row)| {
                let stored = row.stored.flatten();
                (stored != row.now).then_some((event, stored.is_some(), row.now))
            })
            .collect();
        changed.sort_unstable_by_key(|&(event, ..)| event);
        for (event, stored, now) in changed {
            match now {
                Some(now) => {
                    let kind = if stored { Kind::Update } else { Kind::Insert };
                    self.change(&table::DELIVERIES, kind, now.row(event));
                }
                None => self.change(&table::DELIVERIES, Kind::Delete, [event.into()]),
            }
        }
        if let Some(row) = self.relay.take()
            && row.stored.as_ref() != Some(&row.now)
        {
            self.change(&table::RELAY, Kind::Update, row.now.row());
        }
    }
}
