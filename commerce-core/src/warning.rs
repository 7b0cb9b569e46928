//! What the operator of a store should know about it, although it works.

use std::fmt;

use crate::clock_offset::ClockOffset;
use crate::clock_skew::ClockSkew;

/// Something that the operator of a store should know: what is wrong, what follows, and how to correct it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// The server does not sync its commits.
    Unsynced {
        /// The server's address.
        url: String,
        /// Whether it is written nevertheless ([`Options::allow_unsynced`](crate::Options::allow_unsynced)).
        allowed: bool,
    },
    /// An earlier version added products that the search does not find, and the store cannot be written now.
    Unindexed,
    /// The newest stored time is ahead of the clock by more than [`ClockSkew::TOLERATED`].
    ClockAhead(ClockSkew),
    /// The clock of this instance differs from the server's by more than [`ClockOffset::TOLERATED`].
    ClockOffset(ClockOffset),
    /// The server never syncs its replication log: sqld before 0.24.33.
    UnsyncedReplicationLog {
        /// The server's address.
        url: String,
        /// Its version.
        version: String,
    },
    /// The SQLite inside the server has the WAL-reset bug (<https://sqlite.org/wal.html#walresetbug>).
    WalReset {
        /// The server's address.
        url: String,
        /// The version of SQLite.
        sqlite: String,
    },
    /// What the server of a served shop warns of, in its words.
    Told(String),
}

/// How to make a server sync its commits.
pub(crate) const SYNC: &str = "Set \"durability_mode\":\"strong\" through its admin interface (POST \
    /v1/namespaces/NAME/config, where NAME is default unless the address names the database), and start it with \
    --enable-namespaces, without which it forgets the mode at every restart";

/// How to write nevertheless.
pub(crate) const ALLOW: &str = "accept the loss with --allow-unsynced";

impl Warning {
    /// Whether acknowledged work can be lost or get a wrong time, or answers lack something. Such a warning belongs before
    /// every command; the others belong where a store is made, checked, or served for long.
    pub fn is_urgent(&self) -> bool {
        match self {
            Self::Unsynced { .. } | Self::Unindexed | Self::ClockAhead(_) | Self::Told(_) => true,
            Self::ClockOffset(_) | Self::UnsyncedReplicationLog { .. } | Self::WalReset { .. } => false,
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsynced { url, allowed: true } => {
                write!(
                    f,
                    "{url} does not sync its commits: what it acknowledges is lost when its machine fails. {SYNC}"
                )
            }
            Self::Unsynced { url, allowed: false } => {
                write!(f, "{url} does not sync its commits, so changes are refused. {SYNC}; or {ALLOW}")
            }
            Self::Unindexed => f.write_str(
                "an earlier version added products that the search does not find, and the store cannot be written \
                 now. Open it once so that it can be written",
            ),
            Self::ClockAhead(skew) => skew.fmt(f),
            Self::ClockOffset(offset) => offset.fmt(f),
            Self::Told(sentence) => f.write_str(sentence),
            Self::UnsyncedReplicationLog { url, version } => write!(
                f,
                "{url} is sqld {version}, which never syncs its replication log. The database is synced, but a power \
                 failure can damage the log: the server may then not start, and replicas, or what is restored from the \
                 log, may lack commits. Update it to 0.24.33 or later, and keep backups of the store"
            ),
            Self::WalReset { url, sqlite } => write!(
                f,
                "{url} runs SQLite {sqlite}, which can, very rarely, damage a database when checkpoints and a write meet \
                 (https://sqlite.org/wal.html#walresetbug; corrected in 3.51.3, 3.50.7 and 3.44.6). Back the store \
                 up, verify it from time to time, and update the server when there is one with a later SQLite"
            ),
        }
    }
}
