//! `cart.set`: exactly so many of a product in the cart.

use serde::Serialize;

use super::{Cart, set_line};
use crate::facts::{Facts, Keys};
use crate::id::{ProductId, UserId};
use crate::input::Fields;
use crate::money::Quantity;
use crate::operation::Operation;
use crate::refusal::Refusal;
use crate::time::Time;

/// Sets the line of a product, at the present price.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Set {
    /// Whose cart.
    pub user: UserId,
    /// Which product.
    pub product: ProductId,
    /// How many; nothing takes the line away.
    #[cfg_attr(feature = "schema", schemars(required, schema_with = "crate::schema::quantity_or_none"))]
    pub quantity: Option<Quantity>,
}

impl Operation for Set {
    const NAME: &'static str = "cart.set";
    type Reply = Cart;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let (user, product) = (fields.required("user"), fields.required("product"));
        let units: i64 = fields.required("quantity")?;
        let quantity = Quantity::new(units);
        if quantity.is_none() && units != 0 {
            return fields.fault("quantity", format!("must be 0 to {}, got {units}", Quantity::MAX));
        }
        Some(Self { user: user?, product: product?, quantity })
    }

    fn user(&self) -> Option<&UserId> {
        Some(&self.user)
    }

    fn needs(&self, keys: &mut Keys) {
        keys.products.push(self.product.clone());
        keys.carts.push(self.user.clone());
    }

    fn decide(&self, facts: &mut Facts, _: Time) -> Result<Cart, Refusal> {
        set_line(facts, &self.user, &self.product, |_| Ok(self.quantity))
    }
}
