//! Tests the console on real stores: its screens, and its behaviour in a real terminal.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected should stop there")]

mod broken;
#[path = "../../../fixtures/console.rs"]
mod console;
mod readme;
mod screens;
#[allow(dead_code, reason = "the tests of the command use more of it")]
#[path = "../../../fixtures/terminal.rs"]
mod terminal;
