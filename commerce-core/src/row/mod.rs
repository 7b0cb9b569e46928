//! What passes between the engine and a store: statements to read, rows, and changes as data.

mod change;
mod statement;
pub(crate) mod table;
mod value;

pub use change::{Change, Kind, Table};
pub(crate) use statement::list;
pub use statement::{Rows, Statement};
pub use value::Value;
