//! What the writer did so far: counters that it raises and anyone may read at any time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::error::Error;
use crate::signal::Signal;

/// What the writer did so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Groups that were decided.
    pub groups: u64,
    /// Operations in them.
    pub operations: u64,
    /// Groups that changed something: each one commit, with one sync.
    pub commits: u64,
    /// Pages written to the log by these commits (and, in between, by other processes).
    pub pages: u64,
    /// Requests of the writer to the server; none where the store is a file.
    pub requests: u64,
    /// Operations that wait at this moment.
    pub queued: u64,
    /// Operations that were answered `busy`.
    pub busy: u64,
    /// How many operations the groups had: at most 1, 2, 4, … 512.
    pub sizes: Spread<10>,
    /// How many microseconds the groups took from begin to commit: at most 256, 512, … 2^19 (half a second).
    pub times: Spread<12>,
}

/// How values spread: counts of those within each bound, each bound twice the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread<const N: usize> {
    /// How many values were within the bound of the same place and past the one before.
    pub within: [u64; N],
    /// How many values there were, also past the last bound.
    pub count: u64,
    /// Their sum.
    pub sum: u64,
}

/// Counters of the writer.
#[derive(Debug)]
pub(crate) struct Counters {
    pub(crate) groups: AtomicU64,
    pub(crate) operations: AtomicU64,
    pub(crate) commits: AtomicU64,
    pub(crate) pages: AtomicU64,
    /// Told of every commit.
    pub(crate) committed: Signal,
    pub(crate) requests: AtomicU64,
    busy: AtomicU64,
    sizes: Counted<10>,
    times: Counted<12>,
}

#[derive(Debug)]
struct Counted<const N: usize> {
    first: u64,
    within: [AtomicU64; N],
    count: AtomicU64,
    sum: AtomicU64,
}

impl Stats {
    /// The first bound of `times`, in microseconds.
    pub const SHORTEST: u64 = 256;
}

impl Counters {
    /// Counts a group that was decided.
    pub(crate) fn group(&self, operations: usize, took: Duration) {
        self.groups.fetch_add(1, Ordering::Relaxed);
        self.operations.fetch_add(operations as u64, Ordering::Relaxed);
        self.sizes.add(operations as u64);
        self.times.add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    /// Counts operations that were not done because of this.
    pub(crate) fn refused(&self, error: &Error, operations: usize) {
        if matches!(error, Error::Busy(_)) {
            self.busy.fetch_add(operations as u64, Ordering::Relaxed);
        }
    }

    /// The figures as they are now.
    pub(crate) fn stats(&self, queued: usize) -> Stats {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            groups: of(&self.groups),
            operations: of(&self.operations),
            commits: of(&self.commits),
            pages: of(&self.pages),
            requests: of(&self.requests),
            queued: queued as u64,
            busy: of(&self.busy),
            sizes: self.sizes.spread(),
            times: self.times.spread(),
        }
    }
}

impl Default for Counters {
    fn default() -> Self {
        let zero = AtomicU64::default;
        Self {
            groups: zero(),
            operations: zero(),
            commits: zero(),
            pages: zero(),
            committed: Signal::default(),
            requests: zero(),
            busy: zero(),
            sizes: Counted::new(1),
            times: Counted::new(Stats::SHORTEST),
        }
    }
}

impl<const N: usize> Counted<N> {
    fn new(first: u64) -> Self {
        Self {
            first,
            within: [const { AtomicU64::new(0) }; N],
            count: AtomicU64::new(0),
            sum: AtomicU64::new(0),
        }
    }

    fn add(&self, value: u64) {
        let place = (0..N).find(|place| value <= self.first << place);
        if let Some(place) = place {
            self.within[place].fetch_add(1, Ordering::Relaxed);
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    fn spread(&self) -> Spread<N> {
        Spread {
            within: std::array::from_fn(|place| self.within[place].load(Ordering::Relaxed)),
            count: self.count.load(Ordering::Relaxed),
            sum: self.sum.load(Ordering::Relaxed),
        }
    }
}

impl<const N: usize> Default for Spread<N> {
    fn default() -> Self {
        Self { within: [0; N], count: 0, sum: 0 }
    }
}
