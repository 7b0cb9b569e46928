//! Tests the server through sockets, with well-behaved and hostile clients.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected should stop there")]

mod access;
mod bounds;
mod conditional;
mod document;
mod events;
mod guidance;
mod h2;
#[path = "../../../fixtures/http.rs"]
mod http;
mod limits;
mod malformed;
mod operations;
mod outage;
mod protocol;
#[path = "../../../fixtures/proxy.rs"]
mod proxy;
mod queries;
mod remote;
mod server;
#[path = "../../../fixtures/sqld.rs"]
mod sqld;
mod stories;
#[path = "../../../fixtures/story.rs"]
mod story;
#[path = "../../../fixtures/system.rs"]
mod system;
mod unsynced;
