//! `backup` and `restore`: copies of the store, made while it is in use.

use std::path::PathBuf;

use commerce_core::{Clock, Location, SystemClock};
use serde::Serialize;

use crate::failure::Failure;
use crate::options::YesArg;
use crate::output::{Column, Nothing, Record};
use crate::session::Session;

/// Copy the store to a new file.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  commerce backup shop-monday.db")]
pub struct Backup {
    /// A file that is not there yet.
    file: PathBuf,
}

/// Replace everything in the store by what is in a backup, after a copy of the store was kept.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  commerce restore shop-monday.db --yes")]
pub struct Restore {
    /// The backup.
    file: PathBuf,
    /// Restore a backup whose currency is not the store's.
    #[arg(long)]
    other_currency: bool,
    #[command(flatten)]
    yes: YesArg,
}

impl Backup {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        session.shop()?.backup(&self.file)?;
        session.show_done(&Copied { backup: self.file.display().to_string() })
    }
}

impl Restore {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        let shop = session.shop()?;
        session.confirm(self.yes.yes, &format!("replace everything in {}", session.global.db.display()))?;
        let keep = aside(&session.location()?, "restore");
        let restored = match self.other_currency {
            true => shop.restore_other_currency(&self.file, &keep),
            false => shop.restore(&self.file, &keep),
        };
        // Where the copy was made and the rest failed, it is told all the same.
        if keep.exists() {
            session.note(&format!("the store as it was: {}", keep.display()));
        }
        restored?;
        let (restored, kept) = (self.file.display().to_string(), keep.display().to_string());
        session.show_done(&Restored { restored, kept })
    }
}

/// A copy of the store.
#[derive(Serialize)]
struct Copied {
    backup: String,
}

impl Record for Copied {
    const COLUMNS: &'static [Column<Self>] = &[Column::new("backup", |copied| (&copied.backup).into())];
    type Row = Nothing;
}

/// A store as it was in a backup.
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
    type Row = Nothing;
}

/// Where a copy of the store goes before `what` changes it.
pub fn aside(location: &Location, what: &str) -> PathBuf {
    let mut name = match location {
        Location::File(file) => file.clone().into_os_string(),
        _ => "commerce.db".into(),
    };
    name.push(format!(".before-{what}-{}", SystemClock.now().millis()));
    name.into()
}
