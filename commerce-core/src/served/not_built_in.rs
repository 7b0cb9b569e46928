//! Replaces the client of a served shop when the feature `served` is off: such a shop is refused with the reason.

use std::sync::Arc;
use std::time::Duration;

use crate::connection::Connection;
use crate::currency::Currency;
use crate::error::{Error, OpenError};
use crate::identity::Identity;
use crate::location::{Location, Served};
use crate::operation::{Answer, Submission};
use crate::options::Options;
use crate::query::Answerable;
use crate::stats::Stats;
use crate::submit::Submit;
use crate::ticket::Ticket;
use crate::time::Clock;
use crate::verify::report::{Audit, Progress};
use crate::warning::Warning;

/// A shop that is served elsewhere, of which there is none.
#[derive(Clone)]
pub(crate) enum ServedShop {}

impl ServedShop {
    pub(crate) fn open(served: &Served, _: &Options) -> Result<Self, Error> {
        Err(OpenError::NotBuiltIn { location: served.to_string(), feature: "served" }.into())
    }

    pub(crate) fn location(&self) -> &Location {
        match *self {}
    }

    pub(crate) fn currency(&self) -> Currency {
        match *self {}
    }

    pub(crate) fn warnings(&self) -> Vec<Warning> {
        match *self {}
    }

    pub(crate) fn is_synced(&self) -> bool {
        match *self {}
    }

    pub(crate) fn identity(&self) -> Identity {
        match *self {}
    }

    pub(crate) fn connection(&self) -> Connection {
        match *self {}
    }

    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        match *self {}
    }

    pub(crate) fn perform<S: Submit>(&self, _: impl Into<Submission<S>>) -> Result<Answer<S::Reply>, Error> {
        match *self {}
    }

    pub(crate) fn submit<S: Submit>(&self, _: impl Into<Submission<S>>) -> Ticket<S::Reply> {
        match *self {}
    }

    pub(crate) fn query<Q: Answerable>(&self, _: &Q) -> Result<Q::Answer, Error> {
        match *self {}
    }

    pub(crate) fn query_with_version<Q: Answerable>(&self, _: &Q) -> Result<(Q::Answer, i64), Error> {
        match *self {}
    }

    pub(crate) fn version(&self) -> Result<i64, Error> {
        match *self {}
    }

    pub(crate) fn known_version(&self) -> i64 {
        match *self {}
    }

    pub(crate) fn wait(&self, _: i64, _: Duration) -> Result<i64, Error> {
        match *self {}
    }

    pub(crate) fn busy_timeout(&self) -> Duration {
        match *self {}
    }

    pub(crate) fn audit(&self, _: &mut dyn FnMut(Progress)) -> Result<Audit, Error> {
        match *self {}
    }

    pub(crate) fn stats(&self) -> Stats {
        match *self {}
    }

    pub(crate) fn close(&self) {
        match *self {}
    }
}

#[cfg(test)]
mod tests {
    use crate::{Commerce, Location, Options, SystemClock};

    #[test]
    fn a_served_shop_is_refused_by_the_name_of_the_feature() {
        let shop = "commerce://localhost".parse::<Location>().unwrap();
        let Err(error) = Commerce::open(shop, Options::new(SystemClock)) else { panic!("not built in") };
        assert!(error.to_string().contains("\"served\""), "{error}");
    }
}
