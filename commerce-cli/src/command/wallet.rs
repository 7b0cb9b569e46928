//! `wallet`: the prepaid balances of users. `charge` and `balance` are short forms.

use clap::Subcommand;
use commerce_core::wallet;

use crate::failure::Failure;
use crate::options::{KeyArg, PageArgs};
use crate::session::Session;
use crate::values::{self, submission};

/// Manage wallets.
#[derive(Subcommand)]
pub enum Wallet {
    /// Add money to a wallet.
    Charge(Charge),
    /// Show the balance of a wallet.
    Show(Show),
    /// List the ledger of a wallet, newest entry first.
    #[command(after_help = "Example:\n  commerce wallet history alice --limit 50")]
    History {
        /// Show the ledger of this user.
        user: String,
        #[command(flatten)]
        page: PageArgs,
    },
}

/// Add money to a wallet.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  commerce charge alice 50000 --key payment-8841")]
pub struct Charge {
    /// Charge the wallet of this user.
    user: String,
    /// The amount, in the currency's decimal form: 12.50 for USD.
    #[arg(allow_negative_numbers = true)]
    amount: String,
    #[command(flatten)]
    key: KeyArg,
}

/// Show the balance of a wallet.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  commerce balance alice --output json")]
pub struct Show {
    /// Show the balance of this user.
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
        let amount = session.amount("AMOUNT", &self.amount)?;
        let charge = submission(&self.key, |values| {
            let checked = wallet::Charge::check_amount(&amount).map(|()| amount);
            let (user, amount) = (values.user(&self.user), values.field("amount", checked));
            wallet::Charge::new(user?, amount?).ok()
        });
        session.perform(charge?)
    }
}

impl Show {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        let balance = values::read(|values| Some(wallet::Balance { user: values.user(&self.user)? }));
        session.print_answer(&session.query(&balance?)?)
    }
}
