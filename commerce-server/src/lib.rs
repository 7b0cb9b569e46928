//! The REST server comes here. This crate is empty so far.
