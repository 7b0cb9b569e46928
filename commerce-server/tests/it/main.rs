//! Tests the server through sockets, with well-behaved and hostile clients.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected should stop there")]

mod access;
mod access_table;
mod anywhere;
mod bounds;
mod conditional;
mod desk;
mod document;
mod events;
mod examples;
mod guidance;
mod h2;
#[path = "../../../fixtures/http.rs"]
mod http;
#[path = "../../../fixtures/invalid.rs"]
mod invalid;
#[path = "../../../fixtures/library.rs"]
mod library;
mod limits;
mod malformed;
#[path = "../../../fixtures/network.rs"]
mod network;
mod operations;
mod outage;
mod protocol;
#[path = "../../../fixtures/proxy.rs"]
mod proxy;
mod queries;
mod remote;
mod served;
mod server;
#[path = "../../../fixtures/sqld.rs"]
mod sqld;
mod stories;
#[path = "../../../fixtures/story.rs"]
mod story;
#[path = "../../../fixtures/system.rs"]
mod system;
mod unsynced;
