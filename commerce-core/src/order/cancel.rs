//! `order.cancel`: cancels a paid order. Its stock is returned, its money refunded, and the sales figures no longer
//! count it.

use serde::Serialize;

use super::{Order, Status};
use crate::access::Access;
use crate::facts::{Facts, Keys};
use crate::id::Name;
use crate::input::Fields;
use crate::number::OrderId;
use crate::operation::Operation;
use crate::outbox::EventKind;
use crate::refusal::Refusal;
use crate::time::Time;
use crate::wallet::EntryKind;

/// Cancels a paid order. Its money is refunded and its stock returned.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Cancel {
    /// The order's id.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub order: OrderId,
    /// The reason for the cancellation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Name>,
}

impl Operation for Cancel {
    const NAME: &'static str = "order.cancel";
    const ACCESS: Access = Access::OwnOrder;
    type Reply = Order;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let (order, reason) = (fields.required("order"), fields.remark("reason"));
        Some(Self { order: order?, reason: reason? })
    }

    fn order(&self) -> Option<OrderId> {
        Some(self.order)
    }

    fn needs(&self, keys: &mut Keys) {
        keys.orders.push(self.order);
    }

    fn decide(&self, facts: &mut Facts, now: Time) -> Result<Order, Refusal> {
        let order = facts.order(self.order)?.clone();
        let refuse = |reason: &'static str| Refusal::OrderNotCancellable {
            order: self.order,
            status: order.status,
            reason: reason.into(),
        };
        if order.status == Status::Cancelled {
            return Err(refuse("it is already cancelled"));
        }
        let current = facts.user(&order.user)?.wallet.balance;
        let balance =
            current.plus(order.total).ok_or_else(|| refuse("the balance would exceed its limit"))?;
        for item in &order.items {
            let stock = facts.product(&item.product)?.stock;
            stock.adjusted(item.quantity.get()).ok_or_else(|| refuse("a stock would exceed its limit"))?;
        }
        // From here on nothing can fail.
        let refund = facts.post(&order.user, EntryKind::Refund, balance, self.order.get(), now);
        facts.cancel_order(self.order, refund, self.reason.clone(), now);
        facts.emit(EventKind::OrderCancelled, self.order.get());
        let (reason, cancelled_by) = (self.reason.clone(), facts.actor().cloned());
        Ok(Order { status: Status::Cancelled, cancelled_at: Some(now), reason, cancelled_by, ..order })
    }
}

#[cfg(test)]
mod tests;
