//! Reading: a question is one request, which it shares with those that others ask at the same time.

use std::time::Duration;

use super::group::Reply;
use super::snapshot::ServerSnapshot;
use super::source::Sources;
use crate::error::Error;
use crate::row::{Rows, Statement};
use crate::store::{Reader, Snapshot};

/// The reading side of a server.
pub(super) struct ServerReader(pub(super) Sources);

impl ServerReader {
    fn version_of(&self, reply: &Reply) -> i64 {
        reply.version.unwrap_or_else(|| self.0.newest()).number()
    }
}

impl Reader for ServerReader {
    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, Error> {
        Ok(Box::new(ServerSnapshot::new(&self.0)))
    }

    // The server ends a transaction after some seconds.
    fn supports_long_snapshots(&self) -> bool {
        false
    }

    fn expect_long_answers(&self) {
        self.0.expect_long_answers();
    }

    // The state of the primary, which every answer tells. Later reads, also from a replica, are at least as new.
    fn version(&self) -> Result<i64, Error> {
        let reply = self.0.ask_primary(|source, timeout| source.groups.ask(&[], timeout))?;
        Ok(self.version_of(&reply))
    }

    fn version_with(&self, statement: &Statement) -> Result<(i64, Rows), Error> {
        let statements = std::slice::from_ref(statement);
        let mut reply = self.0.ask_primary(|source, timeout| source.groups.ask(statements, timeout))?;
        Ok((self.version_of(&reply), reply.rows.pop().unwrap_or_default()))
    }

    fn known_version(&self) -> Result<i64, Error> {
        Ok(self.0.newest().number())
    }

    fn is_remote(&self) -> bool {
        true
    }

    // Each poll is a request.
    fn poll_interval(&self) -> Duration {
        Duration::from_millis(500)
    }
}
