//! The catalogue: what is sold, at which price, and how many are left.

mod add;
mod adjust;
mod get;
mod list;
mod update;

pub use add::Add;
pub use adjust::{Adjust, Adjusted};
pub use get::{Get, Product};
pub use list::{List, Sort};
pub use update::Update;
