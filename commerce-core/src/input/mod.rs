//! Reading JSON into operations and queries: faults are reported each with its place, the first twenty of them, and a value
//! that comes out is valid.

mod fault;
mod fields;
mod from_json;
mod json;

pub use fault::{Fault, Faults, Invalid, pointer};
pub use fields::Fields;
pub use from_json::FromJson;
pub(crate) use from_json::text;
pub use json::json;
