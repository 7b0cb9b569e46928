//! `cart.checkout`: orders the products of a cart and removes them from it, in one decision.

use serde::Serialize;

use super::remove::{each_once, without};
use crate::access::Access;
use crate::facts::{CartLine, Facts, Keys};
use crate::id::{ProductId, UserId};
use crate::input::Fields;
use crate::money::Amount;
use crate::operation::Operation;
use crate::order::{Items, Order, Place};
use crate::refusal::Refusal;
use crate::time::Time;

/// Orders products of a cart and removes them from it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Checkout {
    /// The id of the cart's user.
    pub user: UserId,
    /// The ids of the products to order. The default is the whole cart.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub products: Option<Vec<ProductId>>,
    /// The total that the customer was shown. An order with another total is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_total: Option<Amount>,
}

impl Operation for Checkout {
    const NAME: &'static str = "cart.checkout";
    const ACCESS: Access = Access::OwnUser;
    type Reply = Order;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let (user, products) = (fields.required("user"), fields.optional_values("products"));
        let expected_total = fields.optional("expected_total");
        Some(Self { user: user?, products: products?, expected_total: expected_total? })
    }

    fn user(&self) -> Option<&UserId> {
        Some(&self.user)
    }

    fn canonical(&self) -> Option<Self> {
        Some(Self { products: Some(each_once(self.products.as_deref()?)?), ..self.clone() })
    }

    fn needs(&self, keys: &mut Keys) {
        keys.carts.push(self.user.clone());
    }

    fn decide(&self, facts: &mut Facts, now: Time) -> Result<Order, Refusal> {
        facts.user(&self.user)?;
        let cart = facts.cart(&self.user);
        let empty = || Refusal::EmptyCart { user: self.user.clone() };
        if cart.is_empty() {
            return Err(empty());
        }
        let remaining = match &self.products {
            Some(products) => without(cart, products)?,
            None => Vec::new(),
        };
        let ordered = |line: &&CartLine| !remaining.iter().any(|other| other.product == line.product);
        let lines = cart.iter().filter(ordered).map(|line| (line.product.clone(), line.quantity));
        let items = Items::new(lines).map_err(|_| empty())?;
        let place = Place { user: self.user.clone(), items, expected_total: self.expected_total };
        let order = place.decide(facts, now)?;
        // From here on nothing can fail.
        facts.set_cart(&self.user, remaining);
        Ok(order)
    }
}
