//! The program as people and scripts use it: the built binary, real files, real pipes.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected should stop there")]

mod apply;
mod bad;
mod catalogue;
mod commands;
mod each;
mod faults;
mod forms;
mod lines;
mod month;
mod run;
mod server;
mod shop;
#[path = "../../../fixtures/sqld.rs"]
mod sqld;
mod stories;
