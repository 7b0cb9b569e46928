//! `order.place`: prices the items, takes the stock, debits the wallet and writes the order.

use serde::Serialize;

use super::items::{WrittenItem, all_on_sale, written};
use super::{Cancel, Item, Items, Order, Status};
use crate::access::Access;
use crate::error::Error;
use crate::facts::{Facts, KeptReply, Keys};
use crate::id::{ProductId, UserId};
use crate::input::{Fields, json_object};
use crate::money::{Amount, LIMIT, Quantity};
use crate::number::OrderId;
use crate::operation::{Operation, Reply};
use crate::outbox::EventKind;
use crate::refusal::{Refusal, Shortage};
use crate::time::Time;
use crate::wallet::EntryKind;

/// Places an order of one or several products and pays it from the balance.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Place {
    /// The id of the user who orders.
    pub user: UserId,
    /// The products to order, with quantities.
    pub items: Items,
    /// The total that the customer was shown. An order with another total is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_total: Option<Amount>,
}

impl Operation for Place {
    const NAME: &'static str = "order.place";
    const ACCESS: Access = Access::OwnUser;
    type Reply = Order;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let (user, items) = (fields.required("user"), Items::parse(fields));
        let expected_total = fields.optional("expected_total");
        Some(Self { user: user?, items: items?, expected_total: expected_total? })
    }

    fn user(&self) -> Option<&UserId> {
        Some(&self.user)
    }

    fn canonical(&self) -> Option<Self> {
        Some(Self { items: self.items.sorted()?, ..self.clone() })
    }

    fn fields(&self) -> Result<Vec<u8>, Error> {
        #[derive(Serialize)]
        struct Fields<'a> {
            user: &'a UserId,
            items: Vec<WrittenItem<'a>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            expected_total: Option<Amount>,
        }
        let items = written(self.items.as_slice());
        json_object(&Fields { user: &self.user, items, expected_total: self.expected_total })
    }

    fn needs(&self, keys: &mut Keys) {
        keys.products.extend(self.items.iter().map(|(product, _)| product.clone()));
    }

    fn decide(&self, facts: &mut Facts, now: Time) -> Result<Order, Refusal> {
        let current = facts.user(&self.user)?.wallet.balance;

        all_on_sale(facts, self.items.as_slice())?;

        let items = self.priced(facts)?;
        let exceeded = Refusal::LimitExceeded { what: "the total".into(), limit: LIMIT };
        let total = items.iter().try_fold(Amount::ZERO, |sum, item| sum.plus(item.amount)).ok_or(exceeded)?;

        let shortages = self.shortages(facts);
        if !shortages.is_empty() {
            return Err(Refusal::OutOfStock { items: shortages });
        }

        if let Some(expected) = self.expected_total.filter(|&expected| expected != total) {
            return Err(Refusal::TotalChanged { expected, total });
        }

        let Some(balance) = current.minus(total) else {
            return Err(Refusal::InsufficientBalance { balance: current, total });
        };

        // From here on nothing can fail.
        facts.last.order += 1;
        let order = Order {
            order: OrderId::stored(facts.last.order),
            user: self.user.clone(),
            status: Status::Paid,
            items,
            total,
            balance,
            at: now,
            cancelled_at: None,
            reason: None,
            actor: facts.actor().cloned(),
            cancelled_by: None,
        };
        facts.add_order(order.clone());
        facts.post(&self.user, EntryKind::Payment, balance, order.order.get(), now);
        facts.emit(EventKind::OrderCompleted, order.order.get());
        Ok(order)
    }
}

impl Place {
    /// The items at the catalogue's prices at this moment.
    fn priced(&self, facts: &Facts) -> Result<Vec<Item>, Refusal> {
        let price = |(id, units): (&ProductId, i64)| {
            let product = facts.product(id)?;
            let exceeded =
                Refusal::LimitExceeded { what: "the quantity of a product".into(), limit: Quantity::MAX };
            let quantity = Quantity::try_from(units).map_err(|_| exceeded)?;
            let exceeded = Refusal::LimitExceeded { what: "the total".into(), limit: LIMIT };
            let amount = product.price.times(quantity).ok_or(exceeded)?;
            Ok(Item {
                product: id.clone(),
                name: product.name.clone(),
                price: product.price,
                quantity,
                amount,
            })
        };
        self.items.iter().map(price).collect()
    }

    fn shortages(&self, facts: &Facts) -> Vec<Shortage> {
        let shortage = |(id, requested): (&ProductId, i64)| {
            let available = facts.find_product(id)?.stock.get();
            (available < requested).then(|| Shortage { product: id.clone(), requested, available })
        };
        self.items.iter().filter_map(shortage).collect()
    }
}

impl Reply for Order {
    fn kept(&self) -> KeptReply {
        KeptReply::Order(self.order)
    }

    fn recall(kept: &KeptReply, name: &str, facts: &Facts) -> Option<Self> {
        let KeptReply::Order(order) = kept else { return None };
        let order = facts.order(*order).ok()?.clone();
        Some(if name == Cancel::NAME { order } else { order.into_paid() })
    }
}

#[cfg(test)]
mod tests;
