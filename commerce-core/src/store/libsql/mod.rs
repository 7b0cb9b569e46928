//! The server store: a libSQL server (sqld) that many machines share, spoken to by Hrana 3 over HTTP. Same
//! schema and same statements as on a file; what differs is that every question is a round trip, that an
//! answer can get lost, and that a transaction that takes too long is given to somebody else.

mod client;
mod copy;
mod failure;
mod hrana;
mod open;
mod read;
mod save;
mod write;

pub(crate) use copy::{backup, repair, restore};
pub(crate) use open::{create, open};
