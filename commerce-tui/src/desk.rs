//! Where effects are collected while an event is handled, with the number and key that each gets.

use commerce_core::{Key, Time};

use crate::effect::{Ask, Change, Deed, Effect, Request, Topic};

/// Collects effects.
#[derive(Clone, Debug)]
pub struct Desk {
    /// The present time.
    pub now: Time,
    /// Whether nothing may be changed.
    pub read_only: bool,
    effects: Vec<Effect>,
    last: u64,
    run: Key,
}

impl Desk {
    /// `run` begins every idempotency key of this run.
    pub fn new(now: Time, read_only: bool, run: Key) -> Self {
        Self { now, read_only, effects: Vec::new(), last: 0, run }
    }

    /// Wants a question asked, and gives its number.
    pub fn ask(&mut self, topic: Topic, ask: Ask) -> u64 {
        self.last += 1;
        self.effects.push(Effect::Ask(Request { number: self.last, topic, ask }));
        self.last
    }

    /// A change with a number and a key of its own.
    pub fn change(&mut self, deed: Deed) -> Change {
        self.last += 1;
        Change { number: self.last, deed, key: self.key() }
    }

    /// The same change once more: another number, the same key.
    pub fn again(&mut self, change: &Change) -> Change {
        self.last += 1;
        Change { number: self.last, ..change.clone() }
    }

    /// Wants something done.
    pub fn want(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// Hands out what was collected.
    pub fn collected(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    fn key(&self) -> Key {
        // A run's key is 36 characters and a number at most 20, all visible: this cannot fail.
        Key::try_from(format!("{}-{}", self.run, self.last)).unwrap_or_else(|_| self.run.clone())
    }
}
