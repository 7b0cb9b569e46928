//! The program as people and scripts use it: the built binary, real files, real pipes.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected should stop there")]

mod apply;
mod commands;
mod faults;
mod run;
mod stories;
