//! Tests the program as users and scripts run it: the built binary, real files, real pipes.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected should stop there")]

mod actor;
mod apply;
mod cancellation;
mod catalogue;
mod certificates;
mod clock;
mod commands;
mod console;
mod console_served;
mod dead_instance;
mod disk;
mod durable;
mod errors;
mod every_command;
mod failing;
mod forms;
#[path = "../../../fixtures/gate.rs"]
mod gate;
mod hostile;
mod instances;
#[path = "../../../fixtures/jwt.rs"]
mod jwt;
mod lines;
mod login;
mod long;
mod memory;
mod month;
#[path = "../../../fixtures/network.rs"]
mod network;
mod power;
#[path = "../../../fixtures/preload.rs"]
mod preload;
mod process;
#[path = "../../../fixtures/proxy.rs"]
mod proxy;
mod reading;
mod relay;
mod requests;
mod serve;
mod served;
mod served_races;
mod server;
mod shim;
mod shop;
#[path = "../../../fixtures/sqld.rs"]
mod sqld;
mod store_gone;
mod stories;
mod storm;
#[path = "../../../fixtures/system.rs"]
mod system;
#[path = "../../../fixtures/terminal.rs"]
mod terminal;
mod tls;
#[path = "../../../fixtures/tls_proxy.rs"]
mod tls_proxy;
mod two_days_ahead;
