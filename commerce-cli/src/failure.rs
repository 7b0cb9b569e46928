//! Why a command failed, and its exit code. All exit codes are defined here.

use std::io;

use commerce_core::{Error, Invalid, OpenError};

use crate::address::is_served;

/// Why a command failed, in whole or in part.
pub enum Failure {
    /// The engine returned an error.
    Engine(Error),
    /// The store failed while `apply` performed operations.
    Stopped {
        /// The last input line that was decided; 0 if none was.
        after: u64,
        error: Error,
    },
    /// The arguments or the input are invalid.
    Usage(String),
    /// The command needs the store itself, and the shop is served elsewhere. The sentence says where.
    NotHere(String),
    /// Some of the work was refused or invalid, or `verify` found differences. All of it is already reported.
    Partial,
    /// The failure is already reported; the program only has to exit with this code.
    Reported(u8),
    /// Reading or writing failed.
    Io(io::Error),
    /// The command did its work, but its output cannot be written.
    OutputFailed {
        /// What was done.
        done: String,
        error: io::Error,
    },
}

impl Failure {
    /// The exit code of the program.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Engine(error) | Self::Stopped { error, .. } => exit_code(error),
            Self::Usage(_) | Self::NotHere(_) => 2,
            Self::Partial => 3,
            Self::Reported(code) => *code,
            // The reader of a pipe went away, which is no failure.
            Self::Io(error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
            Self::Io(_) | Self::OutputFailed { .. } => 1,
        }
    }
}

/// The exit code for what may succeed later, with the same `--key`.
pub const BUSY: u8 = 5;

/// The exit code for an error of the engine.
pub fn exit_code(error: &Error) -> u8 {
    match error {
        // A served shop that is away is started again, or the network comes back.
        Error::Open(OpenError::Unreachable { url, .. }) if is_served(url.as_ref()) => BUSY,
        Error::Refused(_)
        | Error::Skipped
        | Error::Forbidden(_)
        | Error::Open(OpenError::Currency { .. }) => 3,
        Error::Invalid(_) | Error::NotHere(_) => 2,
        Error::Busy(_) | Error::Unknown(_) => BUSY,
        Error::Open(_) | Error::Gone(_) | Error::Unauthenticated(_) => 4,
        // Unavailable, Store and Closed, and what later versions add.
        _ => 1,
    }
}

/// Where in the input a command stopped, in words. `line` is the last line that was decided; 0 if none was.
pub fn position_after(line: u64) -> String {
    if line == 0 { "before the first line".into() } else { format!("after line {line}") }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Engine(error)
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Self::Engine(error.into())
    }
}

impl From<Invalid> for Failure {
    fn from(invalid: Invalid) -> Self {
        Self::Engine(invalid.into())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
