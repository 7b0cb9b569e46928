//! What a store is opened with, what an open one consists of, and what it is restored from.

use std::path::Path;
use std::time::Duration;

use super::{Reader, Store};
use crate::cost::Costs;
use crate::currency::Currency;

/// How to work with a store.
#[derive(Clone, Debug)]
pub(crate) struct StoreOptions {
    /// How long to wait for others.
    pub(crate) busy: Duration,
    /// How many may read at the same time.
    pub(crate) readers: u32,
    /// Where to count what statements cost.
    pub(crate) costs: Costs,
}

/// A store that is ready.
pub(crate) struct OpenedStore {
    pub(crate) writer: Box<dyn Store>,
    pub(crate) reader: Box<dyn Reader>,
    pub(crate) currency: Currency,
    /// Whether there are products that the search does not find yet.
    pub(crate) unindexed: bool,
    /// What whoever runs the store should know.
    pub(crate) warning: Option<String>,
}

/// What to put in the place of everything in a store, and how carefully.
pub(crate) struct Restore<'a> {
    /// The backup.
    pub(crate) from: &'a Path,
    /// A file that is not there yet, where a copy of what is replaced is kept.
    pub(crate) keep: &'a Path,
    /// The currency of the store.
    pub(crate) store: Currency,
    /// Whether a backup in another currency will do.
    pub(crate) other_currency: bool,
}
