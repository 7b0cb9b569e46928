//! The server of the benches: this program, started again, and what its metrics and the system tell of it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use commerce_core::token::{Create, Digest, TokenName};
use commerce_core::{Commerce, Options as StoreOptions, SystemClock};
use commerce_server::Options;

use crate::work::{self, Result};

/// The token of every client.
pub const SECRET: &str = "bench-bench-bench-bench-bench-bench-bench-1";

/// Creates the shop that will be served, with the token of the clients.
pub fn shop(store: &Path) -> Result<()> {
    let shop = work::shop(store)?;
    shop.submit(Create::operator(TokenName::try_from("bench")?, Digest::of(SECRET))).wait()?;
    shop.close();
    Ok(())
}

/// A server in a process of its own.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    /// What else it told when it was ready.
    #[allow(dead_code, reason = "not every bench has something else beside it")]
    pub told: String,
}

/// What a server has counted since its start.
#[derive(Clone, Copy, Default)]
pub struct Counted {
    /// Requests, without those for these figures.
    #[allow(dead_code, reason = "not every bench needs it")]
    pub requests: f64,
    pub operations: f64,
    #[allow(dead_code, reason = "not every bench needs it")]
    pub groups: f64,
    pub syncs: f64,
}

impl Server {
    /// Starts this program with `--serve` on a store, which must then call [`serve`].
    pub fn start(store: &Path) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--serve", &store.to_string_lossy()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        let (address, told) = line.trim_end().split_once(' ').ok_or("the server does not serve")?;
        Ok(Self { child, address: address.parse()?, told: told.into() })
    }

    /// The number of its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// What it has counted so far, from its metrics.
    pub fn counted(&self) -> Result<Counted> {
        let mut stream = TcpStream::connect(self.address)?;
        let head = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close";
        write!(stream, "{head}\r\nAuthorization: Bearer {SECRET}\r\n\r\n")?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        let sum = |name: &str| -> f64 {
            let samples = text.lines().filter(|line| line.starts_with(name) && !line.contains("/metrics"));
            samples.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).sum()
        };
        Ok(Counted {
            requests: sum("commerce_http_requests_total{"),
            operations: sum("commerce_operations_total "),
            groups: sum("commerce_group_operations_count "),
            syncs: sum("commerce_commits_total "),
        })
    }

    /// Stops it and audits its store.
    pub fn end_well(mut self, store: &Path) -> Result<()> {
        drop(self.child.stdin.take());
        self.child.wait()?;
        match Commerce::open(store, StoreOptions::new(SystemClock))?.verify()?.len() {
            0 => Ok(()),
            wrong => Err(format!("{wrong} figures differ after the bench").into()),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves a store until the input of this process ends. `beside` starts what else is needed, and returns what to tell of
/// it.
pub fn serve<T: std::fmt::Display + Send + 'static>(
    store: &Path,
    beside: impl AsyncFnOnce() -> Result<T>,
) -> Result<()> {
    let threads = std::thread::available_parallelism()?.get();
    let readers = commerce_server::readers(threads);
    let shop = Commerce::open(store, StoreOptions::new(SystemClock).readers(readers))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
    runtime.block_on(async {
        let told = beside().await?;
        let options = Options::new(shop, vec![SocketAddr::from(([127, 0, 0, 1], 0))])
            .on_ready(move |addresses| println!("{} {told}", addresses[0]));
        let end = tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink()));
        commerce_server::serve(options, async move {
            let _ = end.await;
        })
        .await?;
        Ok(())
    })
}

/// CPU seconds that a process has used, and megabytes of memory that it holds.
pub fn usage(process: u32) -> Result<(f64, f64)> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // After the name in parentheses: the 12th and 13th are user and system time, the 22nd is memory in pages.
    let fields: Vec<&str> = stat.rsplit_once(')').ok_or("no name")?.1.split_whitespace().collect();
    let number = |place: usize| fields[place].parse::<f64>();
    Ok(((number(11)? + number(12)?) / 100.0, number(21)? * 4096.0 / 1e6))
}
