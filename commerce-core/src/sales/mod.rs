//! Sales figures: the best sellers of a window of time, and sales step by step, from the orders themselves.

mod count;
mod series;
mod sums;
mod top;
mod window;

pub(crate) use count::{Kept, kept_sums};
pub use series::{SalesSeries, Series, Sold, Step};
pub use sums::Period;
pub(crate) use sums::{Keep, Sum};
pub use top::{By, Seller, Span, Top, TopSellers};
pub(crate) use top::{last_until, last_until_sql};
pub use window::Window;
