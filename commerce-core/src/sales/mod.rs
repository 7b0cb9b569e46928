//! Sales figures: the best sellers of a window of time, and sales step by step, from the orders themselves.

mod series;
mod top;
mod window;

pub use series::{SalesSeries, Series, Sold, Step};
pub(crate) use top::last_until;
pub use top::{Seller, Span, Top, TopSellers};
pub use window::Window;
