//! `wallet`: prepaid balances. `charge` and `balance` are short forms.

use clap::Subcommand;
use commerce_core::wallet;
use serde_json::json;

use crate::failure::Failure;
use crate::options::{KeyArg, PageArgs};
use crate::session::Session;

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
            Self::History { user, page } => session.list::<wallet::History>(json!({ "user": user }), page),
        }
    }
}

impl Charge {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        let amount = session.money("AMOUNT", &self.amount)?;
        let operation = json!({ "op": "wallet.charge", "user": self.user, "amount": amount });
        session.change(operation, self.key.key.as_deref())
    }
}

impl Show {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        session.show(&session.ask("wallet.balance", json!({ "user": self.user }))?)
    }
}
