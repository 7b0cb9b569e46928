//! The undelivered events of a relay, in memory: which event may go next, and what to settle. The window is pure, so
//! that the order per subject can be tested without a store, a sink or a clock.
//!
//! The events of a subject form a *lane*. Only the front of a lane is ever in flight, in one delivery. The rest waits
//! until that delivery is done or, when it was refused, until its next attempt is due.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::number::EventId;
use crate::outbox::Delivery;
use crate::outbox::sink::Message;
use crate::time::Time;

/// An event that holds up the settlement of later ones for longer is passed over.
pub(super) const MAX_HOLD_UP: Duration = Duration::from_secs(1);

/// After this many refusals in a row, only events that were refused before are tried.
const MAX_REFUSALS: usize = 16;

/// The undelivered events.
#[derive(Debug, Default)]
pub(super) struct Window {
    entries: BTreeMap<EventId, Entry>,
    lanes: HashMap<Arc<str>, Lane>,
    /// Fronts of lanes that were never refused.
    untried: BTreeSet<EventId>,
    /// Fronts of lanes that were refused and are due again.
    due: BTreeSet<EventId>,
    /// Fronts of lanes that were refused and are not due yet.
    waiting: BTreeSet<(Time, EventId)>,
    /// Events that were refused too often and are not settled as dead yet.
    dead: BTreeMap<EventId, Delivery>,
    /// Events whose row in `deliveries` is out of date.
    dirty: BTreeSet<EventId>,
    /// The number of entries that were passed over.
    passed_over: usize,
    /// Refusals since an event was accepted.
    refusals: usize,
    /// The last event that was read.
    last_read: i64,
    /// The last event that is settled in the store.
    settled: i64,
}

#[derive(Debug)]
struct Entry {
    subject: Arc<str>,
    message: Option<Message>,
    delivery: Delivery,
    /// The event has a row in `deliveries`, or gets one with the next settlement.
    passed_over: bool,
    /// The event is sent alone, since it may have caused the refusal of several.
    alone: bool,
    since: Instant,
}

#[derive(Debug, Default)]
struct Lane {
    events: VecDeque<EventId>,
    /// The number of events, from the front, that are in flight.
    in_flight: usize,
}

/// What to settle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Draft {
    pub(super) settled: i64,
    pub(super) deliveries: Vec<(EventId, Option<Delivery>)>,
}

impl Window {
    /// A window with nothing read, and everything settled up to an event.
    pub(super) fn new(settled: i64) -> Self {
        Self { last_read: settled, settled, ..Self::default() }
    }

    /// Adds the next event.
    pub(super) fn add(&mut self, message: Message, now: Instant) {
        let (event, subject) = (message.event, message.subject.clone());
        self.last_read = event.get();
        let entry = Entry {
            subject,
            message: Some(message),
            delivery: Delivery::default(),
            passed_over: false,
            alone: false,
            since: now,
        };
        self.insert(event, entry);
    }

    /// Adds an event that was passed over before, unless the window has it.
    pub(super) fn add_passed(&mut self, event: EventId, subject: Arc<str>, delivery: Delivery, now: Instant) {
        if self.entries.contains_key(&event) || self.dead.contains_key(&event) || self.dirty.contains(&event)
        {
            return;
        }
        self.passed_over += 1;
        let entry = Entry { subject, message: None, delivery, passed_over: true, alone: false, since: now };
        self.insert(event, entry);
    }

    fn insert(&mut self, event: EventId, entry: Entry) {
        let lane = self.lanes.entry(entry.subject.clone()).or_default();
        let index = lane.events.partition_point(|&other| other < event).max(lane.in_flight);
        let front = lane.events.front().copied().filter(|_| lane.in_flight == 0);
        lane.events.insert(index, event);
        self.entries.insert(event, entry);
        if lane.in_flight == 0 && index == 0 {
            if let Some(front) = front {
                self.withdraw(front);
            }
            self.offer(event);
        }
    }

    /// Takes the next delivery: at most `limit` events that may go now, oldest first.
    pub(super) fn take(&mut self, limit: usize, now: Time, instant: Instant) -> Vec<EventId> {
        while let Some(&(_, event)) = self.waiting.first().filter(|&&(time, _)| time <= now) {
            self.waiting.pop_first();
            self.due.insert(event);
        }
        let (mut job, mut followers) = (Vec::new(), BTreeSet::new());
        let fresh = !self.is_refusing();
        while job.len() < limit {
            let mut sets = [Some(&mut followers), Some(&mut self.due), fresh.then_some(&mut self.untried)];
            let first = sets
                .iter_mut()
                .flatten()
                .filter(|set| !set.is_empty())
                .min_by_key(|set| set.first().copied());
            let Some(event) = first.and_then(|set| set.pop_first()) else { break };
            let Some(entry) = self.entries.get_mut(&event) else { continue };
            let Some(lane) = self.lanes.get_mut(&entry.subject) else { continue };
            let alone = entry.alone;
            if alone && !job.is_empty() {
                // One that follows in its lane is offered when this delivery is done.
                if lane.in_flight == 0 {
                    self.offer(event);
                }
                break;
            }
            entry.since = instant;
            job.push(event);
            lane.in_flight += 1;
            let due = |event: &&EventId| {
                let entry = self.entries.get(event);
                entry.is_some_and(|entry| entry.delivery.next_at.is_none_or(|time| time <= now))
            };
            followers.extend(lane.events.get(lane.in_flight).filter(due));
            if alone {
                break;
            }
        }
        job
    }

    /// Takes the message of an event; `None` when it must be rendered again.
    pub(super) fn message(&mut self, event: EventId) -> Option<Message> {
        self.entries.get_mut(&event)?.message.take()
    }

    /// Removes events that were accepted.
    pub(super) fn accepted(&mut self, job: &[EventId]) {
        self.refusals = 0;
        for event in job {
            let Some(entry) = self.entries.remove(event) else { continue };
            if entry.passed_over {
                self.passed_over -= 1;
                self.dirty.insert(*event);
            }
            self.remove_front(&entry.subject);
        }
    }

    /// Puts back events that could not be delivered because the sink is down.
    pub(super) fn put_back(&mut self, job: &[EventId], messages: Vec<Message>) {
        for message in messages {
            if let Some(entry) = self.entries.get_mut(&message.event) {
                entry.message = Some(message);
            }
        }
        for &event in job {
            self.requeue(event);
        }
    }

    /// Puts back events of which one was refused. From now on each is sent alone.
    pub(super) fn split(&mut self, job: &[EventId], messages: Vec<Message>) {
        for event in job {
            if let Some(entry) = self.entries.get_mut(event) {
                entry.alone = true;
            }
        }
        self.put_back(job, messages);
    }

    /// Records that an event was refused, and when it is due again; with no time it is dead. Returns the number of
    /// attempts.
    pub(super) fn refused(
        &mut self,
        message: Message,
        reason: &str,
        next: impl FnOnce(i64) -> Option<Time>,
    ) -> i64 {
        let event = message.event;
        self.refusals += 1;
        let Some(entry) = self.entries.get_mut(&event) else { return 0 };
        entry.message = Some(message);
        let attempts = entry.delivery.attempts + 1;
        let next_at = next(attempts);
        entry.delivery = Delivery { attempts, error: Some(reason.into()), next_at, dead: next_at.is_none() };
        self.dirty.insert(event);
        if next_at.is_some() {
            self.requeue(event);
        } else if let Some(entry) = self.entries.remove(&event) {
            self.passed_over -= usize::from(entry.passed_over);
            self.dead.insert(event, entry.delivery);
            self.remove_front(&entry.subject);
        }
        attempts
    }

    /// Drafts a settlement, which counts once it is confirmed. Events that held up others for longer than `max_wait`
    /// are passed over.
    pub(super) fn draft(&mut self, now: Instant, max_wait: Duration) -> Draft {
        let mut settled = self.last_read;
        for (&event, entry) in self.entries.iter_mut().filter(|(_, entry)| !entry.passed_over) {
            let tried = entry.delivery.attempts > 0;
            let stuck = !self.untried.contains(&event) && now.duration_since(entry.since) >= max_wait;
            if !tried && !stuck {
                settled = event.get() - 1;
                break;
            }
            entry.passed_over = true;
            self.passed_over += 1;
            self.dirty.insert(event);
        }
        let row = |&event: &EventId| {
            let delivery =
                self.entries.get(&event).map(|entry| &entry.delivery).or_else(|| self.dead.get(&event));
            (event, delivery.cloned())
        };
        // Rows of events beyond the settled one are not written yet.
        let deliveries = self.dirty.range(..=EventId::stored(settled)).map(row).collect();
        Draft { settled, deliveries }
    }

    /// Records that a draft was settled.
    pub(super) fn confirm(&mut self, draft: &Draft) {
        self.settled = draft.settled.max(self.settled);
        for (event, delivery) in &draft.deliveries {
            let now = self.entries.get(event).map(|entry| &entry.delivery).or_else(|| self.dead.get(event));
            // A row that changed meanwhile is still out of date.
            if now == delivery.as_ref() {
                self.dirty.remove(event);
                self.dead.remove(event);
            }
        }
    }

    /// Whether everything that can be settled is settled.
    pub(super) fn is_settled(&self) -> bool {
        let blocked = self
            .entries
            .iter()
            .find(|(_, entry)| !entry.passed_over)
            .map_or(self.last_read, |(event, _)| event.get() - 1);
        self.settled >= blocked && self.dirty.range(..=EventId::stored(blocked)).next().is_none()
    }

    /// Whether nothing is left to deliver.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The number of undelivered events.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The number of fronts that may go now.
    pub(super) fn ready(&self) -> usize {
        self.untried.len() + self.due.len()
    }

    /// The number of undelivered events that were passed over.
    pub(super) fn passed_over(&self) -> usize {
        self.passed_over
    }

    /// Whether the last refusals were so many that no untried event is sent.
    pub(super) fn is_refusing(&self) -> bool {
        self.refusals >= MAX_REFUSALS && !(self.waiting.is_empty() && self.due.is_empty())
    }

    /// Whether no event may go at that time.
    pub(super) fn is_idle(&self, now: Time) -> bool {
        let due = self.waiting.first().is_some_and(|&(time, _)| time <= now);
        !due && self.due.is_empty() && (self.untried.is_empty() || self.is_refusing())
    }

    /// When the next refused event is due.
    pub(super) fn next_at(&self) -> Option<Time> {
        self.waiting.first().map(|&(time, _)| time)
    }

    pub(super) fn last_read(&self) -> i64 {
        self.last_read
    }

    pub(super) fn settled(&self) -> i64 {
        self.settled
    }

    /// Returns the front of a lane from its delivery to the lane.
    fn requeue(&mut self, event: EventId) {
        let Some(lane) = self.entries.get(&event).and_then(|entry| self.lanes.get_mut(&entry.subject)) else {
            return;
        };
        lane.in_flight = lane.in_flight.saturating_sub(1);
        if lane.in_flight == 0
            && let Some(&front) = lane.events.front()
        {
            self.offer(front);
        }
    }

    /// Removes the front of a lane after its delivery.
    fn remove_front(&mut self, subject: &Arc<str>) {
        let Some(lane) = self.lanes.get_mut(subject) else { return };
        lane.events.pop_front();
        lane.in_flight = lane.in_flight.saturating_sub(1);
        match lane.events.front().copied() {
            None => drop(self.lanes.remove(subject)),
            Some(front) if lane.in_flight == 0 => self.offer(front),
            Some(_) => {}
        }
    }

    /// Makes the front of a lane available, now or when it is due.
    fn offer(&mut self, event: EventId) {
        match self.entries.get(&event).map(|entry| (entry.delivery.attempts, entry.delivery.next_at)) {
            Some((_, Some(time))) => drop(self.waiting.insert((time, event))),
            Some((0, None)) => drop(self.untried.insert(event)),
            Some((_, None)) => drop(self.due.insert(event)),
            None => {}
        }
    }

    /// Withdraws an event that is no longer the front of its lane.
    fn withdraw(&mut self, event: EventId) {
        self.untried.remove(&event);
        self.due.remove(&event);
        if let Some(time) = self.entries.get(&event).and_then(|entry| entry.delivery.next_at) {
            self.waiting.remove(&(time, event));
        }
    }
}

#[cfg(test)]
mod tests;
