//! Why a command failed, and its exit code: the one place where exit codes come from.

use std::io;

use commerce_core::{Error, Invalid, OpenError};

/// Why a command was not done, or not wholly.
pub enum Failure {
    /// The engine said no.
    Engine(Error),
    /// The store failed in the middle of a list of operations.
    Stopped {
        /// The last line that was decided; 0 if none was.
        after: u64,
        error: Error,
    },
    /// The arguments or the input make no sense.
    Usage(String),
    /// Everything was told already; some of it was refused or differs.
    Partly,
    /// Everything was told already; the gravest code of several.
    Told(u8),
    /// Reading or writing failed.
    Io(io::Error),
    /// What was asked for was done, but what came of it cannot be written.
    Unwritten {
        /// What was done and is not told.
        what: String,
        error: io::Error,
    },
}

impl Failure {
    /// The exit code, from 0 to 255.
    pub fn code(&self) -> u8 {
        match self {
            Self::Engine(error) | Self::Stopped { error, .. } => code_of(error),
            Self::Usage(_) => 2,
            Self::Partly => 3,
            Self::Told(code) => *code,
            // Nobody is left to read; that is no error.
            Self::Io(error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
            Self::Io(_) | Self::Unwritten { .. } => 1,
        }
    }
}

/// The exit code of an error of the engine.
pub fn code_of(error: &Error) -> u8 {
    match error {
        Error::Refused(_) | Error::Skipped | Error::Open(OpenError::Currency { .. }) => 3,
        Error::Invalid(_) => 2,
        Error::Busy(_) | Error::Unknown(_) => 5,
        Error::Open(_) | Error::Gone(_) => 4,
        // Unavailable, Store and Closed, and what later versions add.
        _ => 1,
    }
}

/// The place after a line of input, in words; 0 is the beginning.
pub fn after(line: u64) -> String {
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
