//! The command `commerce`: reads the arguments, runs one command, and ends with its exit code.

mod args;
mod command;
mod exit;
mod output;
mod session;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let args = args::Args::parse();
    let session = session::Session::new(args.global);
    match command::run(args.command, &session) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => exit::report(&failure, &session),
    }
}
