//! The load generator. Each connection waits for an answer before its next request. It runs on one thread and leaves the
//! other core to the server.

use std::io::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::SECRET;
use crate::work::{Keys, Measured, PRODUCTS, Random, Result};

/// Writes the next request.
pub type Make = fn(&mut Random, &mut Vec<u8>) -> Result<()>;

/// Sends requests over `connections` connections for the time `run`.
pub fn run(address: SocketAddr, connections: usize, run: Duration, make: Make) -> Result<Measured> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let started = Instant::now();
        let mut all = tokio::task::JoinSet::new();
        for number in 0..connections {
            all.spawn(connection(address, number as u64, started + run, make));
        }
        let mut waits = Vec::new();
        while let Some(done) = all.join_next().await {
            waits.extend(done??);
        }
        Ok(Measured { waits, took: started.elapsed() })
    })
}

async fn connection(address: SocketAddr, number: u64, until: Instant, make: Make) -> Result<Vec<Duration>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut random = Random::new(number + 1 + u64::from(std::process::id()) * 1_000);
    let (mut waits, mut request, mut answer) = (Vec::new(), Vec::new(), Vec::with_capacity(4_096));
    loop {
        request.clear();
        make(&mut random, &mut request)?;
        let asked = Instant::now();
        if asked >= until {
            return Ok(waits);
        }
        stream.write_all(&request).await?;
        answer.clear();
        while !whole(&answer)? {
            if stream.read_buf(&mut answer).await? == 0 {
                return Err("the server closed the connection".into());
            }
        }
        waits.push(asked.elapsed());
    }
}

/// Whether the answer is complete. An answer other than success is an error.
fn whole(answer: &[u8]) -> Result<bool> {
    let Some(head) = answer.windows(4).position(|end| end == b"\r\n\r\n") else { return Ok(false) };
    let text = std::str::from_utf8(&answer[..head])?;
    if !text.starts_with("HTTP/1.1 20") {
        return Err(format!("answered {}", String::from_utf8_lossy(answer)).into());
    }
    let length =
        text.split("\r\n").find_map(|line| line.strip_prefix("content-length: ")).ok_or("no length")?;
    Ok(answer.len() >= head + 4 + length.parse::<usize>()?)
}

pub fn get(_: &mut Random, request: &mut Vec<u8>) -> Result<()> {
    request.extend(b"GET /empty HTTP/1.1\r\nHost: localhost\r\n\r\n");
    Ok(())
}

pub fn live(_: &mut Random, request: &mut Vec<u8>) -> Result<()> {
    request.extend(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
    Ok(())
}

pub fn read(random: &mut Random, request: &mut Vec<u8>) -> Result<()> {
    let product = random.below(PRODUCTS);
    Ok(write!(
        request,
        "GET /v1/products/product-{product} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {SECRET}\r\n\r\n"
    )?)
}

pub fn order(random: &mut Random, request: &mut Vec<u8>) -> Result<()> {
    let (user, [a, b, c], key) = random.order(Keys::Ordered);
    let item = |product| format!("{{\"product\":\"product-{product}\",\"quantity\":1}}");
    let body = format!("{{\"user\":\"user-{user}\",\"items\":[{},{},{}]}}", item(a), item(b), item(c));
    Ok(write!(
        request,
        "POST /v1/orders HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {SECRET}\r\nIdempotency-Key: {key}\r\n\
        Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?)
}
