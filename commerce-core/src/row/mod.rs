//! The data that the engine and a store exchange: statements, rows and changes.

mod change;
mod statement;
pub(crate) mod table;
mod value;

pub use change::{Change, Kind, Table};
pub(crate) use statement::list;
pub use statement::{Rows, Statement};
pub use value::Value;
