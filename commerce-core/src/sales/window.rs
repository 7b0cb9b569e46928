//! A time window and its orders.

use crate::number::OrderId;
use crate::time::Time;

/// A time window with its orders, and the number of products.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) from: Time,
    pub(super) to: Time,
    pub(super) orders: Orders,
    /// The newest stored time. No later order can have an earlier time.
    pub(super) newest: Time,
    /// The number of products in the store.
    pub(super) products: i64,
}

/// The orders after the number `after`, up to and including `last`. 0 lies before the first order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Orders {
    pub(super) after: i64,
    pub(super) last: i64,
}

impl Orders {
    pub(super) fn one(order: OrderId) -> Self {
        Self { after: order.get() - 1, last: order.get() }
    }
}
