//! `cart.remove`: removes products from a cart.

use serde::Serialize;

use super::{Cart, current_cart};
use crate::access::Access;
use crate::facts::{CartLine, Facts, Keys};
use crate::id::{ProductId, UserId};
use crate::input::Fields;
use crate::operation::Operation;
use crate::refusal::Refusal;
use crate::time::Time;

/// Removes products from a cart. Either all are removed or none.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Remove {
    /// The id of the cart's user.
    pub user: UserId,
    /// The ids of the products to remove.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub products: Vec<ProductId>,
}

impl Operation for Remove {
    const NAME: &'static str = "cart.remove";
    const ACCESS: Access = Access::OwnUser;
    type Reply = Cart;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let (user, products) = (fields.required("user"), fields.values("products"));
        Some(Self { user: user?, products: products? })
    }

    fn user(&self) -> Option<&UserId> {
        Some(&self.user)
    }

    fn canonical(&self) -> Option<Self> {
        Some(Self { products: each_once(&self.products)?, ..self.clone() })
    }

    fn needs(&self, keys: &mut Keys) {
        keys.carts.push(self.user.clone());
    }

    fn decide(&self, facts: &mut Facts, _: Time) -> Result<Cart, Refusal> {
        facts.user(&self.user)?;
        let remaining = without(facts.cart(&self.user), &self.products)?;
        // From here on nothing can fail.
        facts.set_cart(&self.user, remaining);
        Ok(current_cart(facts, &self.user))
    }
}

/// The products sorted, each once, or `None` if they are. Under an idempotency key, their order and repetitions do not
/// matter.
pub(super) fn each_once(products: &[ProductId]) -> Option<Vec<ProductId>> {
    (!products.is_sorted_by(|a, b| a < b)).then(|| {
        let mut products = products.to_vec();
        products.sort_unstable();
        products.dedup();
        products
    })
}

/// The lines of a cart without these products. All of the products must be in the cart.
pub(super) fn without(cart: &[CartLine], products: &[ProductId]) -> Result<Vec<CartLine>, Refusal> {
    let absent = |product: &&ProductId| !cart.iter().any(|line| line.product == **product);
    let mut missing: Vec<ProductId> = Vec::new();
    for product in products.iter().filter(absent) {
        if !missing.contains(product) {
            missing.push(product.clone());
        }
    }
    if !missing.is_empty() {
        return Err(Refusal::NotInCart { products: missing });
    }
    Ok(cart.iter().filter(|line| !products.contains(&line.product)).cloned().collect())
}
