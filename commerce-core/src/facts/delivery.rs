//! The part of the facts that holds the state of delivery.

use super::Facts;
use crate::number::EventId;
use crate::outbox::{Delivery, DeliveryStatus, Prune, RelayState};
use crate::row::{Kind, table};
use crate::time::Time;

/// Reading.
impl Facts {
    /// The delivery status of an event, if it exists.
    pub(crate) fn event(&self, id: EventId) -> Option<DeliveryStatus> {
        let delivery = self.events.get(&id)?;
        Some(DeliveryStatus::of(
            delivery.as_ref().map(|delivery| delivery.dead),
            id.get() <= self.relay().settled,
        ))
    }

    pub(crate) fn relay(&self) -> RelayState {
        self.relay.get(&()).cloned().unwrap_or_default()
    }
}

/// Changes. None of these can fail.
impl Facts {
    /// Sets the row in `deliveries` of an event, or removes it when the event was delivered. An event that was pruned
    /// is ignored.
    pub(crate) fn set_delivery(&mut self, event: EventId, delivery: Option<Delivery>) {
        if let Some(row) = self.events.change(&event) {
            *row = delivery;
        }
    }

    pub(crate) fn set_relay(&mut self, relay_state: RelayState) {
        match self.relay.change(&()) {
            Some(row) => *row = relay_state,
            None => self.record_unloaded("the row of", "the relay"),
        }
    }

    /// Records the last settled event at a time, and replaces an earlier mark if one is given.
    pub(crate) fn mark_settled(&mut self, at: Time, through: i64, earlier: Option<Time>) {
        let row = [at.millis().into(), through.into()];
        if earlier == Some(at) {
            return self.change(&table::SETTLEMENTS, Kind::Update, row);
        }
        // A clock that stepped back can have left a mark with this time.
        for mark in earlier.into_iter().chain([at]) {
            self.change(&table::SETTLEMENTS, Kind::Delete, [mark.millis().into()]);
        }
        self.change(&table::SETTLEMENTS, Kind::Insert, row);
    }

    /// Deletes delivered events from the outbox, with their delivery times and marks.
    pub(crate) fn prune(&mut self, Prune { events, late, marks, .. }: &Prune) {
        for &event in events.iter().chain(late) {
            self.change(&table::OUTBOX, Kind::Delete, [event.into()]);
        }
        for &event in late {
            self.change(&table::LATE_DELIVERIES, Kind::Delete, [event.into()]);
        }
        for mark in marks {
            self.change(&table::SETTLEMENTS, Kind::Delete, [mark.millis().into()]);
        }
    }
}

/// Loading and saving, for the writer.
impl Facts {
    pub(crate) fn load_event(&mut self, event: EventId, delivery: Option<Delivery>) {
        self.events.load(event, delivery);
    }

    pub(crate) fn load_relay(&mut self, relay_state: RelayState) {
        self.relay.load((), relay_state);
    }

    pub(super) fn change_deliveries(&mut self) {
        let mut changed: Vec<_> = self
            .events
            .changed()
            .filter(|(_, stored, now)| *stored != Some(*now))
            .map(|(&event, stored, now)| (event, stored.is_some_and(Option::is_some), now.clone()))
            .collect();
        changed.sort_unstable_by_key(|&(event, ..)| event);
        for (event, stored, now) in changed {
            match now {
                Some(now) => {
                    let kind = if stored { Kind::Update } else { Kind::Insert };
                    self.change(&table::DELIVERIES, kind, now.row(event));
                }
                None => {
                    self.change(&table::DELIVERIES, Kind::Delete, [event.into()]);
                    let at = self.clock_time.millis();
                    self.change(&table::LATE_DELIVERIES, Kind::Insert, [event.into(), at.into()]);
                }
            }
        }
        let relay_state = self.relay.changed().find(|(_, stored, now)| *stored != Some(*now));
        if let Some(row) = relay_state.map(|(.., now)| now.row()) {
            self.change(&table::RELAY, Kind::Update, row);
        }
    }
}
