//! Deletes idempotency keys that were kept long enough. Each group that keeps new keys also looks at a few old ones, in
//! the order of the table, so that expiry costs next to nothing and no key stays forever.

use std::sync::Arc;
use std::time::Duration;

use crate::facts::Facts;
use crate::facts::load::Loads;
use crate::time::Time;

/// The number of keys that one step looks at.
const STEP: usize = 256;

/// The number of keys to look at for each new key. More than one, since keys that sort by time are inserted ahead of the
/// sweep. With two, a round ends after at most as many new keys as there were old ones.
const PER_KEY: usize = 2;

/// The position of the sweep through the table of keys.
pub(crate) struct KeySweep {
    retention: Duration,
    /// The last key that was looked at, and its scope.
    after: (Arc<str>, i64),
    /// New keys since the last step.
    new_keys: usize,
    paused_until: Time,
}

impl KeySweep {
    /// Deletes keys that are older than `retention`.
    pub(crate) fn new(retention: Duration) -> Self {
        Self { retention, after: ("".into(), 0), new_keys: 0, paused_until: Time::from_millis(0) }
    }

    /// Adds the next step to the loads of a group that has this many keys, when a step is due.
    pub(crate) fn add_load(&mut self, loads: &mut Loads, keys: usize, now: Time) {
        self.new_keys += keys;
        if self.new_keys * PER_KEY < STEP || now < self.paused_until {
            return;
        }
        self.new_keys = 0;
        let (key, scope) = self.after.clone();
        loads.add_aged_keys(key, scope, STEP);
    }

    /// Deletes the loaded keys that have expired.
    pub(crate) fn delete_expired(&mut self, facts: &mut Facts, now: Time) {
        let looked_at = facts.drop_keys_before(now.minus(self.retention));
        let Some((count, last)) = looked_at else { return };
        if count == STEP {
            self.after = last;
            return;
        }
        // The end of the table: the next round begins when there can be something to find.
        self.after = ("".into(), 0);
        self.paused_until = now.plus(self.retention / 24);
    }
}
