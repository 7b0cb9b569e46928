//! A server on a store of its own.

use std::net::SocketAddr;
use std::thread::JoinHandle;

use commerce_core::token::{Create, Digest, TokenName};
use commerce_core::{Commerce, Currency, Options as StoreOptions, SystemClock, UserId, input, operation};
use commerce_server::{Options, serve};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::http::Client;

/// A server that ends with this value.
pub struct Served {
    pub shop: Commerce,
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    _folder: tempfile::TempDir,
}

impl Served {
    pub fn new() -> Self {
        Self::with(|options| options)
    }

    pub fn with(options: impl FnOnce(Options) -> Options) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let won = Currency::new("KRW").expect("a currency");
        let store = StoreOptions::new(SystemClock).readers(commerce_server::readers(2));
        let shop = Commerce::create(&folder.path().join("shop.db"), won, store).expect("a store");
        let (ready, address) = std::sync::mpsc::channel();
        let options = options(Options::new(shop.clone(), vec![SocketAddr::from(([127, 0, 0, 1], 0))]))
            .on_ready(move |addresses| ready.send(addresses[0]).expect("a test that waits"));
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
            let shutdown = async {
                // A test that ended without a word wants it stopped too.
                let _ = stopped.await;
            };
            runtime.expect("a runtime").block_on(serve(options, shutdown)).expect("to serve");
        });
        let address = address.recv().expect("an address");
        Self { shop, address, stop: Some(stop), thread: Some(thread), _folder: folder }
    }

    /// With a user `alice` who has 100,000, a user `bob`, and products `mug` and `pen`.
    pub fn stocked() -> Self {
        let served = Self::new();
        served.stock();
        served
    }

    pub fn stock(&self) {
        for operation in [
            json!({ "op": "user.add", "user": "alice", "name": "앨리스" }),
            json!({ "op": "user.add", "user": "bob" }),
            json!({ "op": "wallet.charge", "user": "alice", "amount": 100_000 }),
            json!({ "op": "product.add", "product": "mug", "name": "머그컵 ☕", "price": 1_200, "stock": 50 }),
            json!({ "op": "product.add", "product": "pen", "name": "Pen", "price": 300, "stock": 1_000_000 }),
        ] {
            self.submit(&operation);
        }
    }

    /// Does an operation that must succeed, past the server.
    pub fn submit(&self, operation: &Value) -> Value {
        let text = operation.to_string();
        let submission = operation::parse(&input::json(text.as_bytes()).unwrap()).unwrap();
        let answer = self.shop.submit(submission).wait().unwrap_or_else(|e| panic!("{operation}: {e}"));
        serde_json::to_value(answer).unwrap()
    }

    pub fn client(&self) -> Client {
        Client::connect(self.address).expect("a connection")
    }

    /// Makes a token and gives its secret. It is a shopper's where there is a user.
    pub fn token(&self, name: &str, user: Option<&str>) -> String {
        let secret = format!("{name:-<43}");
        let (name, digest) = (TokenName::new(name).unwrap(), Digest::of(&secret));
        let create = match user {
            Some(user) => Create::shopper(name, UserId::new(user).unwrap(), digest),
            None => Create::operator(name, digest),
        };
        self.shop.submit(create).wait().expect("a token");
        secret
    }

    /// Tells the server to stop, and waits until it has.
    pub fn stop(&mut self) {
        self.begin_to_stop();
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the server ends well");
        }
    }

    pub fn begin_to_stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.begin_to_stop();
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the server panicked");
        }
    }
}

/// Text as it stands in a URL.
pub fn encoded(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(one).collect()
}
