//! A submission on its way to the server, in the form in which it travels. It owns the sender of its answer, which has the type
//! of its reply.

use std::time::Instant;

use serde::Deserialize;
use serde_json::Value;

use super::keys::Keys;
use super::request::Method;
use crate::error::{Cause, Error};
use crate::id::Key;
use crate::operation::{Answer, Chain, Operation, Submission};
use crate::submit::{Decided, Receive, Submit};
use crate::ticket::Ticket;
use crate::token;

/// A submission of any type.
pub(super) struct Entry {
    pub(super) form: Form,
    pub(super) key: Key,
    pub(super) chain: Option<Chain>,
    /// Until when its answer is asked for.
    pub(super) deadline: Instant,
    /// Whether a request with it may have been carried out.
    pub(super) may_be_done: bool,
    answer: Box<dyn SendAnswer>,
}

/// How a submission travels.
pub(super) enum Form {
    /// As a line, together with others.
    Line {
        text: Vec<u8>,
        /// Whether it has a time of its own.
        timed: bool,
    },
    /// As a request by itself.
    Alone { method: Method, path: String, body: Vec<u8> },
}

impl Entry {
    /// A submission to travel, and the ticket of its answer. None when the ticket is answered at once.
    pub(super) fn new<S: Submit>(
        submission: Submission<S>,
        keys: &Keys,
        deadline: Instant,
    ) -> (Option<Self>, Ticket<S::Reply>) {
        let (sender, receiver) = oneshot::channel();
        let made_key = submission.key.is_none();
        let key = submission.key.clone().unwrap_or_else(|| keys.next());
        let entry = match form(&submission, &key) {
            Ok(form) => {
                let answer = Box::new(Typed::<S::Reply> { sender, made_key });
                let chain = submission.chain;
                Some(Self { form, key, chain, deadline, may_be_done: false, answer })
            }
            Err(error) => {
                // A caller that dropped its ticket misses the answer.
                let _ = sender.send(Err(error));
                None
            }
        };
        (entry, Ticket { receiver })
    }

    /// Whether an earlier one of its chain has ended the chain.
    pub(super) fn is_skipped(&self) -> bool {
        self.chain.as_ref().is_some_and(Chain::is_ended)
    }

    /// Answers with the reply that the server gave as JSON. That it is a replay can be told beside it.
    pub(super) fn answer(self, reply: &[u8], replayed: bool) {
        self.answer.done(reply, replayed);
    }

    /// Answers with an error, and ends the chain that the error ends.
    pub(super) fn fail(self, error: Error) {
        if let Some(chain) = &self.chain {
            match error {
                Error::Skipped => {}
                Error::Refused(_) | Error::Invalid(_) if !chain.is_strict() => {}
                _ => chain.end(),
            }
        }
        self.answer.fail(error);
    }

    /// Answers that the outcome could not be learnt, or with the error if nothing can have been done.
    pub(super) fn give_up(self, error: Error, reason: &Cause) {
        let error = match self.may_be_done {
            true => Error::Unknown(Cause::unanswered(reason, self.key.clone())),
            false => error,
        };
        self.fail(error);
    }
}

/// The form of a submission.
fn form<S: Submit>(submission: &Submission<S>, key: &Key) -> Result<Form, Error> {
    if submission.caller.own.is_some() {
        return Err(Error::NotHere("acting for one user only"));
    }
    let Some((name, fields)) = submission.operation.as_json()? else {
        return Err(Error::NotHere("a test write"));
    };
    if name == token::Create::NAME {
        return Ok(Form::Alone { method: Method::Post, path: "/v1/tokens".into(), body: fields });
    }
    if name == token::Revoke::NAME {
        #[derive(Deserialize)]
        struct Named {
            name: token::TokenName,
        }
        let Named { name } = serde_json::from_slice(&fields).map_err(|e| Error::Store(Cause::of(e)))?;
        return Ok(Form::Alone {
            method: Method::Delete,
            path: format!("/v1/tokens/{name}"),
            body: Vec::new(),
        });
    }
    let mut text = Vec::with_capacity(fields.len() + key.as_str().len() + name.len() + 64);
    text.extend_from_slice(br#"{"op":""#);
    text.extend_from_slice(name.as_bytes());
    text.extend_from_slice(br#"","key":"#);
    serde_json::to_writer(&mut text, key).map_err(|e| Error::Store(Cause::of(e)))?;
    if let Some(at) = submission.at {
        text.extend_from_slice(format!(r#","at":"{at}""#).as_bytes());
    }
    if fields.len() > 2 {
        text.push(b',');
    }
    // The rest of the object, without its first brace.
    text.extend_from_slice(fields.get(1..).unwrap_or_default());
    Ok(Form::Line { text, timed: submission.at.is_some() })
}

/// Sends an answer of any type.
trait SendAnswer: Send {
    fn done(self: Box<Self>, reply: &[u8], replayed: bool);
    fn fail(self: Box<Self>, error: Error);
}

struct Typed<R: Receive> {
    sender: oneshot::Sender<Decided<R>>,
    /// Whether the key was made here. Its caller did not ask for a replay, and sees none.
    made_key: bool,
}

impl<R: Receive> SendAnswer for Typed<R> {
    fn done(self: Box<Self>, reply: &[u8], replayed: bool) {
        let answer = read::<R>(reply).map(|answer| {
            let replayed = (answer.replayed || replayed) && !self.made_key;
            Answer { replayed, ..answer }
        });
        // A caller that dropped its ticket misses the answer, not the effect.
        let _ = self.sender.send(answer);
    }

    fn fail(self: Box<Self>, error: Error) {
        let _ = self.sender.send(Err(error));
    }
}

/// Reads a reply. That it is a replay is told among its fields, where no reply has a field of this name.
fn read<R: Receive>(reply: &[u8]) -> Decided<R> {
    // The search in a text uses vector instructions. What is not a text fails below.
    if std::str::from_utf8(reply).is_ok_and(|text| !text.contains(r#""replayed""#)) {
        return Ok(Answer { reply: R::read_sent(reply)?, replayed: false });
    }
    let Answer { reply, replayed }: Answer<Value> =
        serde_json::from_slice(reply).map_err(|e| Error::Store(Cause::of(e)))?;
    let reply = serde_json::to_vec(&reply).map_err(|e| Error::Store(Cause::of(e)))?;
    Ok(Answer { reply: R::read_sent(&reply)?, replayed })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::access::Caller;
    use crate::registry::parse_operation;
    use crate::testing::id;
    use crate::time::Time;

    fn sent(submission: Submission<impl Submit>) -> Entry {
        let entry = Entry::new(submission, &Keys::new(Time::from_millis(7)), Instant::now()).0;
        entry.expect("what travels")
    }

    #[test]
    fn a_line_is_read_as_what_was_submitted() {
        let key = Key::try_from("a\"b\\c").unwrap();
        let add = crate::user::Add { user: id("kim"), name: None };
        let entry = sent(Submission::new(add).key(key.clone()).at(Time::from_millis(9)));
        let Form::Line { text, timed: true } = entry.form else { panic!("a line with a time") };
        let submission = parse_operation(&serde_json::from_slice(&text).unwrap()).unwrap();
        assert_eq!((submission.key, submission.at), (Some(key), Some(Time::from_millis(9))));
        assert_eq!(submission.operation.as_json().unwrap().unwrap().0, "user.add");
    }

    #[test]
    fn tokens_travel_alone_and_what_only_an_engine_does_not_at_all() {
        let entry = sent(Submission::new(token::Revoke { name: id("desk") }));
        let Form::Alone { path, body, .. } = entry.form else { panic!("alone") };
        assert_eq!((path.as_str(), body.len()), ("/v1/tokens/desk", 0));
        let own = Caller::shopper(id("kim"));
        let add = Submission::new(crate::user::Add { user: id("kim"), name: None }).caller(own);
        let (entry, ticket) = Entry::new(add, &Keys::new(Time::default()), Instant::now());
        assert!(entry.is_none() && matches!(ticket.wait(), Err(Error::NotHere(_))));
    }

    #[test]
    fn a_replay_is_told_only_to_who_gave_the_key() {
        let reply = json!({ "user": "kim", "replayed": true }).to_string();
        for (key, told) in [(Some(Key::stored("k".into())), true), (None, false)] {
            let add = json!({ "op": "user.add", "user": "kim" });
            let submission = Submission { key, ..parse_operation(&add).unwrap() };
            let (entry, ticket) = Entry::new(submission, &Keys::new(Time::default()), Instant::now());
            entry.unwrap().answer(reply.as_bytes(), false);
            let Answer { reply, replayed } = ticket.wait().unwrap();
            assert_eq!((reply, replayed), (json!({ "user": "kim" }), told));
        }
    }
}
