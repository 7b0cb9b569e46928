//! The command `commerce`: reads the arguments, runs one command, and ends with its exit code.

mod address;
mod cancellation;
mod command;
mod diagnostics;
mod failure;
mod items;
mod lifetime;
mod lines;
mod local_user;
mod login;
mod options;
mod output;
mod proxy;
mod relay;
mod report;
mod secret;
mod session;
mod store;
mod values;

use std::process::ExitCode;

use clap::parser::ValueSource;
use clap::{CommandFactory, FromArgMatches};

/// An order is many small values made on one thread and dropped on another, which the system's allocator is slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let matches =
        command::Args::command().try_get_matches().unwrap_or_else(|error| report::exit_with(&error));
    let db_on_command_line = matches.value_source("db") == Some(ValueSource::CommandLine);
    let mut args =
        command::Args::from_arg_matches(&matches).unwrap_or_else(|error| report::exit_with(&error));
    args.global.db_on_command_line = db_on_command_line;
    let session = session::Session::new(args.global);
    match command::run(args.command, &session) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => report::report(&failure, &session),
    }
}
