//! One request with the lines of several submissions, and its answer. Each result is handed on as it arrives: the first do not
//! wait for the last.

use std::collections::VecDeque;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::entry::{Entry, Form};
use super::failure::Failure;
use super::problem;
use super::request::{GRACE, JSON, Request, silence_until};
use super::sequence::Sequence;
use super::transport::{Answer, Transport};
use crate::error::{Cause, Error};
use crate::input::Invalid;
use crate::operation::Chain;

/// The most lines and bytes of a request. The server takes bodies of 1 MB.
const MAX_LINES: usize = 1_024;
const MAX_BYTES: usize = 900_000;

/// The result of a line.
#[derive(Deserialize)]
struct ResultLine<'a> {
    line: usize,
    #[serde(borrow, default)]
    ok: Option<&'a RawValue>,
    #[serde(borrow, default)]
    refused: Option<&'a RawValue>,
    #[serde(default)]
    invalid: Option<Invalid>,
    #[serde(borrow, default)]
    failed: Option<&'a RawValue>,
}

/// Takes the first entries of a queue that can travel in one request.
pub(super) fn take_batch(queue: &mut VecDeque<Entry>) -> VecDeque<Entry> {
    let (mut batch, mut bytes) = (VecDeque::new(), 0);
    while let Some(entry) = queue.front() {
        let length = match &entry.form {
            Form::Line { text, .. } => text.len() + 1,
            Form::Alone { .. } => 0,
        };
        let fits = batch.front().is_none_or(|first| travel_together(first, entry))
            && batch.len() < MAX_LINES
            && (batch.is_empty() || bytes + length <= MAX_BYTES);
        if !fits {
            break;
        }
        bytes += length;
        batch.extend(queue.pop_front());
    }
    batch
}

/// Whether two entries can be lines of one request: those of one chain, or of none.
fn travel_together(one: &Entry, other: &Entry) -> bool {
    match (&one.form, &other.form) {
        (Form::Line { timed, .. }, Form::Line { timed: other_timed, .. }) => {
            timed == other_timed && one.chain == other.chain
        }
        _ => false,
    }
}

/// Sends a batch, and answers its entries in order. Those that are left after a failure have no answer. On success, those
/// that are left are to be asked for again.
pub(super) fn exchange(
    transport: &Transport,
    sequence: &mut Sequence,
    batch: &mut VecDeque<Entry>,
    buffer: &mut Vec<u8>,
) -> Result<(), Failure> {
    let result = send(transport, sequence, batch, buffer).and_then(|answer| match answer {
        Some(answer) => read(answer, batch, buffer),
        None => Ok(()),
    });
    if let Err(failure) = &result
        && failure.may_be_done()
    {
        batch.iter_mut().for_each(|entry| entry.may_be_done = true);
    }
    result
}

/// Sends a batch. The answer has a line for each entry, unless there was only one that travels alone.
fn send(
    transport: &Transport,
    sequence: &mut Sequence,
    batch: &mut VecDeque<Entry>,
    buffer: &mut Vec<u8>,
) -> Result<Option<Answer>, Failure> {
    let Some((first, last)) = batch.front().zip(batch.back()) else { return Ok(None) };
    let (silence, end) = (silence_until(first.deadline), last.deadline.max(first.deadline) + GRACE);
    match &first.form {
        Form::Alone { method, path, body } => {
            let (method, key) = (*method, Some(first.key.as_str()));
            let request = Request { method, path, content_type: JSON, body, key, silence, end };
            let sent = transport.send(&request).and_then(|answer| Ok((answer.replayed, answer.whole()?)));
            let outcome = match sent {
                Err(Failure::Refused(error)) if !matches!(error, Error::Busy(_)) => Err(error),
                sent => Ok(sent?),
            };
            let Some(entry) = batch.pop_front() else { return Ok(None) };
            match outcome {
                Ok((replayed, reply)) => entry.answer(&reply, replayed),
                Err(error @ (Error::Refused(_) | Error::Invalid(_))) => entry.fail(error),
                Err(error) => {
                    let reason = error.to_string().into();
                    entry.give_up(error, &reason);
                }
            }
            Ok(None)
        }
        Form::Line { timed, .. } => {
            let path = format!("{}{}", path(first.chain.as_ref(), *timed), sequence.next());
            buffer.clear();
            for entry in batch.iter() {
                if let Form::Line { text, .. } = &entry.form {
                    buffer.extend_from_slice(text);
                    buffer.push(b'\n');
                }
            }
            let request = Request { content_type: LINES, silence, end, ..Request::post(&path, buffer, end) };
            transport.send(&request).map(Some)
        }
    }
}

/// The type of JSON Lines.
const LINES: &str = "application/jsonl";

/// The beginning of the path for lines of a chain, or of none. Only then does one that fails concern no other.
fn path(chain: Option<&Chain>, timed: bool) -> &'static str {
    match (chain.map(Chain::is_strict), timed) {
        (None, false) => "/v1/operations?independent=true&",
        (None, true) => "/v1/operations?independent=true&trust_time=true&",
        (Some(true), false) => "/v1/operations?stop_on_error=true&",
        (Some(true), true) => "/v1/operations?stop_on_error=true&trust_time=true&",
        (Some(false), false) => "/v1/operations?",
        (Some(false), true) => "/v1/operations?trust_time=true&",
    }
}

/// Reads the results, and puts those that are to be asked for again before those that have none.
fn read(answer: Answer, batch: &mut VecDeque<Entry>, line: &mut Vec<u8>) -> Result<(), Failure> {
    let mut again = VecDeque::new();
    let result = read_results(answer, batch, &mut again, line);
    again.append(batch);
    *batch = again;
    result
}

/// Reads the results, each of which answers the next entry, or moves it to `again`.
fn read_results(
    mut answer: Answer,
    batch: &mut VecDeque<Entry>,
    again: &mut VecDeque<Entry>,
    line: &mut Vec<u8>,
) -> Result<(), Failure> {
    let mut number = 0;
    while answer.line(line)? {
        number += 1;
        let outcome = outcome(line, number)?;
        let Some(entry) = batch.pop_front() else { return Err(unexpected("it has more results than lines")) };
        match outcome {
            Outcome::Done(reply) => entry.answer(reply.get().as_bytes(), false),
            Outcome::Failed(error) if is_unsettled(&error, entry.may_be_done) => {
                let mut entry = entry;
                entry.may_be_done = true;
                again.push_back(entry);
            }
            Outcome::Failed(error) => entry.fail(error),
        }
    }
    // Nothing follows in a chain that has ended.
    match batch.front().and_then(|entry| entry.chain.as_ref()) {
        Some(chain) if chain.is_ended() => batch.drain(..).for_each(|entry| entry.fail(Error::Skipped)),
        Some(_) if !again.is_empty() => {}
        _ if !batch.is_empty() => return Err(unexpected("it has fewer results than lines")),
        _ => {}
    }
    Ok(())
}

/// Whether an operation may be done although it failed: its outcome is unknown, or an earlier request with it has none.
fn is_unsettled(error: &Error, may_be_done: bool) -> bool {
    match error {
        Error::Unknown(_) => true,
        Error::Refused(_) | Error::Invalid(_) => false,
        _ => may_be_done,
    }
}

/// What a line became.
enum Outcome<'a> {
    Done(&'a RawValue),
    Failed(Error),
}

/// Reads the result of the line with this number.
fn outcome(line: &[u8], number: usize) -> Result<Outcome<'_>, Failure> {
    let result: ResultLine<'_> = serde_json::from_slice(line)
        .map_err(|e| Failure::Lost(Cause::new("it has a result that is not one", e)))?;
    if result.line != number {
        return Err(unexpected("its results are not in the order of the lines"));
    }
    let problem = result.refused.or(result.failed);
    match (result.ok, result.invalid, problem.and_then(|problem| problem::read(problem.get().as_bytes()))) {
        (Some(reply), None, None) => Ok(Outcome::Done(reply)),
        (None, Some(invalid), None) => Ok(Outcome::Failed(invalid.into())),
        (None, None, Some(error)) => Ok(Outcome::Failed(error)),
        _ => Err(unexpected("it has a result that is not one")),
    }
}

fn unexpected(sentence: &'static str) -> Failure {
    Failure::Lost(sentence.into())
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::operation::Submission;
    use crate::served::keys::Keys;
    use crate::testing::id;
    use crate::time::Time;

    fn entry(chain: Option<&Chain>, timed: bool) -> Entry {
        let submission = Submission::new(crate::user::Add { user: id("kim"), name: None });
        let submission = if timed { submission.at(Time::from_millis(7)) } else { submission };
        let submission = chain.map_or(submission.clone(), |chain| submission.chain(chain));
        Entry::new(submission, &Keys::new(Time::default()), Instant::now()).0.unwrap()
    }

    fn alone() -> Entry {
        let revoke = crate::token::Revoke { name: id("desk") };
        Entry::new(Submission::new(revoke), &Keys::new(Time::default()), Instant::now()).0.unwrap()
    }

    #[test]
    fn what_depends_on_one_another_alike_travels_together() {
        let (one, other) = (Chain::new(), Chain::new());
        let mut queue: VecDeque<_> = [
            entry(None, false),
            entry(None, false),
            entry(None, true),
            entry(Some(&one), false),
            entry(Some(&one), false),
            entry(Some(&other), false),
            alone(),
            alone(),
            entry(None, false),
        ]
        .into();
        let mut counts = Vec::new();
        while !queue.is_empty() {
            counts.push(take_batch(&mut queue).len());
        }
        assert_eq!(counts, [2, 1, 2, 1, 1, 1, 1]);
    }

    #[test]
    fn a_request_has_no_more_lines_than_the_server_takes() {
        let mut queue: VecDeque<_> = (0..MAX_LINES + 1).map(|_| entry(None, false)).collect();
        assert_eq!((take_batch(&mut queue).len(), take_batch(&mut queue).len()), (MAX_LINES, 1));
    }

    #[test]
    fn a_result_is_that_of_its_line_or_none_at_all() {
        let told = |line: &str| match outcome(line.as_bytes(), 2) {
            Ok(Outcome::Done(reply)) => reply.get().to_owned(),
            Ok(Outcome::Failed(error)) => format!("{error}"),
            Err(_) => "lost".into(),
        };
        for (line, expected) in [
            (r#"{"line":2,"ok":{"user":"kim"}}"#, r#"{"user":"kim"}"#),
            (r#"{"line":2,"refused":{"code":"user_exists","user":"kim"}}"#, "user kim already exists"),
            (
                r#"{"line":2,"invalid":{"errors":[{"pointer":"/user","detail":"is missing"}]}}"#,
                "/user: is missing",
            ),
            (
                r#"{"line":2,"failed":{"code":"forbidden","detail":"no"}}"#,
                "the token does not allow this: no",
            ),
            (r#"{"line":1,"ok":{"user":"kim"}}"#, "lost"),
            (r#"{"line":2}"#, "lost"),
            (r#"{"line":2,"ok":{"#, "lost"),
        ] {
            assert_eq!(told(line), expected, "{line}");
        }
    }

    #[test]
    fn a_failure_settles_nothing_while_an_earlier_request_has_no_answer() {
        let unknown = Error::Unknown("no sync".into());
        let (busy, refused) = (Error::Busy("full".into()), Error::Invalid(Invalid::at("", "no")));
        for (error, may_be_done, expected) in
            [(&unknown, false, true), (&busy, false, false), (&busy, true, true), (&refused, true, false)]
        {
            assert_eq!(is_unsettled(error, may_be_done), expected, "{error}");
        }
    }
}
