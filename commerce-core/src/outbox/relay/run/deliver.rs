//! Delivering: read what was committed, send what may go, and take in what became of it.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::{DOWN, Down, PASSED, Run};
use crate::error::Error;
use crate::number::EventId;
use crate::outbox::relay::pool::Job;
use crate::outbox::relay::{Notice, Options, reading};
use crate::outbox::sink::{Failure, Message};
use crate::outbox::state;

/// The most events read at once.
const READ: i64 = 1_000;

impl Run {
    /// Takes in what became of the jobs.
    pub(super) fn collect(&mut self) {
        while let Some((job, outcome)) = self.pool.done() {
            self.flying -= 1;
            self.sink.warnings().into_iter().for_each(|warning| self.tell(Notice::Warning(warning)));
            let Job { term, events, messages } = job;
            if outcome.is_ok() {
                self.shared.delivered.fetch_add(events.len() as u64, Ordering::Relaxed);
            }
            match &outcome {
                Ok(()) | Err(Failure::Refused { .. }) => self.up(),
                Err(Failure::Down { because, after }) => self.down(&clean(because), *after, false),
                Err(Failure::Gone { because }) => self.down(&clean(because), None, true),
            }
            // What an earlier term sent is not for this one to judge: it was read anew.
            let Some(held) = self.held.as_mut().filter(|held| held.term == term) else { continue };
            match outcome {
                Ok(()) => held.window.accepted(&events),
                Err(Failure::Refused { .. }) if events.len() > 1 => held.window.part(&events, messages),
                Err(Failure::Refused { because, after }) => self.refused(messages, &clean(&because), after),
                Err(Failure::Down { .. } | Failure::Gone { .. }) => held.window.put_back(&events, messages),
            }
        }
    }

    fn refused(&mut self, messages: Vec<Message>, because: &str, after: Option<Duration>) {
        self.shared.refused.fetch_add(1, Ordering::Relaxed);
        let (now, options) = (self.shop.now(), &self.options);
        let next = |attempts: i64| {
            let delay = options.delay(attempts).max(after.unwrap_or_default());
            (attempts < options.attempts).then(|| now.plus(delay))
        };
        let Some(held) = &mut self.held else { return };
        let mut notices = Vec::new();
        for message in messages {
            let (event, because) = (message.event, because.to_owned());
            let attempts = held.window.refused(message, &because, next);
            if attempts < options.attempts {
                notices.push(Notice::Refused { event, because, attempts });
            } else {
                self.shared.dead.fetch_add(1, Ordering::Relaxed);
                notices.push(Notice::Dead { event, because, attempts });
            }
        }
        notices.into_iter().for_each(|notice| self.tell(notice));
    }

    fn down(&mut self, because: &str, after: Option<Duration>, gone: bool) {
        let now = self.shop.now();
        let times = match &self.down {
            // Several jobs that were on their way together are one time.
            Some(down) if down.until > now && !gone => down.times,
            before => before.as_ref().map_or(0, |down| down.times) + 1,
        };
        let back_off = Options::default().back_off(DOWN.0, DOWN.1).delay(times);
        let until = now.plus(back_off.max(after.unwrap_or_default()));
        self.down = Some(Down { because: because.into(), times, until, gone });
        *self.shared.error.lock().unwrap_or_else(PoisonError::into_inner) = Some(because.into());
        if gone {
            self.shared.gone.store(true, Ordering::Relaxed);
            self.tell(Notice::Gone(because.into()));
        } else {
            self.tell(Notice::Down(because.into()));
        }
    }

    /// The sink answers.
    fn up(&mut self) {
        if self.down.as_ref().is_some_and(|down| !down.gone) {
            self.down = None;
            *self.shared.error.lock().unwrap_or_else(PoisonError::into_inner) = None;
            self.tell(Notice::Up);
        }
    }

    /// Reads on, when somebody committed and there is room.
    pub(super) fn read(&mut self) -> Result<(), Error> {
        let version = self.shop.version()?;
        let changed = version != self.version;
        self.version = version;
        let Some(held) = &mut self.held else { return Ok(()) };
        held.more |= changed;
        let room = held.window.ready() < 2 * self.sink.batch() * self.sink.parallel();
        let room = room && held.window.len() < 2 * PASSED;
        let room = room && (self.down.is_none() || held.window.ready() == 0);
        if !held.more || !room {
            return Ok(());
        }
        let (now, mut view) = (Instant::now(), self.shop.view()?);
        let relay_state = state::relay_state(view.snapshot.as_mut())?;
        held.more_passed |= relay_state.revived != held.revived;
        held.revived = relay_state.revived;
        if held.more_passed && held.window.passed() < PASSED / 2 {
            let passed = reading::passed(&mut view, PASSED)?;
            held.more_passed = passed.len() == PASSED;
            for (event, subject, delivery) in passed {
                held.window.add_passed(event, subject, delivery, now);
            }
        }
        // An event behind one that is not in the window must wait, for it may be of the same subject.
        if held.more_passed || held.window.passed() >= PASSED {
            return Ok(());
        }
        let messages = reading::after(&mut view, held.window.read(), READ)?;
        drop(view);
        held.more = messages.len() as i64 == READ;
        let mut missing = Vec::new();
        for message in messages {
            // What is pruned was settled, so it lies before all that is read here.
            let (first, last) = (held.window.read() + 1, message.event.get() - 1);
            if first <= last {
                let (first, last) = (EventId::stored(first), EventId::stored(last));
                missing.push(Notice::Missing { first, last });
            }
            held.window.add(message, now);
        }
        self.missing |= !missing.is_empty();
        missing.into_iter().for_each(|notice| self.tell(notice));
        Ok(())
    }

    /// Sends what may go, while the lease lasts long enough for it.
    pub(super) fn send(&mut self) -> Result<(), Error> {
        let now = self.shop.now();
        // While the sink is down, one job tries whether it still is.
        let most = match &self.down {
            Some(down) if down.until > now => 0,
            Some(_) => 1,
            None => self.sink.parallel().max(1),
        };
        let Some(held) = &mut self.held else { return Ok(()) };
        while self.flying < most && Instant::now() + self.sink.longest() < held.ends {
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
                match self.shop.view().and_then(|mut view| reading::these(&mut view, &missing)) {
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
            self.flying += 1;
        }
        Ok(())
    }
}

/// A sink's sentence, fit to be stored and shown.
fn clean(text: &str) -> String {
    text.chars().filter(|&c| !crate::text::is_control(c)).take(300).collect()
}
