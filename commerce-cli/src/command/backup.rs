//! `backup` and `restore`: copies of the store, made while it is in use.

use std::path::PathBuf;

use serde_json::json;

use crate::args::YesArg;
use crate::exit::Failure;
use crate::session::Session;

/// Copy the store to a new file.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  commerce backup shop-monday.db")]
pub struct Backup {
    /// A file that is not there yet.
    file: PathBuf,
}

/// Replace everything in the store by what is in a backup.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  commerce restore shop-monday.db --yes")]
pub struct Restore {
    /// The backup.
    file: PathBuf,
    #[command(flatten)]
    yes: YesArg,
}

impl Backup {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        session.shop()?.backup(&self.file)?;
        session.show_done(&json!({ "backup": self.file.display().to_string() }))
    }
}

impl Restore {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        let shop = session.shop()?;
        session.confirm(self.yes.yes, &format!("replace everything in {}", session.global.db.display()))?;
        shop.restore(&self.file)?;
        session.show_done(&json!({ "restored": self.file.display().to_string() }))
    }
}
