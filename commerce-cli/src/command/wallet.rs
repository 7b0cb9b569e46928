//! `wallet`: prepaid balances. `charge` and `balance` are short forms.

use clap::Subcommand;
use commerce_core::wallet;

use crate::failure::Failure;
use crate::options::{KeyArg, PageArgs};
use crate::session::Session;
use crate::values::{self, submission};

/// Wallets.
#[derive(Subcommand)]
pub enum Wallet {
    /// Charge a wallet.
    Charge(Charge),
    /// Show what a wallet holds.
    Show(Show),
    /// List what moved a wallet's money, newest first.
    #[command(after_help = "Example:\n  commerce wallet history alice --limit 50")]
    History {
        user: String,
        #[command(flatten)]
        page: PageArgs,
    },
}

/// Charge a wallet.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  commerce charge alice 50000 --key payment-8841")]
pub struct Charge {
    user: String,
    /// How much, in the currency's form: 12.50 for USD.
    #[arg(allow_negative_numbers = true)]
    amount: String,
    #[command(flatten)]
    key: KeyArg,
}

/// Show what a wallet holds.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  commerce balance alice --output json")]
pub struct Show {
    user: String,
}

impl Wallet {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::Charge(charge) => charge.run(session),
            Self::Show(show) => show.run(session),
            Self::History { user, page } => session.list(page, |values| {
                let (user, page) = (values.user(user), values.page(page));
                Some(wallet::History { user: user?, page: page? })
            }),
        }
    }
}

impl Charge {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        let amount = session.money("AMOUNT", &self.amount)?;
        let charge = submission(&self.key, |values| {
            let user = values.user(&self.user)?;
            values.field("amount", wallet::Charge::new(user, amount))
        });
        session.change(charge?)
    }
}

impl Show {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        let balance = values::read(|values| Some(wallet::Balance { user: values.user(&self.user)? }));
        session.show(&session.ask(&balance?)?)
    }
}
