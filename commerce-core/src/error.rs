//! Everything that can keep an operation or query from being answered.

use std::error::Error as StdError;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::currency::Currency;
use crate::input::Invalid;
use crate::money::Amount;
use crate::refusal::Refusal;
use crate::text::ValueError;

/// Why an operation or a query was not answered.
///
/// [`source`](std::error::Error::source) leads to the error beneath, such as that of SQLite or of the network.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A rule said no; nothing was changed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The input has no meaning; nothing was changed.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Nothing was changed, since the store was taken by others or the queue was full. Try again.
    #[error("the store is busy: {0}; nothing was changed, try again")]
    Busy(&'static str),
    /// The commit may or may not have taken place. Try again with the same key.
    #[error("the outcome of the commit could not be learnt ({0}); try again with the same key")]
    Unknown(#[source] Cause),
    /// The store cannot take a commit at present: its disk is full, failing or read-only. Nothing was changed.
    #[error("the store cannot be written: {0}; nothing was changed")]
    Unavailable(#[source] Cause),
    /// The store is not the one that was opened any more: its file was removed, replaced or emptied. Nothing was
    /// acknowledged since; only opening a store anew helps.
    #[error("the store is gone: {0}; nothing was changed, put it back and start again")]
    Gone(&'static str),
    /// Not attempted, since an operation before it in the same chain was not done.
    #[error("not attempted, since an earlier operation failed")]
    Skipped,
    /// The engine was closed.
    #[error("the store was closed")]
    Closed,
    /// The store cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The store failed; nothing was changed.
    #[error("the store failed: {0}")]
    Store(#[source] Cause),
}

/// A failure beneath: a sentence, and the error that it comes from, where there is one.
#[derive(Clone, Debug)]
pub struct Cause {
    sentence: String,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Cause {
    /// The sentence of an error, which is kept.
    pub fn of(error: impl StdError + Send + Sync + 'static) -> Self {
        Self { sentence: error.to_string(), source: Some(Arc::new(error)) }
    }

    /// Another sentence for an error, which is kept.
    pub fn new(sentence: impl Into<String>, error: impl StdError + Send + Sync + 'static) -> Self {
        Self { sentence: sentence.into(), source: Some(Arc::new(error)) }
    }
}

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
    /// Whether the same request, with the same key, may succeed later without any change.
    pub fn retryable(&self) -> bool {
        matches!(self, Self::Busy(_) | Self::Unknown(_) | Self::Unavailable(_) | Self::Gone(_))
    }

    /// The sentence for people: places without JSON's slashes, money in the currency's form.
    pub fn sentence(&self, currency: Currency) -> String {
        let money = |amount: &Amount| format!("{} {currency}", currency.format_amount(amount.get()));
        match self {
            Self::Refused(Refusal::InsufficientBalance { balance, total }) => {
                format!("the balance of {} does not cover {}", money(balance), money(total))
            }
            Self::Refused(Refusal::TotalChanged { expected, total }) => {
                format!("the total is {}, not the expected {}", money(total), money(expected))
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
    /// There is a store already.
    #[error("there is a store at {} already", .0.display())]
    Exists(PathBuf),
    /// There is no file to restore from.
    #[error("there is no backup at {}", .0.display())]
    NoBackup(PathBuf),
    /// The backup is in another currency than the store.
    #[error("{} is in {backup}, the store in {store}; amounts would be read as another currency's", path.display())]
    Currency {
        /// The backup.
        path: PathBuf,
        /// Its currency.
        backup: Currency,
        /// That of the store.
        store: Currency,
    },
    /// The log of a store whose file is gone lies where a new one should be made.
    #[error(
        "{} holds the log of a store whose file is gone; stop what still uses it, then put the file back or move the log away",
        log.display()
    )]
    Log {
        /// The file that should be made.
        path: PathBuf,
        /// The log.
        log: PathBuf,
    },
    /// The file is something else.
    #[error("{} is not a store of this program: {because}", path.display())]
    Foreign {
        /// The file, or the server's address.
        path: PathBuf,
        /// What was found instead.
        #[source]
        because: Cause,
    },
    /// A later version of this program made or changed the store.
    #[error("{} is from a newer version (schema {found}, this program knows up to {known}); use that version", path.display())]
    Newer {
        /// The file, or the server's address.
        path: PathBuf,
        /// The schema of the store.
        found: i64,
        /// The newest schema this program knows.
        known: i64,
    },
    /// The file or its folder cannot be written.
    #[error("{} cannot be written: {because}; the store needs a file and folder it may write", path.display())]
    ReadOnly {
        /// The file, or the server's address.
        path: PathBuf,
        /// What the system said.
        #[source]
        because: Cause,
    },
    /// SQLite's locks do not hold on network file systems.
    #[error("{} lies on a network file system ({kind}), where locks do not hold; keep the store on a local disk", path.display())]
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
    /// No answer comes from the server.
    #[error("{url} cannot be reached: {because}; is the address right, and does the server run?")]
    Unreachable {
        /// The server's address.
        url: String,
        /// What the system said.
        #[source]
        because: Cause,
    },
    /// The server wants another token.
    #[error("{url} refuses access: {because}; a valid token with the right to write is needed")]
    Denied {
        /// The server's address.
        url: String,
        /// What the server said.
        #[source]
        because: Cause,
    },
    /// Something answers, but no libSQL server with such a database.
    #[error("there is no libSQL database at {url}: {because}")]
    NoServer {
        /// The address.
        url: String,
        /// What came instead.
        #[source]
        because: Cause,
    },
    /// The server is too old.
    #[error("the server at {url} is sqld {found}; at least {needed} is needed, so update it")]
    OldServer {
        /// The server's address.
        url: String,
        /// Its version.
        found: String,
        /// The oldest version that will do.
        needed: String,
    },
    /// Anything else the system said.
    #[error("{} cannot be opened: {because}", path.display())]
    Failed {
        /// The file, or the server's address.
        path: PathBuf,
        /// What the system said.
        #[source]
        because: Cause,
    },
}
