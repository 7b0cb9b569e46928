//! The screens: the state that each keeps, and the queries that load it. What their keys do is in `update`.

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
pub use overview::{LOW_STOCK, Overview};
pub use products::Products;
pub use shop::Shop;
pub use top::{Top, WINDOWS};

use commerce_core::catalog::Sort;

use crate::text_field::TextField;

/// The sort orders of the catalogue with their names, in the order in which a key goes through them.
pub const SORTS: [(Sort, &str); 5] = [
    (Sort::Id, "by ID"),
    (Sort::Name, "by name"),
    (Sort::Price, "lowest price first"),
    (Sort::PriceDown, "highest price first"),
    (Sort::Stock, "lowest stock first"),
];

/// The sort order that follows this one.
pub fn next_sort(sort: Sort) -> Sort {
    let index = SORTS.iter().position(|(known, _)| *known == sort).unwrap_or(0);
    SORTS[(index + 1) % SORTS.len()].0
}

/// The text to search for, none if the field is blank.
pub fn search_text(field: &TextField) -> Option<String> {
    let text = field.text().trim();
    (!text.is_empty()).then(|| text.to_owned())
}
