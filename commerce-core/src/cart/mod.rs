//! Carts: the products that a user intends to order. A cart reserves no stock, and its prices are those of the
//! catalogue.

mod add;
mod checkout;
mod clear;
mod get;
mod quantities;
mod remove;
#[cfg(feature = "schema")]
mod schema;
mod set;

pub use add::Add;
pub use checkout::Checkout;
pub use clear::Clear;
pub use get::{Cart, Get, Line, Problem};
pub use quantities::Quantities;
pub use remove::Remove;
pub use set::Set;

use std::collections::{HashMap, HashSet};

use crate::facts::{CartLine, Facts};
use crate::id::{ProductId, UserId};
use crate::money::{LIMIT, Quantity};
use crate::operation::Reply;
use crate::order::Items;
use crate::order::items::all_on_sale;
use crate::refusal::Refusal;

impl Reply for Cart {}

/// Sets the lines of products that are on sale, all or none: each to the units that `new_units` returns for the
/// present and the given units. 0 removes the line.
fn set_lines(
    facts: &mut Facts,
    user: &UserId,
    items: &[(ProductId, i64)],
    new_units: impl Fn(i64, i64) -> i64,
) -> Result<Cart, Refusal> {
    facts.user(user)?;
    all_on_sale(facts, items)?;
    let mut lines = facts.cart(user).to_vec();
    let mut next_position = lines.last().map_or(0, |line| line.position) + 1;
    let indexes: HashMap<_, _> =
        lines.iter().enumerate().map(|(index, line)| (line.product.clone(), index)).collect();
    let mut removed = HashSet::new();
    for (product, given) in items {
        let price = facts.product(product)?.price;
        let index = indexes.get(product).copied();
        let units = new_units(index.map_or(0, |index| lines[index].quantity.get()), *given);
        if units == 0 {
            removed.insert(product);
            continue;
        }
        let exceeded =
            Refusal::LimitExceeded { what: "the quantity in the cart".into(), limit: Quantity::MAX };
        let quantity = Quantity::try_from(units).map_err(|_| exceeded)?;
        match index {
            Some(index) => (lines[index].quantity, lines[index].price) = (quantity, price),
            None => {
                lines.push(CartLine { product: product.clone(), position: next_position, quantity, price });
                next_position += 1;
            }
        }
    }
    lines.retain(|line| !removed.contains(&line.product));
    if lines.len() > Items::MAX {
        let limit = Items::MAX as i64;
        return Err(Refusal::LimitExceeded { what: "the number of products in the cart".into(), limit });
    }
    if total(facts, &lines) > i128::from(LIMIT) {
        return Err(Refusal::LimitExceeded { what: "the total of the cart".into(), limit: LIMIT });
    }
    // From here on nothing can fail.
    facts.set_cart(user, lines);
    Ok(current_cart(facts, user))
}

/// The cart as it is now, for the reply.
fn current_cart(facts: &Facts, user: &UserId) -> Cart {
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
    let price = |line: &CartLine| facts.find_product(&line.product).map(|product| product.price);
    get::total(lines.iter().map(|line| (price(line).unwrap_or_default(), line.quantity)))
}

#[cfg(test)]
mod tests;
