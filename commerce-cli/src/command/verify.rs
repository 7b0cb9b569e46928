//! `verify`: every figure computed once more from the ledgers.

use serde_json::json;

use crate::args::{Output, YesArg};
use crate::command::backup::aside;
use crate::exit::Failure;
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
        let mut differences = shop.verify()?;
        let mut told = json!({ "differences": differences });
        // People were warned when the store was opened.
        let ahead = if session.output() == Output::Json { shop.ahead()?.warning() } else { None };
        if let Some(warning) = ahead {
            told["warnings"] = json!([warning]);
        }
        session.show_rows("verify", "differences", &told)?;
        if differences.is_empty() {
            session.note("no differences: every figure agrees with its ledger");
            return Ok(());
        }
        if self.repair {
            session.confirm(self.yes.yes, what)?;
            let copy = aside(&session.location()?, "repair");
            shop.backup(&copy)?;
            session.note(&format!("the store as it was: {}", copy.display()));
            shop.repair()?;
            differences = shop.verify()?;
            session.note(&format!("differences left: {}", differences.len()));
        }
        if differences.is_empty() { Ok(()) } else { Err(Failure::Partly) }
    }
}
