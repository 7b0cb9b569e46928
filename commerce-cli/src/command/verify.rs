//! `verify`: recomputes every figure from the ledgers.

use commerce_core::{Audit, Difference, Progress, Warning};
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::command::backup::copy_path;
use crate::failure::Failure;
use crate::options::{Format, YesArg};
use crate::output::{Column, Record, Rows};
use crate::session::Session;

/// Recompute every figure from the ledgers and print each difference.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  commerce verify
  commerce verify --repair --yes

A stored time in the future causes a warning and is not a difference. JSON has it in `warnings`.")]
pub struct Verify {
    /// Rebuild balances, stocks and history heads from the ledgers. A copy of the store is kept first.
    #[arg(long)]
    repair: bool,
    #[command(flatten)]
    yes: YesArg,
}

impl Verify {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        let action = "rebuild the figures that derive from the ledgers";
        if self.repair {
            session.require_here("verify --repair")?;
            session.require_confirmation(self.yes.yes, action)?;
        }
        let shop = session.shop()?;
        session.print_other_warnings()?;
        let audit = audit(session)?;
        print(session, &audit)?;
        if audit.found == 0 {
            return Ok(());
        }
        let mut remaining = audit.found;
        if self.repair {
            session.confirm(self.yes.yes, action)?;
            let copy = copy_path(&session.location()?, "repair");
            shop.backup(&copy)?;
            session.note(&format!("a copy of the store was kept: {}", copy.display()));
            shop.repair()?;
            remaining = self::audit(session)?.found;
            session.note(&format!("differences that remain: {remaining}"));
        }
        if remaining == 0 { Ok(()) } else { Err(Failure::Partial) }
    }
}

/// Audits the store. A progress bar is shown on a terminal.
fn audit(session: &Session) -> Result<Audit, Failure> {
    let bar = if session.global.quiet { ProgressBar::hidden() } else { ProgressBar::new(0) };
    if let Ok(style) =
        ProgressStyle::with_template("{bar:30} {percent}%  {msg}  {elapsed} elapsed, {eta} left")
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

/// Prints the differences, and what was checked.
fn print(session: &Session, audit: &Audit) -> Result<(), Failure> {
    let Audit { differences, found, checked } = audit;
    // In the other formats, the warnings are on standard error only.
    let warnings = match session.format() {
        Format::Json => session.shop()?.warnings(),
        _ => Vec::new(),
    };
    session.print_answer(&Report {
        differences: differences.clone(),
        found: *found,
        checked: checked.iter().map(|c| (c.what.replace(' ', "_"), c.count.into())).collect(),
        warnings: warnings.iter().map(Warning::to_string).collect(),
    })?;
    let counts: Vec<String> = checked.iter().map(|c| format!("{} {}", HumanCount(c.count), c.what)).collect();
    session.note(&format!("checked: {}", counts.join(", ")));
    match found {
        0 => session.note("no differences: every figure agrees with its ledger"),
        found if *found > differences.len() as u64 => {
            session.note(&format!("{found} differences; only the first {} are shown", differences.len()));
        }
        _ => {}
    }
    Ok(())
}

/// The result of an audit, as it is printed.
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
