//! Read transactions: several requests on one stream that see one snapshot. Answers that are too long are read in parts.

use std::sync::Arc;
use std::time::Duration;

use super::client::{Client, Stream};
use super::failure::Failure;
use super::hrana::Steps;
use crate::row::{Rows, Statement};

/// Begins a read transaction with its first questions.
pub(super) fn begin(
    client: &Arc<Client>,
    statements: &[Statement],
    timeout: Duration,
) -> Result<(Stream, Vec<Rows>), Failure> {
    let mut stream = Stream::new(client.clone());
    let mut steps = Steps::from("BEGIN");
    statements.iter().for_each(|statement| steps.read(statement));
    let rows = match stream.batch(steps, timeout).and_then(|results| results.all_rows(1)) {
        Err(Failure::TooLarge) => {
            stream.close(timeout);
            stream.batch(Steps::from("BEGIN"), timeout)?;
            read_in_parts(&mut stream, statements, timeout)?
        }
        answer => answer?,
    };
    Ok((stream, rows))
}

/// Reads more in a transaction.
pub(super) fn read_more(
    stream: &mut Stream,
    statements: &[Statement],
    timeout: Duration,
) -> Result<Vec<Rows>, Failure> {
    match stream.batch(reads(statements), timeout).and_then(|results| results.all_rows(0)) {
        Err(Failure::TooLarge) => read_in_parts(stream, statements, timeout),
        answer => answer,
    }
}

/// Reads the last rows of a transaction, and ends its stream in the same request.
pub(super) fn read_last(
    stream: &mut Stream,
    statements: &[Statement],
    timeout: Duration,
) -> Result<Vec<Rows>, Failure> {
    stream.last_batch(reads(statements), timeout)?.all_rows(0)
}

fn reads(statements: &[Statement]) -> Steps<'_> {
    let mut steps = Steps::in_transaction();
    statements.iter().for_each(|statement| steps.read(statement));
    steps
}

fn read_in_parts(
    stream: &mut Stream,
    statements: &[Statement],
    timeout: Duration,
) -> Result<Vec<Rows>, Failure> {
    statements.iter().map(|statement| stream.read_in_parts(statement, timeout)).collect()
}
