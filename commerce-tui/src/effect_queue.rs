//! The effects that one event causes, in order. Every request and command gets its id here, every new command its
//! idempotency key.

use commerce_core::{Key, Time};

use crate::effect::{Command, Effect, Operation, Query, Request};

/// A queue of effects.
#[derive(Clone, Debug)]
pub struct EffectQueue {
    /// The time of the event that is being handled.
    pub now: Time,
    queued: Vec<Effect>,
    last_id: u64,
    key_prefix: Key,
}

impl EffectQueue {
    /// An empty queue. Every idempotency key it assigns starts with `key_prefix`, which must differ from run to run.
    pub fn new(now: Time, key_prefix: Key) -> Self {
        Self { now, queued: Vec::new(), last_id: 0, key_prefix }
    }

    /// Queues a query, and returns the id of the request.
    pub fn query(&mut self, query: Query) -> u64 {
        let id = self.next_id();
        self.queued.push(Effect::Query(Request { id, query }));
        id
    }

    /// Queues any other effect.
    pub fn push(&mut self, effect: Effect) {
        self.queued.push(effect);
    }

    /// Makes a command, with an id and a key of its own. It is not queued.
    pub fn command(&mut self, operation: Operation) -> Command {
        let id = self.next_id();
        Command { id, operation, key: self.key(id) }
    }

    /// Makes a command that repeats another one: a new id, the same key. It is not queued.
    pub fn repeat(&mut self, command: &Command) -> Command {
        Command { id: self.next_id(), ..command.clone() }
    }

    /// Removes and returns the queued effects.
    pub fn take(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.queued)
    }

    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    fn key(&self, id: u64) -> Key {
        // A prefix has 36 characters and a number at most 20, all visible: this cannot fail.
        Key::try_from(format!("{}-{id}", self.key_prefix)).unwrap_or_else(|_| self.key_prefix.clone())
    }
}
