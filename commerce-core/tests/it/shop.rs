//! The store of each test, on a file or on a server, and operations as JSON.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use commerce_core::input::Fields;
use commerce_core::{
    Commerce, Currency, Error, Location, Operation, Options, SystemClock, Warning, input, registry, token,
};
use serde_json::{Value, json};

use crate::sqld::Sqld;

/// The kind of a store.
#[derive(Clone, Copy, Debug)]
pub enum On {
    File,
    /// With this many instances, which take turns in running a test's operations.
    Server(usize),
}

impl On {
    /// The number of processes in a race.
    pub fn processes(self) -> usize {
        match self {
            Self::File => 4,
            Self::Server(instances) => instances,
        }
    }
}

/// Runs a test on every kind of store.
pub fn everywhere(test: impl Fn(On)) {
    for on in [On::File, On::Server(2), On::Server(4)] {
        eprintln!("on a {on:?}");
        test(on);
    }
}

/// A shop. Dropping it removes its folder and stops its server.
pub struct Shop {
    pub commerce: Commerce,
    /// The store's file, or an unused path if the store is on a server.
    pub path: PathBuf,
    pub server: Option<Sqld>,
    pub on: On,
    /// All instances; the first is `commerce`.
    instances: Vec<Commerce>,
    next: Cell<usize>,
    _folder: tempfile::TempDir,
}

impl Shop {
    pub fn new() -> Self {
        Self::on(On::File)
    }

    pub fn on(on: On) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let server = match on {
            On::File => None,
            On::Server(_) => Some(Sqld::start()),
        };
        let won = Currency::try_from("KRW").expect("a currency");
        let path = folder.path().join("shop.db");
        let (at, options) = (location(&path, server.as_ref()), Options::new(SystemClock));
        let commerce = Commerce::create(at.clone(), won, options.clone()).expect("a store");
        let mut instances = vec![commerce.clone()];
        if let On::Server(count) = on {
            let open = |_| Commerce::open(at.clone(), options.clone()).expect("the same store");
            instances.extend((1..count).map(open));
        }
        Self { commerce, path, server, on, instances, next: Cell::new(0), _folder: folder }
    }

    /// The next instance in turn.
    pub fn instance(&self) -> &Commerce {
        self.next.set(self.next.get() + 1);
        &self.instances[self.next.get() % self.instances.len()]
    }

    /// The location of the store.
    pub fn at(&self) -> Location {
        location(&self.path, self.server.as_ref())
    }

    /// Performs an operation and returns the outcome in the format of `apply`'s results.
    pub fn submit(&self, operation: &Value) -> Value {
        told(submit(self.instance(), operation))
    }

    pub fn ask(&self, name: &str, with: &Value) -> Value {
        let query = match registry::parse_query(name, with) {
            Ok(query) => query,
            Err(invalid) => return json!({ "invalid": invalid }),
        };
        match self.instance().query(&query) {
            Ok(answer) => answer,
            Err(error) => told(Err(error)),
        }
    }

    pub fn clean(&self) {
        assert_eq!(self.instance().verify().expect("a verification"), []);
    }
}

fn location(path: &Path, server: Option<&Sqld>) -> Location {
    match server {
        None => path.into(),
        Some(server) => server.url().parse().expect("an address"),
    }
}

pub fn submit(commerce: &Commerce, operation: &Value) -> Result<Value, Error> {
    let text = serde_json::to_vec(operation).expect("JSON");
    let value = input::json(&text)?;
    match operation["op"].as_str() {
        Some("token.create") => typed::<token::Create>(commerce, value),
        Some("token.revoke") => typed::<token::Revoke>(commerce, value),
        _ => Ok(serde_json::to_value(commerce.perform(registry::parse_operation(&value)?)?).expect("JSON")),
    }
}

/// Performs an operation that has no name in `apply`.
fn typed<O: Operation>(commerce: &Commerce, mut value: Value) -> Result<Value, Error> {
    value.as_object_mut().expect("an object").remove("op");
    let operation = Fields::read(&value, O::parse)?;
    Ok(serde_json::to_value(commerce.perform(operation)?).expect("JSON"))
}

pub fn told(outcome: Result<Value, Error>) -> Value {
    match outcome {
        Ok(reply) => json!({ "ok": reply }),
        Err(Error::Refused(refusal)) => json!({ "refused": refusal }),
        Err(Error::Invalid(invalid)) => json!({ "invalid": invalid }),
        Err(other) => panic!("{other}"),
    }
}

/// The warnings of a store, without those of the test server's own version.
pub fn warnings(shop: &Commerce) -> Vec<Warning> {
    let of_version = |warning: &Warning| {
        matches!(warning, Warning::UnsyncedReplicationLog { .. } | Warning::WalReset { .. })
    };
    shop.warnings().into_iter().filter(|warning| !of_version(warning)).collect()
}
