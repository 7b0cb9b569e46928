//! How a failure is reported: a sentence for people, or a problem object for programs, on standard error.

use std::io::{self, Write};
use std::process::ExitCode;

use commerce_core::{Error, OpenError};
use commerce_server::Problem;
use serde_json::{Value, json};

use crate::address::is_served;
use crate::failure::{BUSY, Failure, exit_code, position_after};
use crate::options::Format;
use crate::proxy::Proxy;
use crate::session::Session;
use crate::store::Token;

/// Reports a failure on standard error and returns the exit code.
pub fn report(failure: &Failure, session: &Session) -> ExitCode {
    let code = failure.exit_code();
    if code == 0 {
        return ExitCode::SUCCESS;
    }
    let text = match failure {
        Failure::Partial | Failure::Reported(_) => None,
        failure if session.format() == Format::Json => Some(problem(failure).to_string()),
        Failure::Engine(error) => Some(session.error_line(&sentence(error, session))),
        Failure::Stopped { after, error } => {
            let position = position_after(*after);
            Some(session.error_line(&format!("stopped {position}: {}", sentence(error, session))))
        }
        Failure::Usage(text) | Failure::NotHere(text) => Some(session.error_line(text)),
        Failure::Io(error) => Some(session.error_line(&error.to_string())),
        Failure::OutputFailed { done, error } => Some(session.error_line(&format!("{done} ({error})"))),
    };
    if let Some(text) = text {
        // If standard error is closed, the exit code still reports the failure.
        let _ = writeln!(io::stderr(), "{text}");
        if let (Failure::Engine(error), true) = (failure, session.format() != Format::Json) {
            hint(error, session);
        }
    }
    ExitCode::from(code)
}

/// Exits with clap's error or help. If the arguments ask for JSON, an error is a problem object. The arguments cannot be
/// parsed at this point, so the words are searched for the option.
pub fn exit_with(error: &clap::Error) -> ! {
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
    // If standard error is closed, the exit code still reports the failure.
    let _ = writeln!(io::stderr(), "{}", problem(&Failure::Usage(detail.into())));
    std::process::exit(2);
}

/// The problem object of a failure. It has a `status` only if the failure has one in HTTP.
fn problem(failure: &Failure) -> Value {
    let without_status = |code: &str, detail: &str| {
        json!({
            "type": format!("urn:commerce:{code}"),
            "title": code.replace('_', " "),
            "detail": detail,
            "code": code,
            "retryable": false,
        })
    };
    match failure {
        Failure::Engine(error @ Error::Open(cause)) => {
            let mut document = without_status("cannot_open", &cause.to_string());
            document["retryable"] = (exit_code(error) == BUSY).into();
            document
        }
        Failure::Engine(error @ Error::NotHere(_)) => without_status("not_here", &error.to_string()),
        Failure::Engine(error) => engine_problem(error),
        Failure::Stopped { after, error } => {
            let mut document = engine_problem(error);
            document["after_line"] = (*after).into();
            document
        }
        Failure::Usage(text) => without_status("usage", text),
        Failure::NotHere(text) => without_status("not_here", text),
        Failure::OutputFailed { done, error } => {
            without_status("output_failed", &format!("{done} ({error})"))
        }
        Failure::Io(error) => without_status("io_failed", &error.to_string()),
        Failure::Partial | Failure::Reported(_) => Value::Null,
    }
}

/// The problem object of an error of the engine. It has the key under which an unknown outcome can be learnt.
fn engine_problem(error: &Error) -> Value {
    let mut document = Problem::Engine(error.clone()).document();
    if let Some(key) = error.unanswered_key() {
        document["key"] = key.as_str().into();
    }
    document
}

/// An error as a sentence for people, with amounts in the currency of the store. Before it is open there are no amounts.
pub fn sentence(error: &Error, session: &Session) -> String {
    match session.open_shop() {
        Some(shop) => error.sentence(shop.currency()),
        None => error.to_string(),
    }
}

/// Prints what to do about an error, if there is something.
fn hint(error: &Error, session: &Session) {
    let hint = match error {
        Error::Open(OpenError::Missing(path)) => {
            format!("create one with: commerce --db {} init   (or try: commerce demo)", path.display())
        }
        Error::Open(OpenError::Currency { .. }) => "use --other-currency to restore it anyway".into(),
        Error::Open(OpenError::Denied { url, .. }) if !is_served(url.as_ref()) => {
            "set COMMERCE_DB_TOKEN to the token, or pass its file with --db-token-file".into()
        }
        Error::Open(OpenError::Denied { .. }) | Error::Unauthenticated(_) => match token_source(session) {
            Some(source) => format!("the token is that of {source}"),
            // The error itself names the remedy.
            None => return,
        },
        Error::Open(OpenError::Unreachable { url, .. }) if is_served(url.as_ref()) => {
            match Proxy::of_environment(url.starts_with("commerce://")) {
                Some(proxy) => {
                    format!("{} is set, so the shop is reached through that proxy", proxy.variable)
                }
                None => return,
            }
        }
        _ => return,
    };
    session.note(&hint);
}

/// Where the token of the store comes from, and how to give another.
fn token_source(session: &Session) -> Option<String> {
    Some(match session.store().ok()?.token(&session.global)? {
        Token::File(option, _) => option.into(),
        Token::Variable(name, _) => name.into(),
        Token::Login(_) => {
            format!("the login; make another with: commerce login {}", session.store().ok()?.place.display())
        }
    })
}
