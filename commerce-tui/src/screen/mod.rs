//! The screens: what each keeps, and what it wants loaded. What its keys do is in `update`.

mod customers;
mod events;
mod orders;
mod overview;
mod products;
mod shop;
mod top;

pub use customers::Customers;
pub use events::Events;
pub use orders::Orders;
pub use overview::{LOW, Overview};
pub use products::Products;
pub use shop::Shop;
pub use top::{LIMITS, Top, WINDOWS};

use commerce_core::catalog::Sort;

/// Orders of the catalogue, in the order in which a key goes through them.
pub const SORTS: [(Sort, &str); 5] = [
    (Sort::Id, "by ID"),
    (Sort::Name, "by name"),
    (Sort::Price, "cheapest first"),
    (Sort::PriceDown, "dearest first"),
    (Sort::Stock, "least stock first"),
];

/// The next order.
pub(crate) fn next_sort(sort: Sort) -> Sort {
    let place = SORTS.iter().position(|(known, _)| *known == sort).unwrap_or(0);
    SORTS[(place + 1) % SORTS.len()].0
}

/// What to search for: nothing where nothing is typed.
fn wanted(search: &str) -> Option<String> {
    let search = search.trim();
    (!search.is_empty()).then(|| search.to_owned())
}
