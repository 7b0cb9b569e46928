//! What statements cost, counted where SQLite runs them. The figures follow from the rows and the plan alone, so they are
//! the same on every machine, and a test can hold them.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Statement, StatementStatus};

/// What the runs of one statement cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// The text.
    pub sql: String,
    /// How often it ran.
    pub runs: u64,
    /// Rows that it answered, or changed.
    pub rows: u64,
    /// Instructions of SQLite's virtual machine, the measure of the work.
    pub steps: u64,
    /// Steps forward through a whole table or index, from its beginning.
    pub scanned: u64,
    /// Sorts.
    pub sorts: u64,
    /// Rows put into indexes that were made for the run alone.
    pub indexed: u64,
}

/// Where costs are counted, if at all. Clones count together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Costs(Option<Arc<Mutex<Vec<Cost>>>>);

impl Costs {
    /// Counts from now on.
    pub(crate) fn counted() -> Self {
        Self(Some(Arc::default()))
    }

    /// Counts a run that has ended.
    pub(crate) fn record(&self, sql: &str, statement: &Statement<'_>, rows: usize) {
        let Some(costs) = &self.0 else { return };
        let mut costs = costs.lock().unwrap_or_else(PoisonError::into_inner);
        let place = costs.iter().position(|cost| cost.sql == sql).unwrap_or_else(|| {
            costs.push(Cost { sql: sql.into(), ..Cost::default() });
            costs.len() - 1
        });
        let count = |status| u64::try_from(statement.reset_status(status)).unwrap_or(0);
        let cost = &mut costs[place];
        cost.runs += 1;
        cost.rows += rows as u64;
        cost.steps += count(StatementStatus::VmStep);
        cost.scanned += count(StatementStatus::FullscanStep);
        cost.sorts += count(StatementStatus::Sort);
        cost.indexed += count(StatementStatus::AutoIndex);
    }

    /// What was counted since the last time, in the order in which the statements first ran.
    pub(crate) fn take(&self) -> Vec<Cost> {
        let take = |costs: &Arc<Mutex<Vec<Cost>>>| {
            std::mem::take(&mut *costs.lock().unwrap_or_else(PoisonError::into_inner))
        };
        self.0.as_ref().map(take).unwrap_or_default()
    }
}
