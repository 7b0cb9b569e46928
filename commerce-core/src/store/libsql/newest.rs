//! The newest state of a server that an instance has seen, by the replication index that comes with every answer.
//!
//! The index goes back when a server that was killed rebuilds its log, and could then reach a number a second time with other
//! rows. So a state is the index and an era, which ends when the index goes back.

use std::sync::atomic::{AtomicU64, Ordering};

/// A state of the server, as a number that differs from those of all others. The low bits are the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Version(u64);

/// The newest state, shared by the clients of one server and of its replica.
#[derive(Debug, Default)]
pub(super) struct Newest(AtomicU64);

/// The bits of an index, which counts pages written: enough for four petabytes.
const INDEX_BITS: u32 = 40;

impl Version {
    fn new(era: u64, index: u64) -> Self {
        Self(era << INDEX_BITS | index)
    }

    pub(super) fn index(self) -> u64 {
        self.0 & ((1 << INDEX_BITS) - 1)
    }

    fn era(self) -> u64 {
        self.0 >> INDEX_BITS
    }

    /// The number by which callers compare versions.
    pub(super) fn number(self) -> i64 {
        self.0.cast_signed()
    }
}

impl Newest {
    /// The newest state that was seen. A question that is sent now is answered by this state or a later one.
    pub(super) fn get(&self) -> Version {
        Version(self.0.load(Ordering::Acquire))
    }

    /// Notes the index in the primary's answer to a question that was sent when `before` was the newest state. Returns the
    /// state of that answer.
    pub(super) fn see(&self, before: Version, index: u64) -> Version {
        let answered = |newest: Version| match newest.era() == before.era() {
            true if index < before.index() => Version::new(newest.era() + 1, index),
            true => Version::new(newest.era(), index),
            // Another answer has shown meanwhile that the index went back.
            false => Version::new(before.era(), index),
        };
        let newer = |newest| Some(answered(Version(newest)).0.max(newest));
        let found = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, newer);
        answered(Version(found.unwrap_or_else(|unchanged| unchanged)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_state_is_kept_and_old_answers_change_nothing() {
        let newest = Newest::default();
        let before = newest.get();
        assert_eq!(newest.see(before, 7), newest.get());
        let older = newest.see(before, 5);
        assert_eq!((older.index(), newest.get().index()), (5, 7));
        assert_eq!(newest.see(newest.get(), 7), newest.get());
    }

    #[test]
    fn an_index_that_goes_back_begins_an_era_in_which_no_earlier_state_comes_again() {
        let newest = Newest::default();
        let mut seen = Vec::new();
        for index in [3, 4, 5, 1, 2, 3, 4, 5, 6, 2, 3] {
            let before = newest.get();
            seen.push(newest.see(before, index));
            assert_eq!(newest.get().index(), index);
        }
        let mut numbers: Vec<_> = seen.iter().map(|version| version.number()).collect();
        assert!(numbers.is_sorted());
        numbers.dedup();
        assert_eq!(numbers.len(), seen.len());
    }

    #[test]
    fn a_late_answer_from_before_the_index_went_back_is_of_its_own_era() {
        let newest = Newest::default();
        newest.see(newest.get(), 5);
        let before = newest.get();
        let restarted = newest.see(before, 1);
        let late = newest.see(before, 6);
        assert_eq!(newest.get(), restarted);
        assert!(late != restarted && late.era() == before.era());
        // Two questions that were both sent before go back once.
        assert_eq!(newest.see(before, 2).era(), before.era());
        assert_eq!(newest.get(), restarted);
    }
}
