//! Carts: what a user means to order. A cart holds no stock; its prices are those of the catalogue.

mod add;
mod checkout;
mod clear;
mod get;
mod remove;
mod set;

pub use add::Add;
pub use checkout::Checkout;
pub use clear::Clear;
pub use get::{Cart, Get, Line, Problem};
pub use remove::Remove;
pub use set::Set;

use crate::facts::{CartLine, Facts};
use crate::id::{ProductId, UserId};
use crate::money::{LIMIT, Quantity};
use crate::operation::Reply;
use crate::order::Items;
use crate::refusal::Refusal;

impl Reply for Cart {}

/// Sets the line of a product that is on sale to `quantity(present)`, or takes it away for nothing.
fn set_line(
    facts: &mut Facts,
    user: &UserId,
    product: &ProductId,
    quantity: impl FnOnce(Option<Quantity>) -> Result<Option<Quantity>, Refusal>,
) -> Result<Cart, Refusal> {
    facts.user(user)?;
    let present = facts.product(product)?;
    if !present.active {
        return Err(Refusal::ProductInactive { products: vec![product.clone()] });
    }
    let price = present.price;
    let mut lines = facts.cart(user).to_vec();
    let place = lines.iter().position(|line| line.product == *product);
    match (quantity(place.map(|place| lines[place].quantity))?, place) {
        (Some(quantity), Some(place)) => lines[place] = CartLine { quantity, price, ..lines[place].clone() },
        (Some(quantity), None) => {
            let position = lines.last().map_or(0, |line| line.position) + 1;
            lines.push(CartLine { product: product.clone(), position, quantity, price });
        }
        (None, Some(place)) => drop(lines.remove(place)),
        (None, None) => {}
    }
    if lines.len() > Items::MAX {
        let limit = Items::MAX as i64;
        return Err(Refusal::LimitExceeded { what: "the number of products in the cart", limit });
    }
    if total(facts, &lines) > i128::from(LIMIT) {
        return Err(Refusal::LimitExceeded { what: "the total of the cart", limit: LIMIT });
    }
    // From here on nothing can fail.
    facts.set_cart(user, lines);
    Ok(shown(facts, user))
}

/// The cart as it is answered.
fn shown(facts: &Facts, user: &UserId) -> Cart {
    let line = |line: &CartLine| {
        let product = facts.find_product(&line.product)?;
        Some(Line::new(
            line.product.clone(),
            product.name.clone(),
            product.price,
            product.stock,
            product.active,
            line,
        ))
    };
    Cart::new(user.clone(), facts.cart(user).iter().filter_map(line).collect())
}

fn total(facts: &Facts, lines: &[CartLine]) -> i128 {
    let amount = |line: &CartLine| {
        let price = facts.find_product(&line.product).map_or(0, |product| product.price.get());
        i128::from(price) * i128::from(line.quantity.get())
    };
    lines.iter().map(amount).sum()
}
