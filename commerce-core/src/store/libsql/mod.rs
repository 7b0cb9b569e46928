//! The server store: a libSQL server (sqld) that many machines share, with Hrana 3 over HTTP. The schema and the
//! statements are those of a file. The differences: each question is a round trip, an answer can be lost, and the
//! server takes the lock away from a transaction that takes too long.

mod client;
mod copy;
mod failure;
mod group;
mod hrana;
mod newest;
mod open;
mod program;
mod read;
mod save;
mod snapshot;
mod source;
mod state;
mod transaction;
mod transport;
mod write;

pub(crate) use copy::{backup, repair, restore};
pub(crate) use open::{create, open};
pub(crate) use state::ServerState;
