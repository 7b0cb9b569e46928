//! Reading JSON into operations and queries: faults are reported each with its place, the first twenty of them, and a value
//! that comes out is valid.

mod fault;
mod fields;
mod json;
mod raw;
mod value;

pub use fault::{Fault, Faults, Invalid, pointer};
pub use fields::Fields;
pub(crate) use fields::within;
pub use json::json;
pub use raw::RawFields;
pub use value::{FromInput, Input};
