//! Replaces the server store when the feature `libsql` is off: a server is refused with the reason.

use std::path::Path;
use std::time::Duration;

use super::{OpenedStore, Restore, StoreOptions};
use crate::clock_offset::ClockOffset;
use crate::currency::Currency;
use crate::error::{Error, OpenError};
use crate::location::Server;
use crate::time::{Clock, Time};

/// The state of a server, of which there is none.
pub(crate) enum ServerState {}

impl ServerState {
    pub(crate) fn is_synced(&self) -> bool {
        match *self {}
    }

    pub(crate) fn offset(&self) -> Option<ClockOffset> {
        match *self {}
    }
}

impl Clock for ServerState {
    fn now(&self) -> Time {
        match *self {}
    }
}

pub(super) fn create(server: &Server, _: Currency, _: &StoreOptions) -> Result<OpenedStore, Error> {
    Err(refused(server))
}

pub(super) fn open(server: &Server, _: &StoreOptions) -> Result<OpenedStore, Error> {
    Err(refused(server))
}

pub(super) fn repair(server: &Server, _: &StoreOptions, _: &[&str]) -> Result<(), Error> {
    Err(refused(server))
}

pub(super) fn backup(server: &Server, _: &Path, _: Duration) -> Result<(), Error> {
    Err(refused(server))
}

pub(super) fn restore(server: &Server, _: &Restore<'_>, _: &StoreOptions) -> Result<(), Error> {
    Err(refused(server))
}

fn refused(server: &Server) -> Error {
    OpenError::NotBuiltIn { location: server.url.to_string(), feature: "libsql" }.into()
}

#[cfg(test)]
mod tests {
    use crate::{Commerce, Location, Options, SystemClock};

    #[test]
    fn a_server_is_refused_by_the_name_of_the_feature() {
        let server = "libsql://localhost:8080".parse::<Location>().unwrap();
        let Err(error) = Commerce::open(server, Options::new(SystemClock)) else { panic!("not built in") };
        assert!(error.to_string().contains("\"libsql\""), "{error}");
    }
}
