//! Chooses the store by its location: a file or a server. A served shop has its store at another machine.

use std::path::Path;
use std::time::Duration;

use super::{OpenedStore, Restore, StoreOptions, file, libsql};
use crate::currency::Currency;
use crate::error::Error;
use crate::location::Location;

/// Creates a store.
pub(crate) fn create(
    at: &Location,
    currency: Currency,
    options: &StoreOptions,
) -> Result<OpenedStore, Error> {
    match at {
        Location::File(path) => file::create(path, currency, options),
        Location::Server(server) => libsql::create(server, currency, options),
        Location::Served(_) => Err(Error::NotHere("making a store")),
    }
}

/// Opens a store, and migrates it to the current schema.
pub(crate) fn open(at: &Location, options: &StoreOptions) -> Result<OpenedStore, Error> {
    match at {
        Location::File(path) => file::open(path, options),
        Location::Server(server) => libsql::open(server, options),
        Location::Served(_) => Err(Error::NotHere("the store of a served shop")),
    }
}

/// Runs statements that rebuild derived figures, in one transaction.
pub(crate) fn repair(at: &Location, options: &StoreOptions, statements: &[&str]) -> Result<(), Error> {
    match at {
        Location::File(path) => file::repair(path, options, statements),
        Location::Server(server) => libsql::repair(server, options, statements),
        Location::Served(_) => Err(Error::NotHere("a repair")),
    }
}

/// Copies a store to a new file while it is in use.
pub(crate) fn backup(at: &Location, to: &Path, busy: Duration) -> Result<(), Error> {
    match at {
        Location::File(path) => file::backup(path, to, busy),
        Location::Server(server) => libsql::backup(server, to, busy),
        Location::Served(_) => Err(Error::NotHere("a backup")),
    }
}

/// Replaces the content of a store with a backup.
pub(crate) fn restore(at: &Location, restore: &Restore<'_>, options: &StoreOptions) -> Result<(), Error> {
    match at {
        Location::File(path) => file::restore(path, restore, options.busy),
        Location::Server(server) => libsql::restore(server, restore, options),
        Location::Served(_) => Err(Error::NotHere("a restore")),
    }
}
