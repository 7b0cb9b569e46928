//! The catalogue: products with their prices and stocks.

mod add;
mod adjust;
mod get;
mod if_match;
mod index;
mod list;
mod page_query;
mod sort;
mod stock_history;
mod update;

pub use add::Add;
pub use adjust::{Adjust, Adjusted};
pub use get::{Get, Product};
pub use if_match::{EntityTag, IfMatch};
pub(crate) use index::index;
pub use list::List;
pub use sort::Sort;
pub use stock_history::{StockChange, StockChangeKind, StockHistory};
pub use update::Update;
