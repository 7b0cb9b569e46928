//! The cost of statements, counted by SQLite. The figures depend only on the rows and the query plan, so they are the
//! same on every machine and can be tested.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Statement, StatementStatus};

/// The cost of all runs of one statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// The SQL text.
    pub sql: String,
    /// The number of runs.
    pub runs: u64,
    /// Rows that were returned or changed.
    pub rows: u64,
    /// Instructions of SQLite's virtual machine, a measure of the work.
    pub steps: u64,
    /// Rows stepped over in full scans of a table or index.
    pub scanned: u64,
    /// The number of sorts.
    pub sorts: u64,
    /// Rows inserted into automatic indexes.
    pub indexed: u64,
}

/// Counts costs, if enabled. Clones share the counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Costs(Option<Arc<Mutex<Vec<Cost>>>>);

impl Costs {
    /// An enabled counter.
    pub(crate) fn enabled() -> Self {
        Self(Some(Arc::default()))
    }

    /// Records a finished run.
    pub(crate) fn record(&self, sql: &str, statement: &Statement<'_>, rows: usize) {
        let Some(costs) = &self.0 else { return };
        let mut costs = costs.lock().unwrap_or_else(PoisonError::into_inner);
        let index = costs.iter().position(|cost| cost.sql == sql).unwrap_or_else(|| {
            costs.push(Cost { sql: sql.into(), ..Cost::default() });
            costs.len() - 1
        });
        let count = |status| u64::try_from(statement.reset_status(status)).unwrap_or(0);
        let cost = &mut costs[index];
        cost.runs += 1;
        cost.rows += rows as u64;
        cost.steps += count(StatementStatus::VmStep);
        cost.scanned += count(StatementStatus::FullscanStep);
        cost.sorts += count(StatementStatus::Sort);
        cost.indexed += count(StatementStatus::AutoIndex);
    }

    /// Takes the costs since the last call, in the order in which the statements first ran.
    pub(crate) fn take(&self) -> Vec<Cost> {
        let take = |costs: &Arc<Mutex<Vec<Cost>>>| {
            std::mem::take(&mut *costs.lock().unwrap_or_else(PoisonError::into_inner))
        };
        self.0.as_ref().map(take).unwrap_or_default()
    }
}
