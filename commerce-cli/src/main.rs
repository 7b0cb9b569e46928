//! The command `commerce`: reads the arguments, runs one command, and ends with its exit code.

mod args;
mod command;
mod ending;
mod exit;
mod listing;
mod output;
mod relay;
mod row;
mod session;

use std::process::ExitCode;

use clap::parser::ValueSource;
use clap::{CommandFactory, FromArgMatches};

/// An order is many small values made on one thread and dropped on another, which the system's allocator is slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let found = args::Args::command().try_get_matches().unwrap_or_else(|error| exit::misused(&error));
    let named = found.value_source("db") == Some(ValueSource::CommandLine);
    let mut args = args::Args::from_arg_matches(&found).unwrap_or_else(|error| exit::misused(&error));
    args.global.named = named;
    let session = session::Session::new(args.global);
    match command::run(args.command, &session) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => exit::report(&failure, &session),
    }
}
