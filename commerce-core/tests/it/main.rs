//! The library as an embedding program uses it, on real files and with real processes.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected should stop there")]

mod alone;
mod chaos;
mod envelope;
mod http;
mod model;
mod month;
mod precedence;
mod race;
mod receiver;
mod relay;
mod series;
mod shop;
mod stories;
mod token;
mod worker;
