//! For the tables beside the rules: a shop made by hand, over whose facts a rule is decided without any store, and
//! checks of what comes out.
//!
//! A rule gets only the rows that its `needs` names. A refused operation must have changed nothing. Of an operation that
//! is done, the tables compare the reply and every changed row, column by column.

mod changes;
mod check;
mod shop;

pub(crate) use changes::changes;
pub(crate) use check::{
    Case, Spoil, check, check_by, check_value, decide, done, faults, keys, needs, read, refusal, refusals,
};
pub(crate) use shop::{Shop, id, name_of, shop};

/// The time at which every operation is decided: 1970-01-01T00:00:01.000Z.
pub(crate) const NOW: i64 = 1_000;

/// The time of the clock, which differs from that of the operations. Keys and settlements are stored with it.
pub(crate) const CLOCK: i64 = 2_000;
