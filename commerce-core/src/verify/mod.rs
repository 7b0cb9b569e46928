//! Auditing: every figure is computed once more from the rows that explain it.
//!
//! Histories only grow, so they are read in spans, each from a snapshot of its own, up to numbers that were taken
//! before; the figures they add up to are kept in memory, a few for each user and product. Only what is left by then,
//! and the comparison with the stored balances and stocks, needs one moment. So the time grows with the history and no
//! faster, the memory with the users and products, and a working shop can go on: a snapshot that stays open would keep
//! its log from being written over.

mod auditor;
mod cancellations;
mod history;
mod integrity;
mod present;
mod references;
mod repair;
mod report;
mod rows;
mod sales;
mod search;
mod sums;

use crate::engine::Commerce;
use crate::error::Error;

use auditor::Auditor;
use history::{History, Numbers};
pub use report::{Audit, Checked, Difference, Progress};

impl Commerce {
    /// Recomputes every balance, stock, total and sales figure, and tells what differs: the first 1,000 figures.
    ///
    /// # Errors
    /// The store's failure.
    pub fn verify(&self) -> Result<Vec<Difference>, Error> {
        Ok(self.audit(&mut |_| {})?.differences)
    }

    /// The same, and tells how far it is, what was checked, and how much. It takes as long as reading the store a few
    /// times and some 100 bytes of memory for each user and product, and others go on working meanwhile.
    ///
    /// # Errors
    /// The store's failure.
    pub fn audit(&self, progress: &mut dyn FnMut(Progress)) -> Result<Audit, Error> {
        audit(self, progress)
    }

    /// Rebuilds the figures that derive from the ledgers: balances, stocks and where histories begin; and the index of
    /// products, where it differs. Make a backup first; [`Commerce::audit`] tells what differs, before and after.
    ///
    /// # Errors
    /// The store's failure.
    pub fn repair(&self) -> Result<(), Error> {
        self.rebuild(&repair::statements(self)?)
    }
}

/// How often the audit runs after a history that grows meanwhile, before it takes what is left in one moment.
const ROUNDS: usize = 3;

/// Audits a shop, and tells how far it is.
fn audit(shop: &Commerce, progress: &mut dyn FnMut(Progress)) -> Result<Audit, Error> {
    let mut auditor = Auditor::new(shop, progress)?;
    integrity::check(&mut auditor)?;
    rows::check(&mut auditor)?;
    search::check(&mut auditor)?;
    let mut history = History::default();
    for _ in 0..ROUNDS {
        let to = Numbers::of(&mut auditor.view()?)?;
        auditor.total = to.sum();
        report(&mut auditor, &history);
        while history.step(&mut auditor.view()?, &to, &mut auditor.audit)? {
            report(&mut auditor, &history);
        }
    }
    cancellations::check(&mut auditor)?;
    sales::check(&mut auditor)?;
    sums::check(&mut auditor)?;
    let view = &mut auditor.view()?;
    let last = Numbers::of(view)?;
    while history.step(view, &last, &mut auditor.audit)? {}
    present::check(view, history, &last, &mut auditor.audit)?;
    Ok(auditor.audit)
}

fn report(auditor: &mut Auditor<'_>, history: &History) {
    let (what, done) = history.reached();
    auditor.report(what, done);
}
