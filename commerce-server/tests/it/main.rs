//! Tests the server through sockets, with well-behaved and hostile clients.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected should stop there")]

mod access;
mod bad;
mod bounds;
mod document;
mod h2;
#[path = "../../../fixtures/http.rs"]
mod http;
mod limits;
mod served;
mod stories;
mod stream;
mod surface;
