//! Sales figures: the best sellers of a window of time, from the orders themselves.

mod top;
mod window;

pub use top::{Seller, Span, Top, TopSellers};
pub use window::Window;
