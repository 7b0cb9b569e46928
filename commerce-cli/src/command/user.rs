//! `user`: who charges and orders.

use clap::Subcommand;
use commerce_core::user;
use serde_json::json;

use crate::failure::Failure;
use crate::options::{KeyArg, PageArgs};
use crate::session::Session;

/// Users.
#[derive(Subcommand)]
pub enum User {
    /// Add a user with an empty wallet.
    #[command(after_help = "Example:\n  commerce user add alice --name 'Alice 앨리스'")]
    Add {
        user: String,
        /// What people call the user.
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        key: KeyArg,
    },
    /// Show a user.
    #[command(after_help = "Example:\n  commerce user show alice")]
    Show { user: String },
    /// List users.
    #[command(
        after_help = "Examples:\n  commerce user list --search kim\n  commerce user list --all --output csv"
    )]
    List {
        /// Only those whose ID or name has this text.
        #[arg(long)]
        search: Option<String>,
        #[command(flatten)]
        page: PageArgs,
    },
}

impl User {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::Add { user, name, key } => {
                session.change(json!({ "op": "user.add", "user": user, "name": name }), key.key.as_deref())
            }
            Self::Show { user } => session.show(&session.ask("user.get", json!({ "user": user }))?),
            Self::List { search, page } => session.list::<user::List>(json!({ "search": search }), page),
        }
    }
}
