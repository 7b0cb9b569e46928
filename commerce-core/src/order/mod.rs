//! Orders: several products, paid from the balance in one decision.

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

use crate::id::{Actor, Name, ProductId, UserId};
use crate::input::{FromInput, Input};
use crate::money::{Amount, Quantity};
use crate::number::OrderId;
use crate::text::{ValueError, one_of};
use crate::time::Time;

/// An order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Order {
    /// The order's id.
    pub order: OrderId,
    /// The id of the user who ordered.
    pub user: UserId,
    /// The order's status.
    pub status: Status,
    /// The products that were ordered, each once.
    pub items: Vec<Item>,
    /// The total that was paid.
    pub total: Amount,
    /// The balance after the payment.
    pub balance: Amount,
    /// When the order was placed and paid.
    pub at: Time,
    /// When the order was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_at: Option<Time>,
    /// The reason for the cancellation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Name>,
    /// The operator who placed the order; none for an order of the shopper's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// The operator who cancelled the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_by: Option<Actor>,
}

/// A product of an order, with its name and price when it was ordered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Item {
    /// The product's id.
    pub product: ProductId,
    /// The product's name when it was ordered.
    pub name: Name,
    /// The price of one unit when it was ordered.
    pub price: Amount,
    /// The number of units.
    pub quantity: Quantity,
    /// The price times the quantity.
    pub amount: Amount,
}

/// The status of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Status {
    /// The order was paid and its stock taken.
    Paid,
    /// The order was cancelled. Its money was refunded and its stock returned.
    Cancelled,
}

impl Status {
    const ALL: [Self; 2] = [Self::Paid, Self::Cancelled];

    /// The name in JSON.
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
        Self { status: Status::Paid, cancelled_at: None, reason: None, cancelled_by: None, ..self }
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
