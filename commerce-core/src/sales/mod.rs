//! Sales figures: the best sellers of a time window, and the sales per minute, hour or day.

mod ahead;
mod cache;
mod count;
mod keep;
mod lines;
mod series;
mod sold;
mod statements;
mod sums;
mod top;
mod window;

pub use cache::SalesCache;
pub(crate) use count::{SumCheck, check_sums};
pub(crate) use keep::KeepSums;
pub use series::{SalesSeries, Series, Step, StepSales};
pub use sums::Period;
pub(crate) use sums::Sum;
pub use top::{RankBy, Seller, Span, Top, TopSellers};
