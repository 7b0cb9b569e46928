//! The audit computes every figure again from the rows that explain it.
//!
//! Histories only grow, so they are read in spans, each from a snapshot of its own, up to numbers that were taken
//! before. Their sums are kept in memory, a few for each user and product. Only the rest, and the comparison with the
//! stored balances and stocks, needs one snapshot. So the time is linear in the history, the memory in the users and
//! products, and other operations continue: a snapshot that stays open would keep the log from being reset.

mod auditor;
mod cancellations;
mod history;
mod integrity;
mod present;
mod references;
mod repair;
pub(crate) mod report;
mod rows;
mod sales;
mod search;
mod sums;

use crate::commerce::Commerce;
use crate::engine::Engine;
use crate::error::Error;

use auditor::Auditor;
use history::{History, Numbers};
pub use report::{Audit, Checked, Difference, Progress};

impl Commerce {
    /// Recomputes every balance, stock, total and sales figure, and returns the first 1,000 differences.
    ///
    /// # Errors
    /// The store's failure.
    pub fn verify(&self) -> Result<Vec<Difference>, Error> {
        Ok(self.audit(&mut |_| {})?.differences)
    }

    /// Recomputes every figure, reports progress, and returns what was checked and what differs. The audit takes as
    /// long as reading the store a few times, and about 100 bytes of memory for each user and product. Other
    /// operations continue meanwhile. That of a served shop runs at its server.
    ///
    /// # Errors
    /// The store's failure.
    pub fn audit(&self, progress: &mut dyn FnMut(Progress)) -> Result<Audit, Error> {
        match self.served() {
            Some(shop) => shop.audit(progress),
            None => audit(self.engine("an audit")?, progress),
        }
    }

    /// Rebuilds the figures that derive from the ledgers: balances, stocks and the beginnings of histories; and the
    /// index of products if it differs. Make a backup first. [`Commerce::audit`] shows the differences, before and
    /// after.
    ///
    /// # Errors
    /// The store's failure.
    pub fn repair(&self) -> Result<(), Error> {
        let engine = self.engine("a repair")?;
        engine.rebuild(&repair::statements(engine)?)
    }
}

/// How often the audit follows growing histories before it reads the rest in one snapshot.
const ROUNDS: usize = 3;

/// Audits a store, and reports progress.
fn audit(shop: &Engine, progress: &mut dyn FnMut(Progress)) -> Result<Audit, Error> {
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
    let (what, done) = history.progress();
    auditor.report(what, done);
}
