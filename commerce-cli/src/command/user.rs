//! `user`: who charges and orders.

use clap::Subcommand;
use commerce_core::{Name, user};

use crate::failure::Failure;
use crate::options::{KeyArg, PageArgs};
use crate::session::Session;
use crate::values::{self, submission};

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
                let add = submission(key, |values| {
                    let user = values.new_id("user", user);
                    let name = values.optional("name", name.as_deref(), Name::try_from);
                    Some(user::Add { user: user?, name: name? })
                });
                session.change(add?)
            }
            Self::Show { user } => {
                let get = values::read(|values| Some(user::Get { user: values.user(user)? }));
                session.show(&session.ask(&get?)?)
            }
            Self::List { search, page } => session
                .list(page, |values| Some(user::List { search: search.clone(), page: values.page(page)? })),
        }
    }
}
