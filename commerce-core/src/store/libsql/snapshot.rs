//! A snapshot of a server. An answer that takes several requests holds a stream with a read transaction.

use super::client::{CLOSE_TIMEOUT, Stream};
use super::failure::Failure;
use super::source::{Permit, Sources};
use super::transaction::{begin, read_last, read_more};
use crate::error::Error;
use crate::row::{Rows, Statement};
use crate::store::Snapshot;

/// A snapshot, which is taken with the first question.
pub(super) struct ServerSnapshot<'a> {
    sources: &'a Sources,
    open: Option<(Stream, Permit<'a>)>,
}

impl<'a> ServerSnapshot<'a> {
    pub(super) fn new(sources: &'a Sources) -> Self {
        Self { sources, open: None }
    }
}

impl Snapshot for ServerSnapshot<'_> {
    fn is_remote(&self) -> bool {
        true
    }

    fn rows(&mut self, statement: &Statement) -> Result<Rows, Error> {
        Ok(self.batch(std::slice::from_ref(statement))?.pop().unwrap_or_default())
    }

    fn final_rows(&mut self, statement: &Statement) -> Result<Rows, Error> {
        Ok(self.final_batch(std::slice::from_ref(statement))?.pop().unwrap_or_default())
    }

    fn batch(&mut self, statements: &[Statement]) -> Result<Vec<Rows>, Error> {
        let Some((stream, _)) = &mut self.open else {
            let permit = self.sources.permit()?;
            let begun = self.sources.ask(|source, timeout| begin(&source.client, statements, timeout));
            let (stream, rows) = begun?;
            self.open = Some((stream, permit));
            return Ok(rows);
        };
        let answer = read_more(stream, statements, self.sources.busy);
        answer.map_err(|failure| self.sources.error(failure))
    }

    fn final_batch(&mut self, statements: &[Statement]) -> Result<Vec<Rows>, Error> {
        let Some((stream, _)) = &mut self.open else { return self.sources.once(statements) };
        if self.sources.sends_long_answers() {
            return self.batch(statements);
        }
        let answer = read_last(stream, statements, self.sources.busy);
        // What is read after this is read from another snapshot.
        self.open = None;
        match answer {
            Err(Failure::TooLarge) => Err(self.sources.end_later()),
            answer => answer.map_err(|failure| self.sources.error(failure)),
        }
    }
}

impl Drop for ServerSnapshot<'_> {
    fn drop(&mut self) {
        if let Some((stream, _)) = &mut self.open {
            stream.close(self.sources.busy.min(CLOSE_TIMEOUT));
        }
    }
}
