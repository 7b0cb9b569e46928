//! `cart.clear`: removes all products from a cart.

use serde::Serialize;

use super::{Cart, current_cart};
use crate::access::Access;
use crate::facts::{Facts, Keys};
use crate::id::UserId;
use crate::input::Fields;
use crate::operation::Operation;
use crate::refusal::Refusal;
use crate::time::Time;

/// Removes all products from a cart.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Clear {
    /// The id of the cart's user.
    pub user: UserId,
}

impl Operation for Clear {
    const NAME: &'static str = "cart.clear";
    const ACCESS: Access = Access::OwnUser;
    type Reply = Cart;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { user: fields.required("user")? })
    }

    fn user(&self) -> Option<&UserId> {
        Some(&self.user)
    }

    fn needs(&self, keys: &mut Keys) {
        keys.carts.push(self.user.clone());
    }

    fn decide(&self, facts: &mut Facts, _: Time) -> Result<Cart, Refusal> {
        facts.user(&self.user)?;
        // From here on nothing can fail.
        facts.set_cart(&self.user, Vec::new());
        Ok(current_cart(facts, &self.user))
    }
}
