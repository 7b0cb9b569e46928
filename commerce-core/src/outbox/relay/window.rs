//! What a relay has yet to deliver, in memory: which event may go next, and what is to be written down. Pure,
//! so that the order per subject can be tested without a store, a sink or a clock.
//!
//! Events of a subject stand in a *lane*. Only the front of a lane is ever on its way, in one job; the rest
//! waits until the job is done, or, when it was refused, until its time has come again.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::number::EventId;
use crate::outbox::Delivery;
use crate::outbox::sink::Message;
use crate::time::Time;

/// An event that keeps the settled ones behind it for longer gets a row of its own.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// After so many refusals with nothing accepted in between, only events refused before are tried.
const STREAK: usize = 16;

/// The undelivered events.
#[derive(Debug, Default)]
pub(super) struct Window {
    slots: BTreeMap<EventId, Slot>,
    lanes: HashMap<Arc<str>, Lane>,
    /// Fronts of lanes that were never refused.
    fresh: BTreeSet<EventId>,
    /// Fronts of lanes that were refused, and whose time has come.
    again: BTreeSet<EventId>,
    /// Fronts of lanes that were refused, until their time.
    waiting: BTreeSet<(Time, EventId)>,
    /// Refused too often; to be written down.
    dead: BTreeMap<EventId, Delivery>,
    /// Rows that are out of date.
    dirty: BTreeSet<EventId>,
    /// How many slots have a row.
    passed: usize,
    /// Refusals since something was accepted.
    refusals: usize,
    /// The last event that was read.
    read: i64,
    /// Up to where things are settled in the store.
    settled: i64,
}

#[derive(Debug)]
struct Slot {
    subject: Arc<str>,
    message: Option<Message>,
    delivery: Delivery,
    /// It has, or is about to have, a row of its own.
    passed: bool,
    /// It goes by itself, since it may have spoilt a delivery of several.
    alone: bool,
    since: Instant,
}

#[derive(Debug, Default)]
struct Lane {
    events: VecDeque<EventId>,
    /// How many of them, from the front, are on their way.
    flying: usize,
}

/// What to write down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Draft {
    pub(super) settled: i64,
    pub(super) deliveries: Vec<(EventId, Option<Delivery>)>,
}

impl Window {
    /// Nothing read yet, and everything settled up to an event.
    pub(super) fn new(settled: i64) -> Self {
        Self { read: settled, settled, ..Self::default() }
    }

    /// Adds the next event.
    pub(super) fn add(&mut self, message: Message, now: Instant) {
        let (event, subject) = (message.event, message.subject.clone());
        self.read = event.get();
        let slot = Slot {
            subject,
            message: Some(message),
            delivery: Delivery::default(),
            passed: false,
            alone: false,
            since: now,
        };
        self.enter(event, slot);
    }

    /// Adds an event that was passed over before, unless it is here.
    pub(super) fn add_passed(&mut self, event: EventId, subject: Arc<str>, delivery: Delivery, now: Instant) {
        if self.slots.contains_key(&event) || self.dead.contains_key(&event) || self.dirty.contains(&event) {
            return;
        }
        self.passed += 1;
        let slot = Slot { subject, message: None, delivery, passed: true, alone: false, since: now };
        self.enter(event, slot);
    }

    fn enter(&mut self, event: EventId, slot: Slot) {
        let lane = self.lanes.entry(slot.subject.clone()).or_default();
        let place = lane.events.partition_point(|&other| other < event).max(lane.flying);
        let front = lane.events.front().copied().filter(|_| lane.flying == 0);
        lane.events.insert(place, event);
        self.slots.insert(event, slot);
        if lane.flying == 0 && place == 0 {
            if let Some(front) = front {
                self.withdraw(front);
            }
            self.offer(event);
        }
    }

    /// The next delivery: events that may go now, at most so many, oldest first.
    pub(super) fn take(&mut self, most: usize, now: Time, instant: Instant) -> Vec<EventId> {
        while let Some(&(_, event)) = self.waiting.first().filter(|&&(time, _)| time <= now) {
            self.waiting.pop_first();
            self.again.insert(event);
        }
        let (mut job, mut followers) = (Vec::new(), BTreeSet::new());
        let fresh = !self.refusing();
        while job.len() < most {
            let mut sets = [Some(&mut followers), Some(&mut self.again), fresh.then_some(&mut self.fresh)];
            let first = sets
                .iter_mut()
                .flatten()
                .filter(|set| !set.is_empty())
                .min_by_key(|set| set.first().copied());
            let Some(event) = first.and_then(|set| set.pop_first()) else { break };
            let Some(slot) = self.slots.get_mut(&event) else { continue };
            let Some(lane) = self.lanes.get_mut(&slot.subject) else { continue };
            let alone = slot.alone;
            if alone && !job.is_empty() {
                // One that follows in its lane is offered when this job is done.
                if lane.flying == 0 {
                    self.offer(event);
                }
                break;
            }
            slot.since = instant;
            job.push(event);
            lane.flying += 1;
            let due = |event: &&EventId| {
                let slot = self.slots.get(event);
                slot.is_some_and(|slot| slot.delivery.next_at.is_none_or(|time| time <= now))
            };
            followers.extend(lane.events.get(lane.flying).filter(due));
            if alone {
                break;
            }
        }
        job
    }

    /// The message of an event, which is then with whoever delivers it; nothing when it must be rendered.
    pub(super) fn message(&mut self, event: EventId) -> Option<Message> {
        self.slots.get_mut(&event)?.message.take()
    }

    /// These were accepted.
    pub(super) fn accepted(&mut self, job: &[EventId]) {
        self.refusals = 0;
        for event in job {
            let Some(slot) = self.slots.remove(event) else { continue };
            if slot.passed {
                self.passed -= 1;
                self.dirty.insert(*event);
            }
            self.leave(&slot.subject);
        }
    }

    /// These could not be delivered for no fault of theirs.
    pub(super) fn put_back(&mut self, job: &[EventId], messages: Vec<Message>) {
        for message in messages {
            if let Some(slot) = self.slots.get_mut(&message.event) {
                slot.message = Some(message);
            }
        }
        for &event in job {
            self.land(event);
        }
    }

    /// One of these was refused: from now on each goes by itself.
    pub(super) fn part(&mut self, job: &[EventId], messages: Vec<Message>) {
        for event in job {
            if let Some(slot) = self.slots.get_mut(event) {
                slot.alone = true;
            }
        }
        self.put_back(job, messages);
    }

    /// This one was refused. It is tried again at a time, or given up. Answers how often it was tried.
    pub(super) fn refused(
        &mut self,
        message: Message,
        because: &str,
        next: impl FnOnce(i64) -> Option<Time>,
    ) -> i64 {
        let event = message.event;
        self.refusals += 1;
        let Some(slot) = self.slots.get_mut(&event) else { return 0 };
        slot.message = Some(message);
        let attempts = slot.delivery.attempts + 1;
        let next_at = next(attempts);
        slot.delivery = Delivery { attempts, error: Some(because.into()), next_at, dead: next_at.is_none() };
        self.dirty.insert(event);
        if next_at.is_some() {
            self.land(event);
        } else if let Some(slot) = self.slots.remove(&event) {
            self.passed -= usize::from(slot.passed);
            self.dead.insert(event, slot.delivery);
            self.leave(&slot.subject);
        }
        attempts
    }

    /// What to write down now; it stays to be written until confirmed. Events that were held up for longer
    /// than `patience` are passed over.
    pub(super) fn draft(&mut self, now: Instant, patience: Duration) -> Draft {
        let mut settled = self.read;
        for (&event, slot) in self.slots.iter_mut().filter(|(_, slot)| !slot.passed) {
            let tried = slot.delivery.attempts > 0;
            let stuck = !self.fresh.contains(&event) && now.duration_since(slot.since) >= patience;
            if !tried && !stuck {
                settled = event.get() - 1;
                break;
            }
            slot.passed = true;
            self.passed += 1;
            self.dirty.insert(event);
        }
        let row = |&event: &EventId| {
            let relay_state =
                self.slots.get(&event).map(|slot| &slot.delivery).or_else(|| self.dead.get(&event));
            (event, relay_state.cloned())
        };
        // Of an event that is not settled yet nothing is written down.
        let deliveries = self.dirty.range(..=EventId::stored(settled)).map(row).collect();
        Draft { settled, deliveries }
    }

    /// That was written down.
    pub(super) fn confirm(&mut self, draft: &Draft) {
        self.settled = draft.settled.max(self.settled);
        for (event, delivery) in &draft.deliveries {
            let now = self.slots.get(event).map(|slot| &slot.delivery).or_else(|| self.dead.get(event));
            // What changed in the meantime is still to be written down.
            if now == delivery.as_ref() {
                self.dirty.remove(event);
                self.dead.remove(event);
            }
        }
    }

    /// Whether nothing can be written down that is not.
    pub(super) fn is_settled(&self) -> bool {
        let blocked =
            self.slots.iter().find(|(_, slot)| !slot.passed).map_or(self.read, |(event, _)| event.get() - 1);
        self.settled >= blocked && self.dirty.range(..=EventId::stored(blocked)).next().is_none()
    }

    /// Whether nothing is left to deliver.
    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// How many events may still go, now or later.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// How many events could go at once.
    pub(super) fn ready(&self) -> usize {
        self.fresh.len() + self.again.len()
    }

    /// How many events were passed over and are not delivered yet.
    pub(super) fn passed(&self) -> usize {
        self.passed
    }

    /// Whether so much was refused that nothing new is begun.
    pub(super) fn refusing(&self) -> bool {
        self.refusals >= STREAK && !(self.waiting.is_empty() && self.again.is_empty())
    }

    /// Whether nothing may go at that time.
    pub(super) fn is_idle(&self, now: Time) -> bool {
        let due = self.waiting.first().is_some_and(|&(time, _)| time <= now);
        !due && self.again.is_empty() && (self.fresh.is_empty() || self.refusing())
    }

    /// When the next refused event is to be tried again.
    pub(super) fn next_at(&self) -> Option<Time> {
        self.waiting.first().map(|&(time, _)| time)
    }

    pub(super) fn read(&self) -> i64 {
        self.read
    }

    pub(super) fn settled(&self) -> i64 {
        self.settled
    }

    /// The flying front of a lane came back and stays in it.
    fn land(&mut self, event: EventId) {
        let Some(lane) = self.slots.get(&event).and_then(|slot| self.lanes.get_mut(&slot.subject)) else {
            return;
        };
        lane.flying = lane.flying.saturating_sub(1);
        if lane.flying == 0
            && let Some(&front) = lane.events.front()
        {
            self.offer(front);
        }
    }

    /// The flying front of a lane is done with.
    fn leave(&mut self, subject: &Arc<str>) {
        let Some(lane) = self.lanes.get_mut(subject) else { return };
        lane.events.pop_front();
        lane.flying = lane.flying.saturating_sub(1);
        match lane.events.front().copied() {
            None => drop(self.lanes.remove(subject)),
            Some(front) if lane.flying == 0 => self.offer(front),
            Some(_) => {}
        }
    }

    /// Lets the front of a lane go when its time comes.
    fn offer(&mut self, event: EventId) {
        match self.slots.get(&event).map(|slot| (slot.delivery.attempts, slot.delivery.next_at)) {
            Some((_, Some(time))) => drop(self.waiting.insert((time, event))),
            Some((0, None)) => drop(self.fresh.insert(event)),
            Some((_, None)) => drop(self.again.insert(event)),
            None => {}
        }
    }

    /// What was the front of a lane no longer is.
    fn withdraw(&mut self, event: EventId) {
        self.fresh.remove(&event);
        self.again.remove(&event);
        if let Some(time) = self.slots.get(&event).and_then(|slot| slot.delivery.next_at) {
            self.waiting.remove(&(time, event));
        }
    }
}

#[cfg(test)]
mod tests;
