//! Tests the library as an embedding program uses it, on real files and with real processes.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected should stop there")]

mod access;
mod actor;
mod alone;
mod answers;
mod audit;
mod bodies;
mod chaos;
mod costs;
mod cursors;
mod damage;
mod documents;
mod durable;
mod embedding;
mod envelope;
mod faults;
mod floors;
mod gone;
mod groups;
mod http;
mod imports;
#[path = "../../../fixtures/invalid.rs"]
mod invalid;
#[path = "../../../fixtures/jwt.rs"]
mod jwt;
mod keys;
#[path = "../../../fixtures/library.rs"]
mod library;
mod limits;
mod lists;
mod model;
mod month;
mod names;
mod open;
mod precedence;
#[path = "../../../fixtures/proxy.rs"]
mod proxy;
mod pruning;
mod race;
#[path = "../../../fixtures/races.rs"]
mod races;
#[path = "../../../fixtures/real_month.rs"]
mod real_month;
mod receiver;
#[path = "../../../fixtures/refusals.rs"]
mod refusals;
mod relay;
mod remembered;
mod retry_all;
mod search;
mod series;
mod server;
mod server_time;
mod shop;
#[path = "../../../fixtures/simple_model.rs"]
mod simple_model;
#[path = "../../../fixtures/sqld.rs"]
mod sqld;
mod stock_history;
mod stories;
#[path = "../../../fixtures/story.rs"]
mod story;
mod sums;
#[path = "../../../fixtures/system.rs"]
mod system;
mod token;
mod tree;
mod unfit;
mod upkeep;
mod windows;
#[path = "../../../fixtures/worker.rs"]
mod worker;
