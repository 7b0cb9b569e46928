//! Reads operations and queries from JSON and text. The first twenty faults are reported, each with its place.

mod fault;
mod fields;
mod json;
mod object;
mod raw;
mod value;

pub use fault::{Fault, Faults, Invalid, pointer};
pub use fields::Fields;
pub(crate) use fields::within;
pub use json::json;
pub(crate) use object::json_object;
pub use raw::RawFields;
pub use value::{FromInput, Input};
