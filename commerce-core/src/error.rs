//! Why an operation or a query was not answered.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::currency::Currency;
use crate::id::Key;
use crate::input::Invalid;
use crate::money::Amount;
use crate::refusal::Refusal;
use crate::text::ValueError;

/// Why an operation or a query was not answered.
///
/// [`source`](std::error::Error::source) leads to the underlying error, such as that of SQLite or of the network.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A rule refused the operation. Nothing was changed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The input is malformed. Nothing was changed.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Other processes kept the store busy, or the queue was full. Nothing was changed; try again.
    #[error("the store is busy: {0}; nothing was changed, try again")]
    Busy(Cow<'static, str>),
    /// The commit may have succeeded or failed. Try again with the same key.
    #[error("the outcome of the commit is unknown ({0}); try again with the same key")]
    Unknown(#[source] Cause),
    /// The store cannot do this at present: its disk is full, failing or read-only, or its server refuses the token.
    /// Nothing was changed.
    #[error("the store is unavailable: {0}; nothing was changed")]
    Unavailable(#[source] Cause),
    /// The file of the store was removed, replaced or emptied while it was open. Nothing was acknowledged since. Open the
    /// store again.
    #[error("the store is gone: {0}; nothing was changed, put it back and start again")]
    Gone(Cow<'static, str>),
    /// The operation was not attempted, because an earlier one in the same chain failed.
    #[error("not attempted, because an earlier operation failed")]
    Skipped,
    /// Only the machine that holds the store can do this. Nothing was changed.
    #[error("{0} needs the store itself; run it on the machine that serves the shop")]
    NotHere(&'static str),
    /// The server of the shop was given no valid token. Nothing was changed.
    #[error("the server of the shop refuses access: {0}")]
    Unauthenticated(#[source] Cause),
    /// The token for the server of the shop does not allow this. Nothing was changed.
    #[error("the token does not allow this: {0}")]
    Forbidden(#[source] Cause),
    /// The handle was closed by [`Commerce::close`](crate::Commerce::close).
    #[error("the store was closed")]
    Closed,
    /// The store cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The store failed unexpectedly. Nothing was changed.
    #[error("the store failed: {0}")]
    Store(#[source] Cause),
}

/// The cause of an error: a sentence, and the underlying error if there is one.
#[derive(Clone, Debug)]
pub struct Cause {
    sentence: String,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Cause {
    /// A cause with the message of an error, which becomes its source.
    pub fn of(error: impl StdError + Send + Sync + 'static) -> Self {
        Self { sentence: error.to_string(), source: Some(Arc::new(error)) }
    }

    /// A cause with a sentence of its own and an error as its source.
    pub fn new(sentence: impl Into<String>, error: impl StdError + Send + Sync + 'static) -> Self {
        Self { sentence: sentence.into(), source: Some(Arc::new(error)) }
    }

    /// The cause of an outcome that is unknown, although it can be learnt under this key.
    #[cfg(feature = "served")]
    pub(crate) fn unanswered(sentence: impl fmt::Display, key: Key) -> Self {
        Self::new(format!("{sentence}; the key is {key}"), Unanswered(key))
    }

    /// The same cause, with what it is the cause of.
    #[cfg(any(feature = "libsql", feature = "served"))]
    pub(crate) fn after(self, what: impl fmt::Display) -> Self {
        Self { sentence: format!("{what}: {}", self.sentence), ..self }
    }
}

/// The key of an operation without an answer.
#[derive(Debug, thiserror::Error)]
#[error("no answer for the key {0}")]
struct Unanswered(Key);

impl From<String> for Cause {
    fn from(sentence: String) -> Self {
        Self { sentence, source: None }
    }
}

impl From<&str> for Cause {
    fn from(sentence: &str) -> Self {
        Self { sentence: sentence.into(), source: None }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl StdError for Cause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|error| error as &(dyn StdError + 'static))
    }
}

impl Error {
    /// Whether the same operation, with the same key, may succeed later.
    pub fn retryable(&self) -> bool {
        matches!(self, Self::Busy(_) | Self::Unknown(_) | Self::Unavailable(_) | Self::Gone(_))
    }

    /// The key under which the outcome can be learnt, where it is unknown and the key is known here: submit the same
    /// operation again with it. A served shop gives every operation a key.
    pub fn unanswered_key(&self) -> Option<&Key> {
        let Self::Unknown(Cause { source: Some(source), .. }) = self else { return None };
        source.downcast_ref::<Unanswered>().map(|Unanswered(key)| key)
    }

    /// The message for people: amounts in the form of the currency, and fields without the slashes of JSON pointers.
    pub fn sentence(&self, currency: Currency) -> String {
        let money = |amount: &Amount| format!("{} {currency}", currency.format_amount(amount.get()));
        match self {
            Self::Refused(Refusal::InsufficientBalance { balance, total }) => {
                format!("the balance of {} does not cover {}", money(balance), money(total))
            }
            Self::Refused(Refusal::TotalChanged { expected, total }) => {
                format!("the total is {}, not {} as expected", money(total), money(expected))
            }
            Self::Invalid(invalid) => invalid.sentence(),
            other => other.to_string(),
        }
    }
}

/// Why a store could not be opened or made.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// There is no file, or no store on the server.
    #[error("there is no store at {}", .0.display())]
    Missing(PathBuf),
    /// There is already a store.
    #[error("there is already a store at {}", .0.display())]
    Exists(PathBuf),
    /// There is no file to restore from.
    #[error("there is no backup at {}", .0.display())]
    NoBackup(PathBuf),
    /// The backup and the store have different currencies.
    #[error("{} is in {backup}, but the store is in {store}; its amounts would be read as {store}", path.display())]
    Currency {
        /// The backup.
        path: PathBuf,
        /// Its currency.
        backup: Currency,
        /// The currency of the store.
        store: Currency,
    },
    /// The log of a store whose file is missing lies beside the path of the new one.
    #[error(
        "{} is the log of a store whose file is missing; stop the programs that use it, then put the file back or move the log away",
        log.display()
    )]
    Log {
        /// The path of the new store.
        path: PathBuf,
        /// The log.
        log: PathBuf,
    },
    /// The file, or the database of a server, is not a store.
    #[error("{} is not a store of this program: {reason}", path.display())]
    Foreign {
        /// The file, or the server's address.
        path: PathBuf,
        /// Why it is not a store.
        #[source]
        reason: Cause,
    },
    /// The store was created or migrated by a later version of this program.
    #[error("{} is from a newer version (schema {found}, this program supports up to {known}); use that version", path.display())]
    Newer {
        /// The file, or the server's address.
        path: PathBuf,
        /// The schema of the store.
        found: i64,
        /// The newest schema that this program supports.
        known: i64,
    },
    /// The file or its folder cannot be written.
    #[error("{} cannot be written: {reason}; the file and its folder must be writable", path.display())]
    ReadOnly {
        /// The file, or the server's address.
        path: PathBuf,
        /// The error of the system.
        #[source]
        reason: Cause,
    },
    /// The file lies on a network file system, where the locks of SQLite do not work.
    #[error("{} lies on a network file system ({kind}), where locks do not work; keep the store on a local disk", path.display())]
    Network {
        /// The file, or the server's address.
        path: PathBuf,
        /// The kind of file system.
        kind: String,
    },
    /// The text is not the address of a server.
    #[error(transparent)]
    Address(#[from] ValueError),
    /// The location is of a kind that this program was built without.
    #[error(
        "{location} cannot be used: this program was built without the feature \"{feature}\" of commerce-core"
    )]
    NotBuiltIn {
        /// The location.
        location: String,
        /// The feature of commerce-core that is off.
        feature: &'static str,
    },
    /// The server does not answer.
    #[error("{url} cannot be reached: {reason}; check the address, and whether the server is running")]
    Unreachable {
        /// The server's address.
        url: String,
        /// The error of the system.
        #[source]
        reason: Cause,
    },
    /// The server does not accept the token, or the token does not allow this.
    #[error("{url} refuses access: {reason}")]
    Denied {
        /// The server's address.
        url: String,
        /// The message of the server, and the remedy.
        #[source]
        reason: Cause,
    },
    /// The certificate of the server is not trusted.
    #[error("the certificate of {url} is not trusted: {reason}")]
    Untrusted {
        /// The server's address.
        url: String,
        /// What is wrong with the certificate.
        #[source]
        reason: Cause,
    },
    /// The answers of the server have no replication index, which tells that others have written.
    #[error(
        "the server at {url} cannot tell that others have written: its answers have no replication index; start it \
         without --use-custom-wal"
    )]
    NoReplicationIndex {
        /// The server's address.
        url: String,
    },
    /// The address is not that of a libSQL server with this database.
    #[error("there is no libSQL database at {url}: {reason}")]
    NoServer {
        /// The address.
        url: String,
        /// What answered instead.
        #[source]
        reason: Cause,
    },
    /// The address is not that of a shop that `commerce serve` serves.
    #[error("there is no shop at {url}: {reason}")]
    NoShop {
        /// The address.
        url: String,
        /// What answered instead.
        #[source]
        reason: Cause,
    },
    /// The server is too old.
    #[error("the server at {url} is sqld {found}; update it to {needed} or later")]
    OldServer {
        /// The server's address.
        url: String,
        /// Its version.
        found: String,
        /// The oldest version that is supported.
        needed: String,
    },
    /// The store cannot be opened for another reason.
    #[error("{} cannot be opened: {reason}", path.display())]
    Failed {
        /// The file, or the server's address.
        path: PathBuf,
        /// The error of the system.
        #[source]
        reason: Cause,
    },
}
