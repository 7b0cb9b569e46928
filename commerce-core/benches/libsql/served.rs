//! A `commerce serve` process, and the requests that its clients send.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::SECRET;
use crate::work::{Random, Result, USERS};

pub struct Served {
    child: Child,
    pub address: SocketAddr,
}

impl Served {
    /// Serves a shop on a free port with this build of the program.
    pub fn start(program: &Path, shop: &str) -> Result<Self> {
        let mut child = Command::new(program)
            .args(["--db", shop, "serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| format!("{} cannot be run: {e}", program.display()))?;
        let mut lines = BufReader::new(child.stderr.take().ok_or("no output")?);
        let mut said = String::new();
        let address = loop {
            let start = said.len();
            if lines.read_line(&mut said)? == 0 {
                return Err(format!("it does not serve: {said}").into());
            }
            if let Some((_, address)) = said[start..].split_once("listening on http://") {
                break address.trim().parse()?;
            }
        };
        // What it says later is shown.
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::stderr()));
        Ok(Self { child, address })
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks for the best sellers.
pub fn best_sellers(_: &mut Random, request: &mut Vec<u8>) -> Result<()> {
    get(request, "/v1/products/top")
}

/// Asks for the first page of the catalogue.
pub fn products(_: &mut Random, request: &mut Vec<u8>) -> Result<()> {
    get(request, "/v1/products")
}

/// Asks for a user's newest orders.
pub fn orders(random: &mut Random, request: &mut Vec<u8>) -> Result<()> {
    get(request, &format!("/v1/orders?user=user-{}", random.below(USERS)))
}

/// Asks for a user's cart.
pub fn cart(random: &mut Random, request: &mut Vec<u8>) -> Result<()> {
    get(request, &format!("/v1/users/user-{}/cart", random.below(USERS)))
}

fn get(request: &mut Vec<u8>, path: &str) -> Result<()> {
    Ok(write!(request, "GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {SECRET}\r\n\r\n")?)
}
