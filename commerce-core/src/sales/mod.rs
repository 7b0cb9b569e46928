//! Sales figures: the best sellers of a window of time, and sales step by step, from the orders themselves.

mod series;
mod top;
mod window;

pub use series::{SalesSeries, Series, Sold, Step};
pub use top::{Seller, Span, Top, TopSellers};
pub use window::Window;
