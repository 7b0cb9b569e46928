//! The terminal console comes here. This crate is empty so far.
