//! Exit codes, in one place, and how a failure is told.

use std::io::{self, Write};
use std::process::ExitCode;

use commerce_core::{Error, Invalid, OpenError};
use commerce_server::Problem;
use serde_json::{Value, json};

use crate::args::Output;
use crate::session::Session;

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

/// Tells a failure on standard error, and gives its exit code.
pub fn report(failure: &Failure, session: &Session) -> ExitCode {
    let code = code(failure);
    // Nobody is left to read; that is no error.
    if code == 0 {
        return ExitCode::SUCCESS;
    }
    let told = match failure {
        Failure::Partly | Failure::Told(_) => None,
        failure if session.output() == Output::Json => Some(document(failure).to_string()),
        Failure::Engine(error) => Some(session.error(&sentence(error, session))),
        Failure::Stopped { after, error } => {
            let place = crate::command::after(*after);
            Some(session.error(&format!("stopped {place}: {}", sentence(error, session))))
        }
        Failure::Usage(text) => Some(session.error(text)),
        Failure::Io(error) => Some(session.error(&error.to_string())),
        Failure::Unwritten { what, error } => Some(session.error(&format!("{what} ({error})"))),
    };
    if let Some(told) = told {
        // Where standard error is gone too, the exit code still tells.
        let _ = writeln!(io::stderr(), "{told}");
        if let (Failure::Engine(error), true) = (failure, session.output() != Output::Json) {
            hint(error, session);
        }
    }
    ExitCode::from(code)
}

/// Ends the program at arguments that cannot be read, or that ask for help. Those who want JSON get a problem object,
/// also where that is all that could be read of their wish.
pub fn misused(error: &clap::Error) -> ! {
    let words: Vec<_> = std::env::args_os().collect();
    let json = words.iter().any(|word| word == "--output=json")
        || words.windows(2).any(|pair| pair[0] == "--output" && pair[1] == "json");
    if !json || !error.use_stderr() {
        error.exit();
    }
    let text = error.render().to_string();
    let first =
        text.split("\n\n").next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    let detail = first.strip_prefix("error: ").unwrap_or(&first);
    // Where standard error is gone, the exit code still tells.
    let _ = writeln!(io::stderr(), "{}", document(&Failure::Usage(detail.into())));
    std::process::exit(2);
}

/// The problem object of a failure. What has no status in HTTP has none here.
fn document(failure: &Failure) -> Value {
    let own = |code: &str, detail: &str| {
        json!({
            "type": format!("urn:commerce:{code}"),
            "title": code.replace('_', " "),
            "detail": detail,
            "code": code,
            "retryable": false,
        })
    };
    match failure {
        Failure::Engine(Error::Open(error)) => own("cannot_open", &error.to_string()),
        Failure::Engine(error) => Problem::Engine(error.clone()).document(),
        Failure::Stopped { after, error } => {
            let mut document = Problem::Engine(error.clone()).document();
            document["after_line"] = (*after).into();
            document
        }
        Failure::Usage(text) => own("usage", text),
        Failure::Unwritten { what, error } => own("output_failed", &format!("{what} ({error})")),
        Failure::Io(error) => own("io_failed", &error.to_string()),
        Failure::Partly | Failure::Told(_) => Value::Null,
    }
}

fn code(failure: &Failure) -> u8 {
    match failure {
        Failure::Engine(error) | Failure::Stopped { error, .. } => code_of(error),
        Failure::Usage(_) => 2,
        Failure::Partly => 3,
        Failure::Told(code) => *code,
        Failure::Io(error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
        Failure::Io(_) | Failure::Unwritten { .. } => 1,
    }
}

/// The exit code of an error of the engine.
pub fn code_of(error: &Error) -> u8 {
    match error {
        Error::Refused(_) | Error::Skipped | Error::Open(OpenError::Currency { .. }) => 3,
        Error::Invalid(_) => 2,
        Error::Busy(_) | Error::Unknown(_) => 5,
        Error::Open(_) | Error::Gone(_) => 4,
        Error::Unavailable(_) | Error::Store(_) | Error::Closed => 1,
    }
}

/// The sentence for people. Where there is no store, there is no money to speak of either.
pub fn sentence(error: &Error, session: &Session) -> String {
    match session.shop() {
        Ok(shop) => error.sentence(shop.currency()),
        Err(_) => error.to_string(),
    }
}

fn hint(error: &Error, session: &Session) {
    let hint = match error {
        Error::Open(OpenError::Missing(path)) => {
            format!("make one with: commerce --db {} init   (or see: commerce demo)", path.display())
        }
        Error::Open(OpenError::Currency { .. }) => "restore it all the same with --other-currency".into(),
        Error::Open(OpenError::Denied { .. }) => {
            "set COMMERCE_DB_TOKEN to the token, or name its file with --db-token-file".into()
        }
        _ => return,
    };
    session.note(&hint);
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
