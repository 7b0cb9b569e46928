//! Tests the command line on a shop that another process serves.

mod access;
mod apply;
mod commands;
mod login;
mod reach;
