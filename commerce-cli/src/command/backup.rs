//! `backup` and `restore`: copies of a store that is in use.

use std::path::PathBuf;

use commerce_core::{Clock, Location, SystemClock};
use serde::Serialize;

use crate::failure::Failure;
use crate::options::YesArg;
use crate::output::{Column, NoRows, Record};
use crate::session::Session;

/// Copy the store to a new file.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  commerce backup shop-monday.db")]
pub struct Backup {
    /// Write the copy to this file, which must not exist yet.
    file: PathBuf,
}

/// Replace the content of the store with a backup. A copy of the store is kept first.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  commerce restore shop-monday.db --yes")]
pub struct Restore {
    /// Restore this backup.
    file: PathBuf,
    /// Allow a backup in another currency.
    #[arg(long)]
    other_currency: bool,
    #[command(flatten)]
    yes: YesArg,
}

impl Backup {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        session.require_here("backup")?;
        session.shop()?.backup(&self.file)?;
        session.print_done(&BackedUp { backup: self.file.display().to_string() })
    }
}

impl Restore {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        session.require_here("restore")?;
        let shop = session.shop()?;
        let store = session.store()?.place.display();
        session.confirm(self.yes.yes, &format!("replace the content of {store}"))?;
        let kept = copy_path(&session.location()?, "restore");
        let restored = match self.other_currency {
            true => shop.restore_other_currency(&self.file, &kept),
            false => shop.restore(&self.file, &kept),
        };
        // Reported even if the restore failed after the copy was made.
        if kept.exists() {
            session.note(&format!("a copy of the store was kept: {}", kept.display()));
        }
        restored?;
        let (restored, kept) = (self.file.display().to_string(), kept.display().to_string());
        session.print_done(&Restored { restored, kept })
    }
}

/// The result of `backup`.
#[derive(Serialize)]
struct BackedUp {
    backup: String,
}

impl Record for BackedUp {
    const COLUMNS: &'static [Column<Self>] = &[Column::new("backup", |done| (&done.backup).into())];
    type Row = NoRows;
}

/// The result of `restore`.
#[derive(Serialize)]
struct Restored {
    restored: String,
    kept: String,
}

impl Record for Restored {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("restored", |done| (&done.restored).into()),
        Column::new("kept", |done| (&done.kept).into()),
    ];
    type Row = NoRows;
}

/// The path of the copy that is kept before `command` changes the store.
pub fn copy_path(location: &Location, command: &str) -> PathBuf {
    let mut name = match location {
        Location::File(file) => file.clone().into_os_string(),
        _ => "commerce.db".into(),
    };
    name.push(format!(".before-{command}-{}", SystemClock.now().millis()));
    name.into()
}
