//! Other processes: this test binary, started again with a task on an existing store.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use commerce_core::{Commerce, Location, Options, SystemClock};
use serde_json::{Value, json};

use crate::shop::{Shop, submit};

const TASK: &str = "COMMERCE_TEST_TASK";

/// A process that works on a store. It starts when the file `go` appears beside the store, and is killed when dropped.
pub struct Worker {
    pub child: Child,
    pub lines: Receiver<String>,
}

impl Worker {
    /// Starts a process and waits until it has opened the store.
    pub fn start(shop: &Shop, task: &str, number: usize) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this test binary"))
            .args(["--exact", "worker::process", "--ignored", "--nocapture"])
            .env(TASK, json!([shop.at().to_string(), task, number, shop.path]).to_string())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let (send, lines) = channel();
        let out = BufReader::new(child.stdout.take().expect("its output"));
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if let Some(line) = line.strip_prefix("worker ")
                    && send.send(line.to_owned()).is_err()
                {
                    break;
                }
            }
        });
        let ready = lines.recv_timeout(Duration::from_secs(60)).expect("the process opens the store");
        assert_eq!(ready, "ready");
        Self { child, lines }
    }

    /// All lines that the process prints until it exits.
    pub fn all(mut self) -> Vec<String> {
        let lines: Vec<String> = self.lines.iter().collect();
        assert!(self.child.wait().expect("its end").success());
        lines
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts processes on a task, releases them at the same moment, and collects the lines of each.
pub fn race(shop: &Shop, task: &str) -> Vec<Vec<String>> {
    let workers: Vec<_> = (0..shop.on.processes()).map(|number| Worker::start(shop, task, number)).collect();
    go(&shop.path);
    workers.into_iter().map(Worker::all).collect()
}

pub fn go(store: &Path) {
    std::fs::write(store.with_file_name("go"), "").expect("a file");
}

/// Prints a line for the test that started this process.
pub fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "worker {text}").and_then(|()| out.flush()).expect("somebody listens");
}

#[test]
#[ignore = "is what the processes of other tests run"]
fn process() {
    let Ok(task) = std::env::var(TASK) else { return };
    let task: Value = serde_json::from_str(&task).expect("a task");
    let at: Location = task[0].as_str().expect("a place").parse().expect("an address");
    let path = PathBuf::from(task[3].as_str().expect("a path"));
    let number = task[2].as_u64().expect("a number");
    // Longer than a busy machine may stall.
    let options = Options::new(SystemClock).busy_timeout(Duration::from_secs(60));
    let shop = Commerce::open(at, options).expect("the store");
    // Ends the line that the test runner has begun.
    println!();
    say("ready");
    while !path.with_file_name("go").exists() {
        std::thread::sleep(Duration::from_millis(1));
    }
    match task[1].as_str().expect("a name") {
        "forever" => std::thread::scope(|scope| {
            for thread in 0..8 {
                let (shop, path) = (&shop, &path);
                scope.spawn(move || order_forever(shop, path, number, thread));
            }
        }),
        "relay" => crate::chaos::relay(&shop, &path),
        "write" => crate::chaos::write(&shop, &path, number),
        name => std::thread::scope(|scope| {
            for thread in 0..8 {
                let shop = &shop;
                scope.spawn(move || once(shop, name, number * 8 + thread));
            }
        }),
    }
}

/// One thread's part of a race. Every answer must be a success or a refusal.
fn once(shop: &Commerce, task: &str, thread: u64) {
    let times = if task == "charge" || task == "last-unit" { 25 } else { 1 };
    for _ in 0..times {
        let user = format!("u{thread}");
        let operation = match task {
            "last-unit" => {
                json!({ "op": "order.place", "user": user, "items": [{ "product": "rare", "quantity": 1 }] })
            }
            "charge" => json!({ "op": "wallet.charge", "user": "shared", "amount": 3 }),
            "checkout" => json!({ "op": "cart.checkout", "user": "shared" }),
            "same-key" => json!({
                "op": "order.place", "user": "shared", "key": "the-one",
                "items": [{ "product": "plenty", "quantity": 2 }],
            }),
            other => panic!("no task {other}"),
        };
        match submit(shop, &operation) {
            Ok(reply) => say(&format!("ok {}", reply.get("order").unwrap_or(&Value::Null))),
            Err(commerce_core::Error::Refused(refusal)) => say(refusal.code()),
            Err(other) => panic!("{other}"),
        }
    }
}

/// Places orders until the file `stop` appears beside the store, and prints each acknowledged order.
fn order_forever(shop: &Commerce, store: &Path, number: u64, thread: u64) {
    let stop = store.with_file_name("stop");
    for place in 0.. {
        if place % 16 == 0 && stop.exists() {
            break;
        }
        let key = format!("{}-{thread}-{place}", std::process::id());
        let items = json!([{ "product": "plenty", "quantity": 1 }, { "product": format!("p{}", place % 7), "quantity": 2 }]);
        let user = format!("u{}", number * 8 + thread);
        let order = json!({ "op": "order.place", "user": user, "items": items, "key": key });
        match submit(shop, &order) {
            Ok(reply) => say(&format!("order {} {user} {key}", reply["order"])),
            Err(other) => panic!("{other}"),
        }
    }
}
