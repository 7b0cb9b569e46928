//! The options of a store, the parts of an open one, and the source of a restore.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::{Reader, ServerState, Store};
use crate::cost::Costs;
use crate::currency::Currency;
use crate::time::{Clock, Time};
use crate::warning::Warning;

/// The options of a store.
#[derive(Clone)]
pub(crate) struct StoreOptions {
    /// How long to wait for other processes.
    pub(crate) busy: Duration,
    /// The number of concurrent readers.
    pub(crate) readers: u32,
    /// Counts the cost of statements.
    pub(crate) costs: Costs,
    /// The clock of this instance.
    #[cfg_attr(not(feature = "libsql"), expect(dead_code, reason = "a file needs none"))]
    pub(crate) clock: Arc<dyn Clock>,
    /// Whether to decide by this clock even on a server.
    #[cfg_attr(not(feature = "libsql"), expect(dead_code, reason = "a file needs none"))]
    pub(crate) own_time: bool,
    /// Whether to write to a server that does not sync its commits.
    #[cfg_attr(not(feature = "libsql"), expect(dead_code, reason = "a file needs none"))]
    pub(crate) allow_unsynced: bool,
}

/// An open store.
pub(crate) struct OpenedStore {
    pub(crate) writer: Box<dyn Store>,
    pub(crate) reader: Box<dyn Reader>,
    pub(crate) currency: Currency,
    /// Whether products are missing in the index of the search.
    pub(crate) unindexed: bool,
    /// The state of the server; None for a file.
    pub(crate) server: Option<Arc<ServerState>>,
    /// The newest stored time.
    pub(crate) newest: Time,
    /// What its operator should know.
    pub(crate) warnings: Vec<Warning>,
}

/// The source of a restore, and its precautions.
pub(crate) struct Restore<'a> {
    /// The backup.
    pub(crate) from: &'a Path,
    /// A new file that receives a copy of the replaced content.
    pub(crate) keep: &'a Path,
    /// The currency of the store.
    pub(crate) store: Currency,
    /// Whether a backup in another currency is accepted.
    pub(crate) other_currency: bool,
}
