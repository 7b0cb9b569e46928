//! Orders: several products at once, paid from the balance in one decision.

mod cancel;
mod get;
pub(crate) mod items;
mod list;
mod place;
pub(crate) mod rows;
pub(crate) mod until;

pub use cancel::Cancel;
pub use get::Get;
pub use items::Items;
pub use list::List;
pub use place::Place;

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::{Name, ProductId, UserId};
use crate::input::{FromInput, Input};
use crate::money::{Amount, Quantity};
use crate::number::OrderId;
use crate::text::{ValueError, one_of};
use crate::time::Time;

/// An order as others see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Order {
    /// The number.
    pub order: OrderId,
    /// Who ordered.
    pub user: UserId,
    /// Paid, or cancelled since.
    pub status: Status,
    /// What was ordered, each product once.
    pub items: Vec<Item>,
    /// What was paid.
    pub total: Amount,
    /// What the wallet held after the payment.
    pub balance: Amount,
    /// When it was placed and paid.
    pub at: Time,
    /// When it was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_at: Option<Time>,
    /// Why it was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Name>,
}

/// One product of an order, with name and price as they were.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Item {
    /// Which product.
    pub product: ProductId,
    /// Its name then.
    pub name: Name,
    /// Its price then.
    pub price: Amount,
    /// How many.
    pub quantity: Quantity,
    /// Price times quantity.
    pub amount: Amount,
}

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Status {
    /// The money was taken and the units are the customer's.
    Paid,
    /// Money and units went back.
    Cancelled,
}

impl Status {
    const ALL: [Self; 2] = [Self::Paid, Self::Cancelled];

    /// The word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::Cancelled => "cancelled",
        }
    }
}

impl FromStr for Status {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        one_of(text, &Self::ALL.map(|status| (status.as_str(), status)))
    }
}

impl FromInput for Status {
    fn from_input(input: Input<'_>) -> Result<Self, ValueError> {
        input.text()?.parse()
    }
}

impl Order {
    /// The order as it was when it was placed.
    pub(crate) fn into_paid(self) -> Self {
        Self { status: Status::Paid, cancelled_at: None, reason: None, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::Status;

    #[test]
    fn a_status_has_one_word() {
        for status in [Status::Paid, Status::Cancelled] {
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
    }
}
