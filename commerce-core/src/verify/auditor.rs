//! The state of a running audit: the snapshots that it reads, and what it has found.

use std::time::{Duration, Instant};

use super::report::{Audit, Progress};
use crate::engine::Engine;
use crate::error::Error;
use crate::query::View;
use crate::row::Value;

/// The number of rows to read at once.
pub(super) const SPAN: i64 = 16_384;

/// How long to read spans without a pause while other processes write, and the pause, in which no snapshot is open
/// and the log can be reset.
const WORK: Duration = Duration::from_millis(50);
const PAUSE: Duration = Duration::from_millis(20);

/// A running audit.
pub(super) struct Auditor<'a> {
    pub(super) shop: &'a Engine,
    pub(super) audit: Audit,
    progress: &'a mut dyn FnMut(Progress),
    /// The number of things to check, as far as it is known.
    pub(super) total: u64,
    /// When the audit last paused, and the version of the store then.
    paused: Instant,
    version: i64,
}

impl<'a> Auditor<'a> {
    pub(super) fn new(shop: &'a Engine, progress: &'a mut dyn FnMut(Progress)) -> Result<Self, Error> {
        let version = shop.version()?;
        shop.expect_long_answers();
        Ok(Self { shop, audit: Audit::default(), progress, total: 0, paused: Instant::now(), version })
    }

    /// The next snapshot, after a pause if other processes write to the same file. A server needs no pause, and
    /// asking for its version costs a request.
    pub(super) fn view(&mut self) -> Result<View<'a>, Error> {
        if self.shop.on_file() && self.paused.elapsed() >= WORK {
            let version = self.shop.version()?;
            if version != self.version {
                std::thread::sleep(PAUSE);
            }
            (self.paused, self.version) = (Instant::now(), version);
        }
        self.shop.view()
    }

    /// Reports how far the audit is.
    pub(super) fn report(&mut self, what: &'static str, done: u64) {
        (self.progress)(Progress { what: what.into(), done, total: self.total.max(done) });
    }
}

/// A value as text in a difference.
pub(super) fn display(value: &Value) -> String {
    match value {
        Value::Null => "none".into(),
        Value::Integer(value) => value.to_string(),
        Value::Text(text) => text.as_ref().into(),
    }
}
