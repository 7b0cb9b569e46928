//! Tests the server through sockets, with well-behaved and hostile clients.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected should stop there")]

mod access;
mod access_table;
mod anywhere;
mod bounds;
mod conditional;
mod desk;
mod docs;
mod document;
mod events;
mod every_route;
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
#[path = "../../../fixtures/races.rs"]
mod races;
#[path = "../../../fixtures/real_month.rs"]
mod real_month;
#[path = "../../../fixtures/refusals.rs"]
mod refusals;
mod remote;
mod served;
mod server;
#[path = "../../../fixtures/simple_model.rs"]
mod simple_model;
#[path = "../../../fixtures/sqld.rs"]
mod sqld;
mod stories;
#[path = "../../../fixtures/story.rs"]
mod story;
#[path = "../../../fixtures/system.rs"]
mod system;
mod tokens;
mod unsynced;
#[path = "../../../fixtures/worker.rs"]
mod worker;
