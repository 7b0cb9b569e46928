//! The audit of a shop that is served elsewhere runs there. Its progress is told as it goes on.

use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::failure::Failure;
use super::problem;
use super::request::Request;
use super::transport::Transport;
use crate::error::{Cause, Error};
use crate::verify::report::{Audit, Progress};

/// A line of the answer.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(default)]
    progress: Option<Progress>,
    #[serde(default)]
    audit: Option<Audit>,
    #[serde(borrow, default)]
    failed: Option<&'a RawValue>,
}

/// How long an audit may take, and how long it may tell nothing: SQLite checks a large file without a word.
const LONGEST: Duration = Duration::from_hours(24);
const SILENCE: Duration = Duration::from_mins(15);

/// Runs the audit at the server. A connection that is lost ends it: it is not begun again.
pub(super) fn audit(transport: &Transport, progress: &mut dyn FnMut(Progress)) -> Result<Audit, Error> {
    let request = Request { silence: SILENCE, ..Request::get("/v1/verify", Instant::now() + LONGEST) };
    let mut answer = transport.send(&request).map_err(Failure::into_error)?;
    let (mut text, mut audited) = (Vec::new(), None);
    while answer.line(&mut text).map_err(Failure::into_error)? {
        let line = serde_json::from_slice(&text).map_err(|e| Error::Store(Cause::of(e)))?;
        match line {
            Line { failed: Some(failed), .. } => return Err(error(failed)),
            Line { progress: Some(told), .. } => progress(told),
            Line { audit: Some(audit), .. } => audited = Some(audit),
            Line { .. } => {}
        }
    }
    audited.ok_or_else(|| Error::Busy("the server ended the audit early".into()))
}

fn error(failed: &RawValue) -> Error {
    problem::read(failed.get().as_bytes()).unwrap_or_else(|| Error::Store(failed.get().into()))
}
