//! Counters of the writer, which can be read at any time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::commit_notifier::CommitNotifier;
use crate::error::Error;

/// What the writer has done since the store was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Groups of operations that were decided.
    pub groups: u64,
    /// Operations in these groups.
    pub operations: u64,
    /// Groups that changed something. Each is one commit with one sync.
    pub commits: u64,
    /// Pages written to the log by these commits (and, in between, by other processes).
    pub pages: u64,
    /// Requests that the writer sent to the server; 0 for a store in a file.
    pub requests: u64,
    /// Operations that are waiting now.
    pub queued: u64,
    /// Operations that were answered `busy`.
    pub busy: u64,
    /// Operations per group, with the bounds 1, 2, 4, … 512.
    pub sizes: Histogram<10>,
    /// Microseconds from begin to commit per group, with the bounds 256, 512, … 2^19 (half a second).
    pub times: Histogram<12>,
}

/// A histogram of values. Each bound is twice the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Histogram<const N: usize> {
    /// The number of values in each bucket: at most its bound, and more than the bound before.
    pub buckets: [u64; N],
    /// The number of all values, including those beyond the last bound.
    pub count: u64,
    /// The sum of all values.
    pub sum: u64,
}

/// The counters that the writer increments.
#[derive(Debug)]
pub(crate) struct Counters {
    pub(crate) groups: AtomicU64,
    pub(crate) operations: AtomicU64,
    pub(crate) commits: AtomicU64,
    pub(crate) pages: AtomicU64,
    /// Notified of every commit.
    pub(crate) committed: CommitNotifier,
    pub(crate) requests: AtomicU64,
    busy: AtomicU64,
    sizes: AtomicHistogram<10>,
    times: AtomicHistogram<12>,
}

#[derive(Debug)]
struct AtomicHistogram<const N: usize> {
    first: u64,
    buckets: [AtomicU64; N],
    count: AtomicU64,
    sum: AtomicU64,
}

impl Stats {
    /// The first bound of [`Stats::times`], in microseconds.
    pub const SHORTEST: u64 = 256;
}

impl Counters {
    /// Counts a group that was decided.
    pub(crate) fn count_group(&self, operations: usize, took: Duration) {
        self.groups.fetch_add(1, Ordering::Relaxed);
        self.operations.fetch_add(operations as u64, Ordering::Relaxed);
        self.sizes.add(operations as u64);
        self.times.add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    /// Counts operations that failed with this error, if they count as busy.
    pub(crate) fn count_failed(&self, error: &Error, operations: usize) {
        if matches!(error, Error::Busy(_)) {
            self.busy.fetch_add(operations as u64, Ordering::Relaxed);
        }
    }

    /// The present values.
    pub(crate) fn stats(&self, queued: usize) -> Stats {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            groups: load(&self.groups),
            operations: load(&self.operations),
            commits: load(&self.commits),
            pages: load(&self.pages),
            requests: load(&self.requests),
            queued: queued as u64,
            busy: load(&self.busy),
            sizes: self.sizes.load(),
            times: self.times.load(),
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
            committed: CommitNotifier::default(),
            requests: zero(),
            busy: zero(),
            sizes: AtomicHistogram::new(1),
            times: AtomicHistogram::new(Stats::SHORTEST),
        }
    }
}

impl<const N: usize> AtomicHistogram<N> {
    fn new(first: u64) -> Self {
        Self {
            first,
            buckets: [const { AtomicU64::new(0) }; N],
            count: AtomicU64::new(0),
            sum: AtomicU64::new(0),
        }
    }

    fn add(&self, value: u64) {
        let index = (0..N).find(|index| value <= self.first << index);
        if let Some(index) = index {
            self.buckets[index].fetch_add(1, Ordering::Relaxed);
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    fn load(&self) -> Histogram<N> {
        Histogram {
            buckets: std::array::from_fn(|index| self.buckets[index].load(Ordering::Relaxed)),
            count: self.count.load(Ordering::Relaxed),
            sum: self.sum.load(Ordering::Relaxed),
        }
    }
}

impl<const N: usize> Default for Histogram<N> {
    fn default() -> Self {
        Self { buckets: [0; N], count: 0, sum: 0 }
    }
}
