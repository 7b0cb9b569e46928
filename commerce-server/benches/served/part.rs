//! The callers of a case, in a process of their own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use commerce_core::{Commerce, Location, Options, SystemClock};
use serde_json::Value;

use crate::SECRET;
use crate::load;
use crate::server::usage;
use crate::work::{self, Keys, Measured, Random, Result};

/// Takes part in a case with this many threads, or with this many tasks, and prints the figures. `at` is the address of the
/// server for `requests`, and the location of the shop for a `handle`.
pub fn take(how: &str, at: &str, callers: (Option<u64>, Option<u64>), run: Duration) -> Result<()> {
    let told = match (how, callers) {
        ("requests", (_, Some(tasks))) => {
            measured(|| load::run(at.parse()?, usize::try_from(tasks)?, run, load::order))?
        }
        ("requests", (threads, _)) => measured(|| requests(at.parse()?, threads.unwrap_or(1), run))?,
        (_, callers) => through_a_handle(at, callers, run)?,
    };
    println!("{told}");
    Ok(())
}

/// Also measures how long it takes to open the shop, and to place the first order.
fn through_a_handle(at: &str, callers: (Option<u64>, Option<u64>), run: Duration) -> Result<Value> {
    let begun = Instant::now();
    let shop = Commerce::open(at.parse::<Location>()?.token(SECRET), Options::new(SystemClock))?;
    let opened = begun.elapsed();
    shop.perform(work::submission(&mut Random::new(u64::from(std::process::id())), Keys::Ordered)?)?;
    let first = begun.elapsed();
    let mut told = measured(|| match callers {
        (_, Some(tasks)) => work::tasks(&shop, tasks, run, Keys::Ordered),
        (threads, _) => work::callers(&shop, threads.unwrap_or(1), run, Keys::Ordered),
    })?;
    told["open_ms"] = (opened.as_secs_f64() * 1_000.0).into();
    told["first_ms"] = (first.as_secs_f64() * 1_000.0).into();
    Ok(told)
}

/// Sends each order as a request, from threads with a connection each.
fn requests(address: SocketAddr, threads: u64, run: Duration) -> Result<Measured> {
    let started = Instant::now();
    let one = |thread: u64| -> Result<Vec<Duration>> {
        let mut stream = BufReader::new(TcpStream::connect(address)?);
        stream.get_mut().set_nodelay(true)?;
        let mut random = Random::new(thread + 1 + u64::from(std::process::id()) * 1_000);
        let (mut waits, mut request) = (Vec::new(), Vec::new());
        while started.elapsed() < run {
            request.clear();
            load::order(&mut random, &mut request)?;
            let asked = Instant::now();
            stream.get_mut().write_all(&request)?;
            read_answer(&mut stream)?;
            waits.push(asked.elapsed());
        }
        Ok(waits)
    };
    let waits = work::together(threads, one)?.concat();
    Ok(Measured { waits, took: started.elapsed() })
}

/// An answer other than success is an error.
fn read_answer(from: &mut impl BufRead) -> Result<()> {
    let (mut line, mut length) = (String::new(), 0);
    from.read_line(&mut line)?;
    if !line.starts_with("HTTP/1.1 20") {
        return Err(format!("answered {line}").into());
    }
    while line != "\r\n" {
        line.clear();
        from.read_line(&mut line)?;
        if let Some(text) = line.strip_prefix("content-length: ") {
            length = text.trim_end().parse()?;
        }
    }
    std::io::copy(&mut from.take(length), &mut std::io::sink())?;
    Ok(())
}

/// Waits for the other processes, and measures the orders and their CPU time.
fn measured(orders: impl FnOnce() -> Result<Measured>) -> Result<Value> {
    work::take_part()?;
    let before = usage(std::process::id())?.0;
    let measured = orders()?;
    let spent = usage(std::process::id())?.0 - before;
    let count = measured.waits.len() as f64;
    let mut told = measured.told("part", None);
    told["cpu_us"] = (spent * 1e6 / count).into();
    Ok(told)
}
