//! Lets idempotency keys go that were kept long enough: a few are looked at with the groups that keep new ones,
//! in the order of the table, so that it costs next to nothing and no key stays for good.

use std::sync::Arc;
use std::time::Duration;

use crate::facts::Facts;
use crate::facts::load::Loads;
use crate::time::Time;

/// How many keys are looked at together.
const STEP: usize = 256;

/// How many keys are looked at for each that is kept. More than one, since keys that sort by time come in ahead of
/// the looking; with two a round ends after at most as many new keys as there were old ones.
const PER_KEY: usize = 2;

/// Where the looking stands.
pub(crate) struct Sweep {
    kept: Duration,
    /// The last key that was looked at, and its scope.
    after: (Arc<str>, i64),
    /// Keys that were kept since something was looked at.
    owed: usize,
    rest_until: Time,
}

impl Sweep {
    /// Lets keys go that were kept for longer than `kept`.
    pub(crate) fn new(kept: Duration) -> Self {
        Self { kept, after: ("".into(), 0), owed: 0, rest_until: Time::from_millis(0) }
    }

    /// Adds what to look at to the loads of a group that has so many keys.
    pub(crate) fn load(&mut self, loads: &mut Loads, keys: usize, now: Time) {
        self.owed += keys;
        if self.owed * PER_KEY < STEP || now < self.rest_until {
            return;
        }
        self.owed = 0;
        let (key, scope) = self.after.clone();
        loads.add_aged_keys(key, scope, STEP);
    }

    /// Takes what is too old of what was loaded out of the store.
    pub(crate) fn go(&mut self, facts: &mut Facts, now: Time) {
        let looked_at = facts.drop_keys_before(now.minus(self.kept));
        let Some((count, last)) = looked_at else { return };
        if count == STEP {
            self.after = last;
            return;
        }
        // The end of the table: the next round begins when there can be something to find.
        self.after = ("".into(), 0);
        self.rest_until = now.plus(self.kept / 24);
    }
}
