//! Every refusal: its code, a sentence, and the facts that a caller needs to act on it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap};

use crate::id::{ProductId, TokenName, UserId};
use crate::money::Amount;
use crate::number::{EventId, OrderId};
use crate::order::Status;

/// Why a rule refused an operation. A refused operation has changed nothing. It is read back from the JSON that it is written
/// as, by its code and its facts.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, thiserror::Error)]
#[serde(tag = "code", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Refusal {
    /// `user_exists`: the identifier of a new user is taken.
    #[error("user {user} already exists")]
    UserExists {
        /// The identifier that is taken.
        user: UserId,
    },
    /// `user_not_found`: no user has this identifier.
    #[error("there is no user {user}")]
    UserNotFound {
        /// The unknown identifier.
        user: UserId,
    },
    /// `product_exists`: the identifier of a new product is taken.
    #[error("product {product} already exists")]
    ProductExists {
        /// The identifier that is taken.
        product: ProductId,
    },
    /// `product_not_found`: some products do not exist.
    #[error("{}", absent("product", products))]
    ProductNotFound {
        /// Every unknown identifier, in the order of the request.
        products: Vec<ProductId>,
    },
    /// `product_inactive`: some products are not on sale.
    #[error("not on sale: {}", listed(products))]
    ProductInactive {
        /// Every product that is not on sale.
        products: Vec<ProductId>,
    },
    /// `precondition_failed`: the product has changed since the caller read it.
    #[error("product {product} has changed since it was read; read it again")]
    PreconditionFailed {
        /// The product.
        product: ProductId,
    },
    /// `limit_exceeded`: a balance, a total, a stock or a quantity would be too large.
    #[error("{what} would exceed {limit}")]
    LimitExceeded {
        /// The figure that would become too large, such as `the balance`.
        what: Cow<'static, str>,
        /// The largest value allowed.
        limit: i64,
    },
    /// `out_of_stock`: the stock of some products is less than the units requested.
    #[error("not enough stock of {}", shortages(items))]
    OutOfStock {
        /// Every short product.
        items: Vec<Shortage>,
    },
    /// `total_changed`: the total is not the one that the caller expects, since prices have changed.
    #[error("the total is {total}, not {expected} as expected")]
    TotalChanged {
        /// The total the caller expected.
        expected: Amount,
        /// The total at present prices.
        total: Amount,
    },
    /// `insufficient_balance`: the balance is less than the total.
    #[error("the balance of {balance} does not cover {total}")]
    InsufficientBalance {
        /// The balance of the wallet.
        balance: Amount,
        /// The total of the order.
        total: Amount,
    },
    /// `empty_cart`: there is nothing to check out.
    #[error("the cart of {user} is empty")]
    EmptyCart {
        /// The owner of the cart.
        user: UserId,
    },
    /// `not_in_cart`: some products are not in the cart.
    #[error("not in the cart: {}", listed(products))]
    NotInCart {
        /// Every product named that is not in the cart.
        products: Vec<ProductId>,
    },
    /// `order_not_found`: no order has this number.
    #[error("there is no order {order}")]
    OrderNotFound {
        /// The unknown number.
        order: OrderId,
    },
    /// `order_not_cancellable`: the order is cancelled, or its refund or returned stock would exceed a limit.
    #[error("order {order} cannot be cancelled: {reason}")]
    OrderNotCancellable {
        /// The order.
        order: OrderId,
        /// Its status.
        #[serde(rename = "order_status")]
        status: Status,
        /// The reason, as a sentence.
        reason: Cow<'static, str>,
    },
    /// `event_not_found`: some events do not exist, or were pruned.
    #[error("{}", absent("event", events))]
    EventNotFound {
        /// Every unknown number.
        events: Vec<EventId>,
    },
    /// `event_not_dead`: some events are pending or delivered.
    #[error("only dead events can be retried; not dead: {}", listed(events))]
    EventNotDead {
        /// Every event that is still being delivered or was delivered.
        events: Vec<EventId>,
    },
    /// `token_exists`: the name or the secret of a new token is taken. A revoked token keeps its name.
    #[error("token {name} already exists; choose another name")]
    TokenExists {
        /// The name of the new token.
        name: TokenName,
    },
    /// `token_not_found`: no token has this name.
    #[error("there is no token {name}")]
    TokenNotFound {
        /// The unknown name.
        name: TokenName,
    },
    /// `key_reused`: an idempotency key was used for another operation, or for other content.
    #[error("key {key} was already used with other content; use a new key")]
    KeyReused {
        /// The idempotency key.
        key: String,
    },
}

/// A product with less stock than an operation requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Shortage {
    /// The product.
    pub product: ProductId,
    /// The units requested.
    pub requested: i64,
    /// The units in stock.
    pub available: i64,
}

impl Refusal {
    /// The stable code for programs, such as `out_of_stock`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UserExists { .. } => "user_exists",
            Self::UserNotFound { .. } => "user_not_found",
            Self::ProductExists { .. } => "product_exists",
            Self::ProductNotFound { .. } => "product_not_found",
            Self::ProductInactive { .. } => "product_inactive",
            Self::PreconditionFailed { .. } => "precondition_failed",
            Self::LimitExceeded { .. } => "limit_exceeded",
            Self::OutOfStock { .. } => "out_of_stock",
            Self::TotalChanged { .. } => "total_changed",
            Self::InsufficientBalance { .. } => "insufficient_balance",
            Self::EmptyCart { .. } => "empty_cart",
            Self::NotInCart { .. } => "not_in_cart",
            Self::OrderNotFound { .. } => "order_not_found",
            Self::OrderNotCancellable { .. } => "order_not_cancellable",
            Self::EventNotFound { .. } => "event_not_found",
            Self::EventNotDead { .. } => "event_not_dead",
            Self::TokenExists { .. } => "token_exists",
            Self::TokenNotFound { .. } => "token_not_found",
            Self::KeyReused { .. } => "key_reused",
        }
    }
}

/// `{"code": …, "detail": …}` and the facts.
impl Serialize for Refusal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("code", self.code())?;
        map.serialize_entry("detail", &self.to_string())?;
        match self {
            Self::UserExists { user } | Self::UserNotFound { user } | Self::EmptyCart { user } => {
                map.serialize_entry("user", user)?;
            }
            Self::ProductExists { product } | Self::PreconditionFailed { product } => {
                map.serialize_entry("product", product)?
            }
            Self::ProductNotFound { products }
            | Self::ProductInactive { products }
            | Self::NotInCart { products } => map.serialize_entry("products", products)?,
            Self::LimitExceeded { what, limit } => {
                map.serialize_entry("what", what)?;
                map.serialize_entry("limit", limit)?;
            }
            Self::OutOfStock { items } => map.serialize_entry("items", items)?,
            Self::TotalChanged { expected, total } => {
                map.serialize_entry("expected", expected)?;
                map.serialize_entry("total", total)?;
            }
            Self::InsufficientBalance { balance, total } => {
                map.serialize_entry("balance", balance)?;
                map.serialize_entry("total", total)?;
            }
            Self::OrderNotFound { order } => map.serialize_entry("order", order)?,
            Self::OrderNotCancellable { order, status, reason } => {
                map.serialize_entry("order", order)?;
                // In a problem document `status` is the HTTP status code.
                map.serialize_entry("order_status", status)?;
                map.serialize_entry("reason", reason)?;
            }
            Self::EventNotFound { events } | Self::EventNotDead { events } => {
                map.serialize_entry("events", events)?;
            }
            Self::TokenExists { name } | Self::TokenNotFound { name } => {
                map.serialize_entry("name", name)?;
            }
            Self::KeyReused { key } => map.serialize_entry("key", key)?,
        }
        map.end()
    }
}

fn listed<T: ToString>(items: &[T]) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}

/// Says that these do not exist.
fn absent<T: ToString>(kind: &str, items: &[T]) -> String {
    match items {
        [one] => format!("there is no {kind} {}", one.to_string()),
        several => format!("there are no {kind}s {}", listed(several)),
    }
}

fn shortages(items: &[Shortage]) -> String {
    let one = |s: &Shortage| format!("{} ({} requested, {} available)", s.product, s.requested, s.available);
    items.iter().map(one).collect::<Vec<_>>().join(", ")
}
