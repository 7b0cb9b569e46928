//! `cart.set`: sets the quantity of one or several products in a cart.

use serde::{Serialize, Serializer};

use super::{Cart, Quantities, quantities, set_lines};
use crate::access::Access;
use crate::error::Error;
use crate::facts::{Facts, Keys};
use crate::id::{ProductId, UserId};
use crate::input::Fields;
use crate::money::Quantity;
use crate::operation::Operation;
use crate::refusal::Refusal;
use crate::time::Time;

/// Sets the quantity of one `product` or of several `items` in a cart, at the current prices. Either all are set or
/// none; 0 removes a line.
#[derive(Clone, Debug)]
pub struct Set {
    /// The id of the cart's user.
    pub user: UserId,
    /// The products, with their new quantities.
    pub items: Quantities,
}

impl Set {
    /// Sets the quantity of one product. `None` removes its line.
    pub fn one(user: UserId, product: ProductId, quantity: Option<Quantity>) -> Self {
        Self { user, items: Quantities::one(product, quantity) }
    }
}

impl Operation for Set {
    const NAME: &'static str = "cart.set";
    const ACCESS: Access = Access::OwnUser;
    type Reply = Cart;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let (user, items) = (fields.required("user"), Quantities::parse(fields));
        Some(Self { user: user?, items: items? })
    }

    fn user(&self) -> Option<&UserId> {
        Some(&self.user)
    }

    fn canonical(&self) -> Option<Self> {
        Some(Self { items: self.items.sorted()?, ..self.clone() })
    }

    fn fields(&self) -> Result<Vec<u8>, Error> {
        quantities::fields(&self.user, self.items.as_slice())
    }

    fn needs(&self, keys: &mut Keys) {
        keys.products.extend(self.items.iter().map(|(product, _)| product.clone()));
        keys.carts.push(self.user.clone());
    }

    fn decide(&self, facts: &mut Facts, _: Time) -> Result<Cart, Refusal> {
        set_lines(facts, &self.user, self.items.as_slice(), |_, units| units)
    }
}

impl Serialize for Set {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        quantities::serialize(serializer, &self.user, self.items.as_slice(), |units| {
            (units != 0).then_some(units)
        })
    }
}
