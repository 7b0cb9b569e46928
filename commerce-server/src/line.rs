//! The lines of a body: which there are, what operation each holds, and how its result is written. Lines and results are
//! those of `commerce apply`.

use std::io::Write;
use std::ops::Range;

use commerce_core::{Answer, Error, Invalid, Submission, TextOperation, TextReply, input, registry};
use serde::Serialize;

use crate::access::Caller;
use crate::json::append_json;
use crate::problem::Problem;
use crate::route::Permission;

/// A body, line by line.
pub(crate) struct Lines {
    text: Vec<u8>,
    /// Where the next line begins.
    next: usize,
    /// The number of lines so far.
    number: u64,
}

/// The number of a line, counted from 1, and its place in the text.
pub(crate) type Line = (u64, Range<usize>);

impl Lines {
    pub(crate) fn new(text: Vec<u8>) -> Self {
        Self { text, next: 0, number: 0 }
    }

    /// The next lines that are not blank: at most `count`, and no more than `bytes` unless one alone is longer. Fewer when
    /// the body ends, and none after its end.
    pub(crate) fn take(&mut self, count: usize, bytes: usize) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut length = 0;
        while lines.len() < count && self.next < self.text.len() {
            let rest = &self.text[self.next..];
            let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
            let line = rest[..end].trim_ascii();
            length += end;
            if length > bytes && !lines.is_empty() {
                break;
            }
            self.number += 1;
            if !line.is_empty() {
                let start = self.next + rest[..end].len() - rest[..end].trim_ascii_start().len();
                lines.push((self.number, start..start + line.len()));
            }
            self.next += end + 1;
        }
        lines
    }

    /// The text of a line.
    pub(crate) fn text(&self, line: &Line) -> &[u8] {
        &self.text[line.1.clone()]
    }
}

/// Reads the operation in a line of this caller. With `trust_time` it may have a time.
///
/// # Errors
/// `invalid_request`, or `forbidden` for an operation that the caller may not perform.
pub(crate) fn parse(
    text: &[u8],
    caller: &Caller,
    trust_time: bool,
) -> Result<Submission<TextOperation>, Problem> {
    let submission = registry::parse_operation_of(caller.submitter(), &input::json(text)?)?;
    caller.authorize(Permission::Operation(submission.operation.access()))?;
    if submission.at.is_some() && !trust_time {
        return Err(Invalid::at("/at", "is only accepted with trust_time").into());
    }
    Ok(submission.into_text())
}

/// Why a line was neither done nor refused nor invalid.
#[derive(Serialize)]
struct Failure<'a> {
    code: &'a str,
    detail: &'a str,
    retryable: bool,
}

/// Writes the result of a line.
///
/// # Errors
/// [`Error::Store`] for a reply that cannot be shown as JSON.
pub(crate) fn write_result(
    number: u64,
    outcome: &Result<Answer<TextReply>, Problem>,
    text: &mut Vec<u8>,
) -> Result<(), Error> {
    // Writing to memory cannot fail.
    let _ = write!(text, "{{\"line\":{number},");
    match outcome {
        Ok(answer) => {
            text.extend_from_slice(b"\"ok\":");
            answer.write_json(text)?;
        }
        Err(Problem::Engine(Error::Refused(refusal))) => write_member("refused", refusal, text)?,
        Err(Problem::Engine(Error::Invalid(invalid))) => write_member("invalid", invalid, text)?,
        Err(problem) => {
            let detail = problem.public_detail();
            let failure =
                Failure { code: failure_code(problem), detail: &detail, retryable: problem.retryable() };
            write_member("failed", &failure, text)?;
        }
    }
    text.extend_from_slice(b"}\n");
    Ok(())
}

/// The code of a failed line. Unlike a whole request, it tells whether the operation may have been done.
fn failure_code(problem: &Problem) -> &'static str {
    match problem {
        Problem::Engine(Error::Unknown(_)) => "unknown",
        other => other.code(),
    }
}

fn write_member(name: &str, value: &impl Serialize, text: &mut Vec<u8>) -> Result<(), Error> {
    let _ = write!(text, "\"{name}\":");
    append_json(value, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(text: &str, count: usize, bytes: usize) -> Vec<Vec<(u64, String)>> {
        let mut lines = Lines::new(text.into());
        let mut portions = Vec::new();
        loop {
            let portion = lines.take(count, bytes);
            if portion.is_empty() {
                return portions;
            }
            let text = |line: &Line| String::from_utf8_lossy(lines.text(line)).into_owned();
            portions.push(portion.iter().map(|line| (line.0, text(line))).collect());
        }
    }

    #[test]
    fn lines_are_numbered_with_the_blank_ones_and_taken_in_portions() {
        let line = |number, text: &str| (number, text.to_owned());
        assert_eq!(taken("a\n\n \r\n  b \r\nc", 9, 99), [vec![line(1, "a"), line(4, "b"), line(5, "c")]]);
        assert_eq!(taken("a\nb\nc\n", 2, 99), [vec![line(1, "a"), line(2, "b")], vec![line(3, "c")]]);
        let long = [vec![line(1, "aaaa")], vec![line(2, "b"), line(3, "c")]];
        assert_eq!(taken("aaaa\nb\nc", 9, 3), long);
        assert_eq!(taken("\n \n\n", 9, 99), [[]; 0]);
        assert_eq!(taken("", 9, 99), [[]; 0]);
    }
}
