//! `user`: the people who charge wallets and order.

use clap::Subcommand;
use commerce_core::{Name, user};

use crate::failure::Failure;
use crate::options::{KeyArg, PageArgs};
use crate::session::Session;
use crate::values::{self, submission};

/// Manage users.
#[derive(Subcommand)]
pub enum User {
    /// Add a user with an empty wallet.
    #[command(after_help = "Example:\n  commerce user add alice --name 'Alice 앨리스'")]
    Add {
        /// The identifier of the new user: 1 to 64 characters of A-Z a-z 0-9 . _ @ -
        user: String,
        /// The name of the user, for display.
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        key: KeyArg,
    },
    /// Show a user.
    #[command(after_help = "Example:\n  commerce user show alice")]
    Show {
        /// Show this user.
        user: String,
    },
    /// List users.
    #[command(
        after_help = "Examples:\n  commerce user list --search kim\n  commerce user list --all --output csv"
    )]
    List {
        /// Only users whose identifier or name contains this text.
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
                let add = submission(key, |values| {
                    let user = values.new_id("user", user);
                    let name = values.optional("name", name.as_deref(), Name::try_from);
                    Some(user::Add { user: user?, name: name? })
                });
                session.perform(add?)
            }
            Self::Show { user } => {
                let get = values::read(|values| Some(user::Get { user: values.user(user)? }));
                session.print_answer(&session.query(&get?)?)
            }
            Self::List { search, page } => session
                .list(page, |values| Some(user::List { search: search.clone(), page: values.page(page)? })),
        }
    }
}
