//! `wallet.balance`: retrieves the balance of a wallet.

use serde::{Deserialize, Serialize};

use crate::access::Access;
use crate::currency::Currency;
use crate::error::Error;
use crate::id::UserId;
use crate::input::Fields;
use crate::money::Amount;
use crate::query::{Query, View};
use crate::user;

/// Retrieves the balance of a wallet.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Balance {
    /// The id of the wallet's user.
    pub user: UserId,
}

/// The balance of a wallet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WalletBalance {
    /// The id of the wallet's user.
    pub user: UserId,
    /// The balance, in minor units of the currency.
    pub balance: Amount,
    /// The store's currency, as its ISO 4217 code.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub currency: Currency,
}

impl Query for Balance {
    const NAME: &'static str = "wallet.balance";
    const ACCESS: Access = Access::OwnUser;
    type Answer = WalletBalance;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { user: fields.required("user")? })
    }

    fn answer(&self, view: &mut View<'_>) -> Result<WalletBalance, Error> {
        let user = user::Get { user: self.user.clone() }.answer(view)?;
        Ok(WalletBalance { user: user.user, balance: user.balance, currency: view.currency })
    }
}
