//! `verify`: every figure computed once more from the ledgers.

use commerce_core::{Audit, Difference, Progress};
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::command::backup::aside;
use crate::failure::Failure;
use crate::options::{Output, YesArg};
use crate::output::{Column, Record, Rows};
use crate::session::Session;

/// Recompute every figure.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  commerce verify
  commerce verify --repair --yes

A newest time that lies in the future is no difference, but warned of; with --output json in `warnings`.")]
pub struct Verify {
    /// Rebuild what derives from the ledgers (balances, stocks, where histories begin), after a backup.
    #[arg(long)]
    repair: bool,
    #[command(flatten)]
    yes: YesArg,
}

impl Verify {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        let what = "rebuild the derived figures";
        if self.repair {
            session.can_confirm(self.yes.yes, what)?;
        }
        let shop = session.shop()?;
        let audit = audit(session)?;
        tell(session, &audit)?;
        if audit.found == 0 {
            return Ok(());
        }
        let mut left = audit.found;
        if self.repair {
            session.confirm(self.yes.yes, what)?;
            let copy = aside(&session.location()?, "repair");
            shop.backup(&copy)?;
            session.note(&format!("the store as it was: {}", copy.display()));
            shop.repair()?;
            left = self::audit(session)?.found;
            session.note(&format!("differences left: {left}"));
        }
        if left == 0 { Ok(()) } else { Err(Failure::Partly) }
    }
}

/// Audits the store, with a progress bar where there is a terminal.
fn audit(session: &Session) -> Result<Audit, Failure> {
    let bar = if session.global.quiet { ProgressBar::hidden() } else { ProgressBar::new(0) };
    if let Ok(style) =
        ProgressStyle::with_template("{bar:30} {percent}%  {msg}  {elapsed} so far, {eta} left")
    {
        bar.set_style(style);
    }
    let audit = session.shop()?.audit(&mut |Progress { what, done, total }| {
        bar.set_length(total);
        bar.set_position(done);
        bar.set_message(what);
    });
    bar.finish_and_clear();
    Ok(audit?)
}

fn tell(session: &Session, audit: &Audit) -> Result<(), Failure> {
    let Audit { differences, found, checked } = audit;
    // People were warned when the store was opened.
    let warning = match session.output() {
        Output::Json => session.shop()?.ahead()?.warning(),
        _ => None,
    };
    session.show(&Report {
        differences: differences.clone(),
        found: *found,
        checked: checked.iter().map(|c| (c.what.replace(' ', "_"), c.count.into())).collect(),
        warnings: warning.into_iter().collect(),
    })?;
    let counts: Vec<String> = checked.iter().map(|c| format!("{} {}", HumanCount(c.count), c.what)).collect();
    session.note(&format!("checked: {}", counts.join(", ")));
    match found {
        0 => session.note("no differences: every figure agrees with its ledger"),
        found if *found > differences.len() as u64 => {
            session
                .note(&format!("{found} differences in all; only the first {} are shown", differences.len()));
        }
        _ => {}
    }
    Ok(())
}

/// An audit as it is printed.
#[derive(Serialize)]
struct Report {
    differences: Vec<Difference>,
    found: u64,
    checked: Map<String, Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

impl Record for Report {
    const COLUMNS: &'static [Column<Self>] = &[];
    type Row = Difference;

    fn rows(&self) -> Rows<'_, Difference> {
        Rows::List(&self.differences)
    }
}
