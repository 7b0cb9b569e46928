//! Users: the customers of the shop.

mod add;
mod get;
mod list;

pub use add::Add;
pub use get::{Get, User};
pub use list::List;
