//! `cart.add`: adds units of one or several products to a cart.

use serde::{Serialize, Serializer};

use super::{Cart, quantities, set_lines};
use crate::access::Access;
use crate::error::Error;
use crate::facts::{Facts, Keys};
use crate::id::{ProductId, UserId};
use crate::input::Fields;
use crate::money::Quantity;
use crate::operation::Operation;
use crate::order::Items;
use crate::refusal::Refusal;
use crate::time::Time;

/// Adds units of one `product` or of several `items` to a cart, at the current prices. Either all are added or none.
#[derive(Clone, Debug)]
pub struct Add {
    /// The id of the cart's user.
    pub user: UserId,
    /// The products, with the units to add.
    pub items: Items,
}

impl Add {
    /// Adds units of one product.
    pub fn one(user: UserId, product: ProductId, quantity: Quantity) -> Self {
        Self { user, items: Items::one(product, quantity) }
    }
}

impl Operation for Add {
    const NAME: &'static str = "cart.add";
    const ACCESS: Access = Access::OwnUser;
    type Reply = Cart;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let (user, items) = (fields.required("user"), quantities::parse::<Quantity>(fields));
        Some(Self { user: user?, items: Items::from_summed(items?) })
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
        set_lines(facts, &self.user, self.items.as_slice(), |present, more| present + more)
    }
}

impl Serialize for Add {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        quantities::serialize(serializer, &self.user, self.items.as_slice(), Some)
    }
}
