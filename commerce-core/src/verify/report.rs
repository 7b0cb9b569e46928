//! What an audit reports.

use std::fmt;

use serde::Serialize;

/// What an audit looked at, and what it found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Audit {
    /// Figures that are not what their rows say: the first 1,000.
    pub differences: Vec<Difference>,
    /// How many differences there are in all.
    pub found: u64,
    /// What was checked, in the order in which it was.
    pub checked: Vec<Checked>,
}

/// So many things of a kind were checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// Which.
    pub what: &'static str,
    /// How many.
    pub count: u64,
}

/// A figure that is not what its rows say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Which figure.
    pub what: String,
    /// Of what.
    pub id: String,
    /// As it stands.
    pub stored: String,
    /// As it should be.
    pub computed: String,
}

/// How far an audit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being checked.
    pub what: &'static str,
    /// How many of all things were checked.
    pub done: u64,
    /// How many there are, as far as is known.
    pub total: u64,
}

/// The most differences that are told one by one.
pub(super) const MOST: usize = 1_000;

impl Audit {
    /// Counts what was checked.
    pub(super) fn checked(&mut self, what: &'static str, count: u64) {
        match self.checked.iter_mut().find(|checked| checked.what == what) {
            Some(checked) => checked.count += count,
            None => self.checked.push(Checked { what, count }),
        }
    }

    /// Tells a difference, or only counts it where there are too many.
    pub(super) fn differs(
        &mut self,
        what: &str,
        id: impl ToString,
        stored: impl ToString,
        computed: impl ToString,
    ) {
        self.found += 1;
        if self.differences.len() < MOST {
            let (id, stored, computed) = (id.to_string(), stored.to_string(), computed.to_string());
            self.differences.push(Difference { what: what.into(), id, stored, computed });
        }
    }

    /// Tells a difference where there is one.
    pub(super) fn compare<T: PartialEq + ToString>(
        &mut self,
        what: &str,
        id: impl ToString,
        stored: T,
        computed: T,
    ) {
        if stored != computed {
            self.differs(what, id, stored, computed);
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}: stored {}, computed {}", self.what, self.id, self.stored, self.computed)
    }
}
