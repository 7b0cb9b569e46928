//! The store of each test, on a file or on a server, and operations as JSON.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use commerce_core::{Commerce, Currency, Location, Options, SystemClock, Warning};
use serde_json::Value;

pub use crate::library::submit;
use crate::library::{self, told};
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
    pub instances: Vec<Commerce>,
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
        library::ask(self.instance(), name, with)
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

/// The warnings of a store, without those of the test server's own version.
pub fn warnings(shop: &Commerce) -> Vec<Warning> {
    let of_version = |warning: &Warning| {
        matches!(warning, Warning::UnsyncedReplicationLog { .. } | Warning::WalReset { .. })
    };
    shop.warnings().into_iter().filter(|warning| !of_version(warning)).collect()
}
