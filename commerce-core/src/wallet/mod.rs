//! Wallets: prepaid balances, and the ledger that explains them.

mod balance;
mod charge;
mod history;

pub use balance::{Balance, WalletBalance};
pub use charge::{Charge, Charged};
pub use history::{Entry, History};

use serde::{Deserialize, Serialize};

/// The reason for a ledger entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum EntryKind {
    /// Money was added to the wallet.
    Charge,
    /// The wallet paid for an order.
    Payment,
    /// A cancelled order was refunded.
    Refund,
}

impl EntryKind {
    /// The name in the store and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Charge => "charge",
            Self::Payment => "payment",
            Self::Refund => "refund",
        }
    }

    pub(crate) fn stored(text: &str) -> Self {
        match text {
            "payment" => Self::Payment,
            "refund" => Self::Refund,
            _ => Self::Charge,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::EntryKind;

    #[test]
    fn a_stored_word_is_read_as_the_kind_that_wrote_it() {
        for kind in [EntryKind::Charge, EntryKind::Payment, EntryKind::Refund] {
            assert_eq!(EntryKind::stored(kind.as_str()), kind);
        }
    }
}
