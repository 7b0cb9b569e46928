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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::{Kind, Value, table};

    const NOW: i64 = 100_000_000;
    const RETENTION: Duration = Duration::from_hours(24);
    /// The latest time at which a key has expired by [`NOW`].
    const EXPIRED: i64 = NOW - 86_400_000 - 1;

    /// The values of the step that a group with this many new keys takes, if one is due.
    fn step(sweep: &mut KeySweep, keys: usize, now: i64) -> Option<Vec<Value>> {
        let mut loads = Loads::default();
        sweep.add_load(&mut loads, keys, Time::from_millis(now));
        loads.statements().first().map(|statement| statement.values.clone())
    }

    /// Deletes expired keys at [`NOW`] from loaded keys of these times, and returns the scopes of those that were deleted.
    fn delete(sweep: &mut KeySweep, times: &[i64]) -> Vec<i64> {
        let mut facts = Facts::default();
        for (scope, &at) in (1..).zip(times) {
            facts.load_aged_key("k".into(), scope, Time::from_millis(at));
        }
        sweep.delete_expired(&mut facts, Time::from_millis(NOW));
        let changes = facts.changes();
        let deleted = changes.iter().filter(|change| *change.table == table::KEYS);
        deleted
            .flat_map(|change| {
                assert_eq!(change.kind, Kind::Delete);
                change.values.chunks(2).map(|row| row[1].int())
            })
            .collect()
    }

    #[test]
    fn a_step_is_due_after_half_as_many_new_keys_as_it_looks_at() {
        for (groups, due) in [
            (&[0][..], false),
            (&[127], false),
            (&[128], true),
            (&[512], true),
            (&[100, 27], false),
            (&[100, 28], true),
            (&[128, 127], false),
            (&[512, 127], false),
            (&[512, 128], true),
        ] {
            let mut sweep = KeySweep::new(RETENTION);
            let steps: Vec<_> = groups.iter().map(|&keys| step(&mut sweep, keys, NOW)).collect();
            assert_eq!(steps.last().is_some_and(Option::is_some), due, "{groups:?}");
        }
    }

    #[test]
    fn keys_older_than_the_retention_are_deleted() {
        for (times, deleted) in [
            (&[][..], &[][..]),
            (&[EXPIRED], &[1]),
            (&[EXPIRED + 1], &[]),
            (&[0, NOW, EXPIRED, EXPIRED + 1, EXPIRED - 1], &[1, 3, 5]),
        ] {
            assert_eq!(delete(&mut KeySweep::new(RETENTION), times), deleted, "{times:?}");
        }
    }

    #[test]
    fn a_round_continues_after_the_last_key_and_pauses_at_the_end_of_the_table() {
        let hour = 3_600_000;
        let (start, middle) = (("", 0), ("k", 256));
        for (loaded, now, next) in [
            (256, NOW, Some(middle)),
            (256, NOW + hour, Some(middle)),
            (255, NOW, None),
            (255, NOW + hour - 1, None),
            (255, NOW + hour, Some(start)),
            (1, NOW + hour - 1, None),
            // No step was due, so nothing was loaded.
            (0, NOW, Some(start)),
        ] {
            let mut sweep = KeySweep::new(RETENTION);
            delete(&mut sweep, &vec![NOW; loaded]);
            let next = next.map(|(key, scope)| vec![key.into(), Value::Integer(scope), Value::Integer(256)]);
            assert_eq!(step(&mut sweep, 128, now), next, "{loaded} keys, at {now}");
        }
    }
}
