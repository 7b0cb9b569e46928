//! The options of an engine.

use std::sync::Arc;
use std::time::Duration;

use crate::cost::Costs;
use crate::store::StoreOptions;
use crate::time::Clock;

/// Options of an engine.
#[derive(Clone)]
pub struct Options {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) busy_timeout: Duration,
    pub(crate) queue: usize,
    readers: u32,
    pub(crate) keep_keys: Duration,
    pub(crate) costs: Costs,
    own_time: bool,
    pub(crate) allow_unsynced: bool,
}

impl Options {
    /// The default options, with the clock that gives the time of a store in a file. On a server the server's clock does,
    /// so that no instance's wrong clock changes anything for the others ([`Options::own_time`]).
    pub fn new(clock: impl Clock) -> Self {
        Self {
            clock: Arc::new(clock),
            busy_timeout: Duration::from_secs(10),
            queue: 8_192,
            readers: 4,
            keep_keys: Duration::from_hours(24),
            costs: Costs::default(),
            own_time: false,
            allow_unsynced: false,
        }
    }

    /// How long an operation waits for other processes before it fails with [`Error::Busy`](crate::Error::Busy). The default is 10 s.
    #[must_use]
    pub fn busy_timeout(self, timeout: Duration) -> Self {
        Self { busy_timeout: timeout, ..self }
    }

    /// How many operations may wait for the writer. Further ones fail with [`Error::Busy`](crate::Error::Busy). The default is 8,192.
    #[must_use]
    pub fn queue(self, operations: usize) -> Self {
        Self { queue: operations, ..self }
    }

    /// Keeps idempotency keys for at least this long. The default is 24 hours. Older keys are deleted little by little as
    /// new ones come, so all programs on one store should use the same time.
    #[must_use]
    pub fn keep_keys(self, time: Duration) -> Self {
        Self { keep_keys: time, ..self }
    }

    /// How many queries may read at the same time. Further ones wait. The default is 4.
    #[must_use]
    pub fn readers(self, readers: u32) -> Self {
        Self { readers: readers.max(1), ..self }
    }

    /// Decides by the clock of these options even on a server, as simulations and tests with a clock of their own need. All
    /// instances on the server must then share that clock.
    #[must_use]
    pub fn own_time(self) -> Self {
        Self { own_time: true, ..self }
    }

    /// Writes to a server that does not sync its commits, which may then be lost when its machine fails. By default such
    /// writes are refused with [`Error::Unavailable`](crate::Error::Unavailable); reads never are. This has no effect on a file.
    #[must_use]
    pub fn allow_unsynced(self) -> Self {
        Self { allow_unsynced: true, ..self }
    }

    /// Counts the cost of each statement for [`Commerce::costs`](crate::Commerce::costs). Counting takes some microseconds per statement.
    #[must_use]
    pub fn count_costs(self) -> Self {
        Self { costs: Costs::enabled(), ..self }
    }

    pub(crate) fn store_options(&self) -> StoreOptions {
        StoreOptions {
            busy: self.busy_timeout,
            readers: self.readers,
            costs: self.costs.clone(),
            clock: self.clock.clone(),
            own_time: self.own_time,
            allow_unsynced: self.allow_unsynced,
        }
    }
}
