//! The server of each test, on a store of its own.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Once, OnceLock};
use std::thread::JoinHandle;

use commerce_core::token::{Create, Digest, TokenName};
use commerce_core::{Commerce, Currency, Options as StoreOptions, SystemClock, UserId, input, registry};
use commerce_server::{Options, serve};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::http::Client;

/// A server that stops when the value is dropped.
pub struct TestServer {
    pub shop: Commerce,
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    folder: Option<tempfile::TempDir>,
}

impl TestServer {
    pub fn new() -> Self {
        Self::with(|options| options)
    }

    pub fn with(options: impl FnOnce(Options) -> Options) -> Self {
        Self::on(StoreOptions::new(SystemClock).readers(commerce_server::readers(2)), options)
    }

    /// A server on a store that is opened with these options.
    pub fn on(store: StoreOptions, options: impl FnOnce(Options) -> Options) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let won = Currency::try_from("KRW").expect("a currency");
        let shop = Commerce::create(folder.path().join("shop.db"), won, store).expect("a store");
        let mut server = Self::of(shop, options);
        server.folder = Some(folder);
        server
    }

    /// A server of an open store.
    pub fn of(shop: Commerce, options: impl FnOnce(Options) -> Options) -> Self {
        watch_for_panics();
        let (ready, address) = std::sync::mpsc::channel();
        let options = options(Options::new(shop.clone(), vec![SocketAddr::from(([127, 0, 0, 1], 0))]))
            .on_ready(move |addresses| ready.send(addresses[0]).expect("a test that waits"));
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .thread_name(THREADS)
                .enable_all()
                .build();
            let shutdown = async {
                // A dropped sender stops the server too, so that a failed test ends.
                let _ = stopped.await;
            };
            runtime.expect("a runtime").block_on(serve(options, shutdown)).expect("to serve");
        });
        let address = address.recv().expect("an address");
        Self { shop, address, stop: Some(stop), thread: Some(thread), folder: None }
    }

    /// A server with a user `alice` who has 100,000, a user `bob`, and products `mug` and `pen`.
    pub fn stocked() -> Self {
        let server = Self::new();
        server.stock();
        server
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

    /// Performs an operation that must succeed, directly on the store.
    pub fn submit(&self, operation: &Value) -> Value {
        let text = operation.to_string();
        let submission = registry::parse_operation(&input::json(text.as_bytes()).unwrap()).unwrap();
        let answer = self.shop.submit(submission).wait().unwrap_or_else(|e| panic!("{operation}: {e}"));
        serde_json::to_value(answer).unwrap()
    }

    /// The path of the store's file.
    pub fn path(&self) -> std::path::PathBuf {
        self.folder.as_ref().expect("its folder").path().join("shop.db")
    }

    pub fn client(&self) -> Client {
        Client::connect(self.address).expect("a connection")
    }

    /// Creates a token and returns its secret. With a user, the token is a shopper's.
    pub fn token(&self, name: &str, user: Option<&str>) -> String {
        let secret = format!("{name:-<43}");
        let (name, digest) = (TokenName::try_from(name).unwrap(), Digest::of(&secret));
        let create = match user {
            Some(user) => Create::shopper(name, UserId::try_from(user).unwrap(), digest),
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

impl Drop for TestServer {
    fn drop(&mut self) {
        self.begin_to_stop();
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the server panicked");
        }
        let panics = PANICS.load(Ordering::Relaxed);
        assert!(panics == 0 || std::thread::panicking(), "{panics} panics on a server's threads");
    }
}

/// A server in a process of its own, so that its memory can be measured, or that it can be killed: this test binary,
/// started again.
pub struct OwnProcess {
    pub address: SocketAddr,
    child: Child,
    /// Kept open, since the process could not write to a closed pipe.
    _said: BufReader<ChildStdout>,
    folder: Arc<tempfile::TempDir>,
}

/// The environment variables with the store of such a process, and the address at which it listens.
const STORE: &str = "COMMERCE_TEST_STORE";
const ADDRESS: &str = "COMMERCE_TEST_ADDRESS";

/// Any free port of this machine.
const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

impl OwnProcess {
    /// Starts a server on a store with users and products.
    pub fn start() -> Self {
        let mut here = TestServer::stocked();
        here.stop();
        Self::on(Arc::new(here.folder.take().expect("its folder")), ANY)
    }

    /// Starts a server on a store that was filled with this.
    pub fn filled(fill: impl FnOnce(&Commerce)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let won = Currency::try_from("KRW").expect("a currency");
        let store = StoreOptions::new(SystemClock);
        let shop = Commerce::create(folder.path().join("shop.db"), won, store).expect("a store");
        fill(&shop);
        shop.close();
        drop(shop);
        Self::on(Arc::new(folder), ANY)
    }

    /// Starts another server on the same store.
    pub fn beside(&self) -> Self {
        Self::on(self.folder.clone(), ANY)
    }

    fn on(folder: Arc<tempfile::TempDir>, address: SocketAddr) -> Self {
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let mut child = Command::new(std::env::current_exe().expect("this test binary"))
            .args(["--exact", "server::process", "--ignored", "--nocapture"])
            .env(STORE, folder.path().join("shop.db"))
            .env(ADDRESS, address.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("a process");
        let mut said = BufReader::new(child.stdout.take().expect("its output"));
        let address = said.by_ref().lines().map_while(Result::ok).find_map(|line| {
            line.strip_prefix("serving ").map(|address| address.parse().expect("an address"))
        });
        Self { address: address.expect("the process serves"), child, _said: said, folder }
    }

    /// The path of the store's file.
    pub fn store(&self) -> std::path::PathBuf {
        self.folder.path().join("shop.db")
    }

    /// Kills it with SIGKILL.
    pub fn kill(&mut self) {
        self.child.kill().expect("a process to kill");
        self.child.wait().expect("its end");
    }

    /// Starts it again at the same address.
    pub fn start_again(&mut self) {
        *self = Self::on(self.folder.clone(), self.address);
    }

    /// The resident memory of the process in bytes.
    pub fn resident(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("Linux's account of the process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number") * 1_024
    }

    /// The CPU time of the process so far.
    pub fn processor_time(&self) -> std::time::Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()));
        let stat = stat.expect("Linux's account of the process");
        let (_, fields) = stat.rsplit_once(')').expect("its name");
        // After the name, the 12th and 13th fields are user and system time, in hundredths of a second.
        let ticks =
            fields.split_whitespace().skip(11).take(2).map(|field| field.parse::<u64>().expect("a number"));
        std::time::Duration::from_millis(ticks.sum::<u64>() * 10)
    }

    /// Stops the process, which must not have panicked, and audits its store.
    pub fn end_well(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().expect("its end").success());
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap();
        assert!(!log.contains("panicked"), "{log}");
        let shop = Commerce::open(self.store(), StoreOptions::new(SystemClock)).expect("the store");
        assert_eq!(shop.verify().expect("an audit"), []);
    }
}

impl Drop for OwnProcess {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
#[ignore = "is what the process of other tests runs"]
fn process() {
    let Ok(store) = std::env::var(STORE) else { return };
    rlimit::increase_nofile_limit(u64::MAX).expect("a limit of descriptors");
    let options = StoreOptions::new(SystemClock).readers(commerce_server::readers(2));
    let shop = Commerce::open(std::path::PathBuf::from(store), options).expect("the store");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let address = std::env::var(ADDRESS).expect("an address").parse().expect("an address");
    let options =
        Options::new(shop, vec![address]).on_ready(|addresses| println!("\nserving {}", addresses[0]));
    let shutdown = async {
        let end = || std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        tokio::task::spawn_blocking(end).await.expect("to wait").expect("an end of input");
    };
    runtime.expect("a runtime").block_on(serve(options, shutdown)).expect("to serve");
}

/// The log of the servers in this process at the default level, from the first call on.
pub fn log() -> Arc<Mutex<Vec<u8>>> {
    static LOG: OnceLock<Arc<Mutex<Vec<u8>>>> = OnceLock::new();
    let start = || {
        let log = Arc::<Mutex<Vec<u8>>>::default();
        let writer = log.clone();
        tracing_subscriber::fmt()
            .with_max_level(tracing_subscriber::filter::LevelFilter::WARN)
            .with_ansi(false)
            .with_writer(move || Line(writer.clone()))
            .init();
        log
    };
    LOG.get_or_init(start).clone()
}

/// Writes to the log.
struct Line(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Line {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("the log").write(text)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The name of a server's threads in tests.
const THREADS: &str = "server";

static PANICS: AtomicUsize = AtomicUsize::new(0);

/// Fails the test after a panic in a server's thread. Such a panic only closes its connection and could go unnoticed.
fn watch_for_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if std::thread::current().name() == Some(THREADS) {
                PANICS.fetch_add(1, Ordering::Relaxed);
            }
            usual(panic);
        }));
    });
}

/// Percent-encodes a text for a URL.
pub fn encoded(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(one).collect()
}
