//! Delivery: reads committed events, sends those that may go, and handles the outcomes.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::{Down, MAX_PASSED_OVER, SINK_BACK_OFF, Worker};
use crate::error::Error;
use crate::number::EventId;
use crate::outbox::relay::pool::Job;
use crate::outbox::relay::{Notice, Options, reading};
use crate::outbox::sink::{Failure, Message};
use crate::outbox::state;

/// The most events to read at once.
const READ_LIMIT: i64 = 1_000;

impl Worker {
    /// Handles the outcomes of deliveries.
    pub(super) fn collect(&mut self) {
        while let Some((job, outcome)) = self.pool.done() {
            self.in_flight -= 1;
            self.sink.warnings().into_iter().for_each(|warning| self.notify(Notice::Warning(warning)));
            let Job { term, events, messages } = job;
            if outcome.is_ok() {
                self.shared.delivered.fetch_add(events.len() as u64, Ordering::Relaxed);
            }
            match &outcome {
                Ok(()) | Err(Failure::Refused { .. }) => self.mark_up(),
                Err(Failure::Down { reason, after }) => self.mark_down(&clean(reason), *after, false),
                Err(Failure::Gone { reason }) => self.mark_down(&clean(reason), None, true),
            }
            // Events of an earlier term were read again under this one, so their outcome does not count.
            let Some(held) = self.held.as_mut().filter(|held| held.term == term) else { continue };
            match outcome {
                Ok(()) => held.window.accepted(&events),
                Err(Failure::Refused { .. }) if events.len() > 1 => held.window.split(&events, messages),
                Err(Failure::Refused { reason, after }) => self.refused(messages, &clean(&reason), after),
                Err(Failure::Down { .. } | Failure::Gone { .. }) => held.window.put_back(&events, messages),
            }
        }
    }

    fn refused(&mut self, messages: Vec<Message>, reason: &str, after: Option<Duration>) {
        self.shared.refused.fetch_add(1, Ordering::Relaxed);
        let (now, options) = (self.shop.now(), &self.options);
        let next = |attempts: i64| {
            let delay = options.delay(attempts).max(after.unwrap_or_default());
            (attempts < options.attempts).then(|| now.plus(delay))
        };
        let Some(held) = &mut self.held else { return };
        let mut notices = Vec::new();
        for message in messages {
            let (event, reason) = (message.event, reason.to_owned());
            let attempts = held.window.refused(message, &reason, next);
            if attempts < options.attempts {
                notices.push(Notice::Refused { event, reason, attempts });
            } else {
                self.shared.dead.fetch_add(1, Ordering::Relaxed);
                notices.push(Notice::Dead { event, reason, attempts });
            }
        }
        notices.into_iter().for_each(|notice| self.notify(notice));
    }

    fn mark_down(&mut self, reason: &str, after: Option<Duration>, gone: bool) {
        let now = self.shop.now();
        let times = match &self.down {
            // Deliveries that were in flight together count as one failure.
            Some(down) if down.until > now && !gone => down.times,
            before => before.as_ref().map_or(0, |down| down.times) + 1,
        };
        let back_off = Options::default().back_off(SINK_BACK_OFF.0, SINK_BACK_OFF.1).delay(times);
        let until = now.plus(back_off.max(after.unwrap_or_default()));
        self.down = Some(Down { reason: reason.into(), times, until, gone });
        *self.shared.error.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason.into());
        if gone {
            self.shared.gone.store(true, Ordering::Relaxed);
            self.notify(Notice::Gone(reason.into()));
        } else {
            self.notify(Notice::Down(reason.into()));
        }
    }

    /// Records that the sink accepts deliveries.
    fn mark_up(&mut self) {
        if self.down.as_ref().is_some_and(|down| !down.gone) {
            self.down = None;
            *self.shared.error.lock().unwrap_or_else(PoisonError::into_inner) = None;
            self.notify(Notice::Up);
        }
    }

    /// Reads more events when the store has changed and the window has room.
    pub(super) fn read(&mut self) -> Result<(), Error> {
        let version = self.shop.version()?;
        let changed = version != self.version;
        self.version = version;
        let Some(held) = &mut self.held else { return Ok(()) };
        held.has_more |= changed;
        let room = held.window.ready() < 2 * self.sink.batch() * self.sink.parallel();
        let room = room && held.window.len() < 2 * MAX_PASSED_OVER;
        let room = room && (self.down.is_none() || held.window.ready() == 0);
        if !held.has_more || !room {
            return Ok(());
        }
        let (now, mut view) = (Instant::now(), self.shop.view()?);
        let relay_state = state::relay_state(view.snapshot.as_mut())?;
        held.has_more_passed_over |= relay_state.revived != held.revived;
        held.revived = relay_state.revived;
        if held.has_more_passed_over && held.window.passed_over() < MAX_PASSED_OVER / 2 {
            let passed = reading::passed_over(&mut view, MAX_PASSED_OVER)?;
            held.has_more_passed_over = passed.len() == MAX_PASSED_OVER;
            for (event, subject, delivery) in passed {
                held.window.add_passed(event, subject, delivery, now);
            }
        }
        // An event behind one that is not in the window must wait: both can have the same subject.
        if held.has_more_passed_over || held.window.passed_over() >= MAX_PASSED_OVER {
            return Ok(());
        }
        let messages = reading::messages_after(&mut view, held.window.last_read(), READ_LIMIT)?;
        drop(view);
        held.has_more = messages.len() as i64 == READ_LIMIT;
        let mut missing = Vec::new();
        for message in messages {
            // Pruned events were settled, so they lie before all events that are read here.
            let (first, last) = (held.window.last_read() + 1, message.event.get() - 1);
            if first <= last {
                let (first, last) = (EventId::stored(first), EventId::stored(last));
                missing.push(Notice::Missing { first, last });
            }
            held.window.add(message, now);
        }
        self.missing |= !missing.is_empty();
        missing.into_iter().for_each(|notice| self.notify(notice));
        Ok(())
    }

    /// Sends the events that may go, while the lease lasts longer than a delivery.
    pub(super) fn send(&mut self) -> Result<(), Error> {
        let now = self.shop.now();
        // While the sink is down, one delivery at a time tests it.
        let limit = match &self.down {
            Some(down) if down.until > now => 0,
            Some(_) => 1,
            None => self.sink.parallel().max(1),
        };
        let Some(held) = &mut self.held else { return Ok(()) };
        while self.in_flight < limit && Instant::now() + self.sink.longest() < held.ends {
            let events = held.window.take(self.sink.batch().max(1), now, Instant::now());
            if events.is_empty() {
                break;
            }
            let mut messages: Vec<Message> = Vec::with_capacity(events.len());
            let mut missing = Vec::new();
            for &event in &events {
                match held.window.message(event) {
                    Some(message) => messages.push(message),
                    None => missing.push(event),
                }
            }
            if !missing.is_empty() {
                match self.shop.view().and_then(|mut view| reading::messages_of(&mut view, &missing)) {
                    Ok(rendered) => messages.extend(rendered),
                    Err(error) => {
                        held.window.put_back(&events, messages);
                        return Err(error);
                    }
                }
                messages.sort_unstable_by_key(|message| message.event);
            }
            messages.iter_mut().for_each(|message| message.sent_at = now);
            self.pool.send(Job { term: held.term, events, messages });
            self.in_flight += 1;
        }
        Ok(())
    }
}

/// A sink's message without control characters, cut to 300 characters.
fn clean(text: &str) -> String {
    text.chars().filter(|&c| !crate::text::is_control(c)).take(300).collect()
}
