//! `wallet.balance`: what a wallet holds.

use serde::{Deserialize, Serialize};

use crate::currency::Currency;
use crate::error::Error;
use crate::id::UserId;
use crate::input::Fields;
use crate::money::Amount;
use crate::query::{Query, View};
use crate::user;

/// Asks what a wallet holds.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Balance {
    /// Whose wallet.
    pub user: UserId,
}

/// What a wallet holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WalletBalance {
    /// Whose wallet.
    pub user: UserId,
    /// In minor units of the currency.
    pub balance: Amount,
    /// The store's currency.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub currency: Currency,
}

impl Query for Balance {
    const NAME: &'static str = "wallet.balance";
    type Answer = WalletBalance;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { user: fields.required("user")? })
    }

    fn answer(&self, view: &mut View<'_>) -> Result<WalletBalance, Error> {
        let user = user::Get { user: self.user.clone() }.answer(view)?;
        Ok(WalletBalance { user: user.user, balance: user.balance, currency: view.currency })
    }
}
