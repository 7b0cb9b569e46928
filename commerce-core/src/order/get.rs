//! `order.get`: retrieves an order.

use serde::Serialize;

use super::Order;
use super::rows::{orders, orders_of};
use crate::access::Access;
use crate::error::Error;
use crate::input::Fields;
use crate::number::OrderId;
use crate::query::{Query, View};
use crate::refusal::Refusal;

/// Retrieves an order.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Get {
    /// The order's id.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub order: OrderId,
}

impl Query for Get {
    const NAME: &'static str = "order.get";
    const ACCESS: Access = Access::OwnOrder;
    type Answer = Order;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { order: fields.required("order")? })
    }

    fn answer(&self, view: &mut View<'_>) -> Result<Order, Error> {
        let found = orders(&view.final_rows(&orders_of(&[self.order]))?)?.pop();
        Ok(found.ok_or(Refusal::OrderNotFound { order: self.order })?)
    }
}
