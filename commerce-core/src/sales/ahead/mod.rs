//! Best sellers on a server in one or two requests. The count of a window asks statement by statement, each of which depends
//! on the answers before it. Here the same statements are answered ahead: their rows are read together, by statements that
//! compute the bounds of the window in SQL, and are then handed to the count as if it had asked one by one. What was not
//! foreseen is a statement without rows; it is read from the same snapshot, in a request more.

mod cold;
mod foreseen;
mod question;
mod warm;

pub(in crate::sales) use question::Question;

use super::cache::SalesCache;
use crate::error::Error;
use crate::store::Snapshot;
use foreseen::Foreseen;

/// Calls `answer` with a snapshot of a server that needs few requests.
pub(super) fn answer<T>(
    snapshot: &mut dyn Snapshot,
    cache: &SalesCache,
    question: &Question<'_>,
    answer: &dyn Fn(&mut dyn Snapshot) -> Result<T, Error>,
) -> Result<T, Error> {
    // Another thread would update the cached window on which this one is based.
    let _turn = cache.take_turn();
    match attempt(snapshot, cache, question, answer, true)? {
        Some(answered) => Ok(answered),
        None => attempt(snapshot, cache, question, answer, false)?
            .ok_or(Error::Busy("the sales changed while they were read".into())),
    }
}

/// Answers, if everything that is asked was foreseen or may be read afterwards.
fn attempt<T>(
    snapshot: &mut dyn Snapshot,
    cache: &SalesCache,
    question: &Question<'_>,
    answer: &dyn Fn(&mut dyn Snapshot) -> Result<T, Error>,
    is_last: bool,
) -> Result<Option<T>, Error> {
    let known = match question.to {
        None => cache.known(question.days, question.candidates),
        Some(_) => None,
    };
    let mut ahead = Foreseen::new(snapshot, is_last);
    match &known {
        Some(known) => warm::read(&mut ahead, question, known)?,
        None => cold::read(&mut ahead, question)?,
    }
    let answered = answer(&mut ahead);
    if ahead.missed {
        return Ok(None);
    }
    if question.to.is_none() && answered.is_ok() {
        cache.set_newest_entry(question.days, ahead.newest_entry);
    }
    answered.map(Some)
}
