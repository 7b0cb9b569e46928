//! The report of an audit.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// What an audit checked, and what it found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    /// The first 1,000 differences.
    pub differences: Vec<Difference>,
    /// The number of all differences.
    pub found: u64,
    /// What was checked, in order.
    pub checked: Vec<Checked>,
}

/// The number of checked things of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// The kind.
    pub what: Cow<'static, str>,
    /// The number.
    pub count: u64,
}

/// A stored figure that differs from the one computed from its rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The kind of figure.
    pub what: String,
    /// Whose figure it is.
    pub id: String,
    /// The stored value.
    pub stored: String,
    /// The computed value.
    pub computed: String,
}

/// The progress of an audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// What is being checked.
    pub what: Cow<'static, str>,
    /// The number of things checked so far.
    pub done: u64,
    /// The number of things to check, as far as it is known.
    pub total: u64,
}

/// The most differences to list.
pub(super) const MAX_DIFFERENCES: usize = 1_000;

impl Audit {
    /// Counts what was checked.
    pub(super) fn count_checked(&mut self, what: &'static str, count: u64) {
        match self.checked.iter_mut().find(|checked| checked.what == what) {
            Some(checked) => checked.count += count,
            None => self.checked.push(Checked { what: what.into(), count }),
        }
    }

    /// Adds a difference, or only counts it if there are too many.
    pub(super) fn add_difference(
        &mut self,
        what: &str,
        id: impl ToString,
        stored: impl ToString,
        computed: impl ToString,
    ) {
        self.found += 1;
        if self.differences.len() < MAX_DIFFERENCES {
            let (id, stored, computed) = (id.to_string(), stored.to_string(), computed.to_string());
            self.differences.push(Difference { what: what.into(), id, stored, computed });
        }
    }

    /// Adds a difference if the values differ.
    pub(super) fn compare<T: PartialEq + ToString>(
        &mut self,
        what: &str,
        id: impl ToString,
        stored: T,
        computed: T,
    ) {
        if stored != computed {
            self.add_difference(what, id, stored, computed);
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}: stored {}, computed {}", self.what, self.id, self.stored, self.computed)
    }
}
