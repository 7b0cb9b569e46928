//! Operations and queries known by name only, whose replies and answers are JSON text, for programs that pass them on. The
//! text is written by the reply's own type, without a value in between.

use crate::error::Error;
use crate::operation::{Answer, Submission};
use crate::query::{Answerable, AnyQuery, View};
use crate::submit::{AnyOperation, Receive, ToJson};

/// An operation whose reply is written as JSON.
pub type TextOperation = AnyOperation<TextReply>;

/// The reply of any operation.
pub struct TextReply(Box<dyn ToJson>);

/// A query whose answer is JSON.
pub struct TextQuery(pub AnyQuery);

impl Answer<TextReply> {
    /// Appends the answer to `text` as a JSON object: the fields of the reply, and `replayed` if it is true.
    ///
    /// # Errors
    /// [`Error::Store`] for a reply that cannot be shown as JSON.
    pub fn write_json(&self, text: &mut Vec<u8>) -> Result<(), Error> {
        self.reply.0.write_json(text)?;
        if self.replayed && text.pop_if(|last| *last == b'}').is_some() {
            if text.last() != Some(&b'{') {
                text.push(b',');
            }
            text.extend_from_slice(br#""replayed":true}"#);
        }
        Ok(())
    }
}

impl Submission<AnyOperation> {
    /// The same submission, whose reply is written as JSON.
    pub fn into_text(self) -> Submission<TextOperation> {
        let Self { operation, key, at, caller, chain } = self;
        Submission { operation: operation.with_reply(), key, at, caller, chain }
    }
}

impl Receive for TextReply {
    type Sent = Box<dyn ToJson>;

    fn receive(sent: Box<dyn ToJson>) -> Result<Self, Error> {
        Ok(Self(sent))
    }

    fn read_sent(json: &[u8]) -> Result<Box<dyn ToJson>, Error> {
        serde_json::Value::read_sent(json)
    }
}

impl Answerable for TextQuery {
    type Answer = Vec<u8>;

    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn fields(&self) -> Result<Vec<u8>, Error> {
        self.0.fields()
    }

    fn answer_from(&self, view: &mut View<'_>) -> Result<Vec<u8>, Error> {
        self.0.answer_text(view)
    }

    fn read_answer(json: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(json.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_written_as_its_value_is() {
        for (reply, replayed, text) in [
            (r#"{"user":"kim","at":7}"#, false, r#"{"user":"kim","at":7}"#),
            (r#"{"user":"kim","at":7}"#, true, r#"{"user":"kim","at":7,"replayed":true}"#),
            ("{}", true, r#"{"replayed":true}"#),
        ] {
            let reply = TextReply::receive(TextReply::read_sent(reply.as_bytes()).unwrap()).unwrap();
            let mut written = b"x".to_vec();
            Answer { reply, replayed }.write_json(&mut written).unwrap();
            assert_eq!(written, format!("x{text}").as_bytes());
        }
    }
}
