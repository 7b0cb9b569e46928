//! Tests that a handle on a served shop gives the same results as one on a file.

use commerce_core::{Clock, Commerce, Currency, Options, SystemClock, Time};
use proptest::prelude::*;
use serde_json::Value;

use super::{DEADLINE, Served, open};
use crate::server::TestServer;
use crate::simple_model::{agree, operations};
use crate::story::Door;
use crate::{invalid, library, real_month, refusals, story};

/// A file, and a served shop that began as a copy of it. Every outcome and every answer must be the same, in every field.
struct Twins {
    handle: Commerce,
    file: Commerce,
    _server: TestServer,
    _folder: tempfile::TempDir,
}

/// A clock that stands still, so that the times in both shops are the same.
#[derive(Clone)]
struct Stopped(Time);

impl Clock for Stopped {
    fn now(&self) -> Time {
        self.0
    }
}

impl Twins {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let [one, other] = ["one.db", "other.db"].map(|name| folder.path().join(name));
        let options = Options::new(Stopped(SystemClock.now()));
        let won = Currency::try_from("KRW").expect("a currency");
        Commerce::create(&one, won, options.clone()).expect("a store").close();
        std::fs::copy(&one, &other).expect("a copy");
        let readers = options.clone().readers(commerce_server::readers(2));
        let server = TestServer::of(Commerce::open(&other, readers).expect("its copy"), |options| options);
        let file = Commerce::open(&one, options).expect("the store");
        Self { handle: open(&[server.address], DEADLINE), file, _server: server, _folder: folder }
    }
}

impl Door for Twins {
    fn submit(&mut self, operation: &Value) -> Value {
        let [served, file] =
            [&self.handle, &self.file].map(|shop| library::told(library::submit(shop, operation)));
        assert_eq!(served.to_string(), file.to_string(), "{operation}");
        served
    }

    fn ask(&mut self, query: &str, with: &Value) -> Value {
        let [served, file] = [&self.handle, &self.file].map(|shop| library::ask(shop, query, with));
        assert_eq!(served.to_string(), file.to_string(), "{query} {with}");
        served
    }
}

#[test]
fn the_stories_hold_and_every_field_is_that_of_a_file() {
    story::play_all(|| Box::new(Twins::new()));
}

#[test]
fn the_first_refusal_that_applies_is_the_answer() {
    // The table makes tokens, and the first one ends all access without.
    let mut served = Served::with_a_token();
    refusals::check(&mut served);
    assert_eq!(served.handle.verify().expect("a verification"), []);
}

#[test]
fn malformed_input_names_every_fault() {
    invalid::check(&mut Twins::new());
}

proptest! {
    // Each case starts a server of its own.
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_reply_and_the_whole_state_agree_with_the_model(
        operations in operations(), group in 1..80_usize, handles in prop::sample::select(vec![1_usize, 2, 4]),
    ) {
        let served = Served::new();
        let mut all = vec![served.handle.clone()];
        all.extend((1..handles).map(|_| open(&[served.server.address], DEADLINE)));
        agree(&all, &operations, group)?;
    }
}

#[test]
fn a_month_of_a_real_shop_comes_out_exactly() {
    real_month::play(&Served::new().handle);
}
