//! The library as an embedding program uses it, on real files and with real processes.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected should stop there")]

mod alone;
mod audit;
mod chaos;
mod cursors;
mod damage;
mod envelope;
mod faults;
mod gone;
mod http;
mod keys;
mod limits;
mod model;
mod month;
mod names;
mod open;
mod precedence;
mod proxy;
mod race;
mod receiver;
mod relay;
mod search;
mod series;
mod server;
mod shop;
#[path = "../../../fixtures/sqld.rs"]
mod sqld;
mod stories;
mod sums;
mod token;
mod tree;
mod worker;
