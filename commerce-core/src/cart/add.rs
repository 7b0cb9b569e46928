//! `cart.add`: more of a product in the cart.

use serde::Serialize;

use super::{Cart, set_line};
use crate::facts::{Facts, Keys};
use crate::id::{ProductId, UserId};
use crate::input::Fields;
use crate::money::Quantity;
use crate::operation::Operation;
use crate::refusal::Refusal;
use crate::time::Time;

/// Adds units to the line of a product, at the present price.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Add {
    /// Whose cart.
    pub user: UserId,
    /// Which product.
    pub product: ProductId,
    /// How many more.
    pub quantity: Quantity,
}

impl Operation for Add {
    const NAME: &'static str = "cart.add";
    type Reply = Cart;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let (user, product) = (fields.required("user"), fields.required("product"));
        let quantity = fields.required("quantity");
        Some(Self { user: user?, product: product?, quantity: quantity? })
    }

    fn user(&self) -> Option<&UserId> {
        Some(&self.user)
    }

    fn needs(&self, keys: &mut Keys) {
        keys.products.push(self.product.clone());
        keys.carts.push(self.user.clone());
    }

    fn decide(&self, facts: &mut Facts, _: Time) -> Result<Cart, Refusal> {
        set_line(facts, &self.user, &self.product, |present| {
            let Some(present) = present else { return Ok(Some(self.quantity)) };
            let over = Refusal::LimitExceeded { what: "the quantity in the cart", limit: Quantity::MAX };
            present.plus(self.quantity).map(Some).ok_or(over)
        })
    }
}
