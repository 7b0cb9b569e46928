//! How a failure is reported: a sentence for people, or a problem object for programs, on standard error.

use std::io::{self, Write};
use std::process::ExitCode;

use commerce_core::{Error, OpenError};
use commerce_server::Problem;
use serde_json::{Value, json};

use crate::failure::{Failure, after};
use crate::options::Output;
use crate::session::Session;

/// Tells a failure on standard error, and gives its exit code.
pub fn report(failure: &Failure, session: &Session) -> ExitCode {
    let code = failure.code();
    if code == 0 {
        return ExitCode::SUCCESS;
    }
    let told = match failure {
        Failure::Partly | Failure::Told(_) => None,
        failure if session.output() == Output::Json => Some(document(failure).to_string()),
        Failure::Engine(error) => Some(session.error(&sentence(error, session))),
        Failure::Stopped { after: line, error } => {
            Some(session.error(&format!("stopped {}: {}", after(*line), sentence(error, session))))
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
