//! The cases: who places orders, how many callers in how many processes, and the round trip to the server.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};

use crate::delay;
use crate::server::{Server, usage};
use crate::work::{self, Result};

/// The round trips to the server, in milliseconds.
pub const ROUND_TRIPS: [u64; 4] = [0, 1, 5, 20];

/// How callers place their orders. Each waits for its order before it places the next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    /// They call the engine of their own process, without a server.
    Engine,
    /// Each has a connection to the server, and sends each order as a request.
    Requests,
    /// They share a handle on the served shop.
    Handle,
}

/// What a caller is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Callers {
    Threads(u64),
    /// All on one thread.
    Tasks(u64),
}

pub struct Case {
    how: How,
    /// In each process.
    callers: Callers,
    processes: u64,
    round_trip: u64,
}

/// Every case, each on a store of its own. Those to compare run close together.
pub fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |how, callers, processes, round_trip| {
        cases.push(Case { how, callers, processes, round_trip });
    };
    for callers in [1, 64, 256, 1_000] {
        add(How::Engine, Callers::Threads(callers), 1, 0);
        for round_trip in ROUND_TRIPS.into_iter().filter(|ms| callers < 1_000 || [0, 20].contains(ms)) {
            add(How::Requests, Callers::Tasks(callers), 1, round_trip);
            add(How::Handle, Callers::Threads(callers), 1, round_trip);
            if [64, 256].contains(&callers) {
                add(How::Handle, Callers::Threads(callers / 4), 4, round_trip);
            }
        }
        if callers == 256 {
            add(How::Engine, Callers::Tasks(callers), 1, 0);
            add(How::Requests, Callers::Threads(callers), 1, 0);
            add(How::Handle, Callers::Tasks(callers), 1, 0);
        }
    }
    cases
}

impl Case {
    /// What is measured, wherever the server is.
    fn row(&self) -> String {
        let how = match self.how {
            How::Engine => "engine in process",
            How::Requests => "one order a request",
            How::Handle => "served",
        };
        let processes = if self.processes > 1 { format!("{} × ", self.processes) } else { String::new() };
        let callers = match self.callers {
            Callers::Threads(1) => "1 thread".into(),
            Callers::Tasks(1) => "1 task".into(),
            Callers::Threads(count) => format!("{count} threads"),
            Callers::Tasks(count) => format!("{count} tasks"),
        };
        format!("{how}, {processes}{callers}")
    }

    /// The row and the round trip.
    pub fn name(&self) -> String {
        name(&self.row(), self.round_trip)
    }

    /// Measures it on a copy of a store.
    pub fn measure(&self, template: &Path, run: Duration) -> Result<Value> {
        let store = template.with_file_name("shop.db");
        std::fs::copy(template, &store)?;
        let told = match self.how {
            How::Engine => self.told(&self.take_part(&store.to_string_lossy(), run)?),
            How::Requests | How::Handle => self.through_a_server(&store, run)?,
        };
        for left in ["shop.db", "shop.db-wal", "shop.db-shm"] {
            // A store that was closed has no log.
            let _ = std::fs::remove_file(store.with_file_name(left));
        }
        Ok(told)
    }

    fn through_a_server(&self, store: &Path, run: Duration) -> Result<Value> {
        let server = Server::start(store)?;
        let (mut address, mut bytes) = (server.address, None);
        if self.round_trip > 0 {
            let way = delay::to(address.port(), Duration::from_millis(self.round_trip))?;
            address.set_port(way.port);
            bytes = Some(way.bytes);
        }
        let at = match self.how {
            How::Requests => address.to_string(),
            _ => format!("commerce+http://{address}"),
        };
        let (before, spent) = (server.counted()?, usage(server.process())?.0);
        let parts = self.take_part(&at, run)?;
        let (after, memory) = (server.counted()?, usage(server.process())?);
        let mut told = self.told(&parts);
        let orders = after.operations - before.operations;
        told["requests_per_order"] = ((after.requests - before.requests) / orders).into();
        told["orders_per_group"] = (orders / (after.groups - before.groups)).into();
        told["syncs_per_order"] = ((after.syncs - before.syncs) / orders).into();
        told["server_cpu_us"] = ((memory.0 - spent) * 1e6 / orders).into();
        told["server_memory_mb"] = memory.1.into();
        if let Some(bytes) = bytes {
            told["bytes_per_order"] = (bytes.load(Ordering::Relaxed) as f64 / orders).into();
        }
        server.end_well(store)?;
        Ok(told)
    }

    /// Starts the processes of the callers and returns what each told.
    fn take_part(&self, at: &str, run: Duration) -> Result<Vec<Value>> {
        let how = match self.how {
            How::Requests => "requests",
            How::Engine | How::Handle => "handle",
        };
        let (kind, count) = match self.callers {
            Callers::Threads(count) => ("--threads", count.to_string()),
            Callers::Tasks(count) => ("--tasks", count.to_string()),
        };
        let seconds = run.as_secs_f64().to_string();
        let arguments = ["--part", how, "--at", at, kind, &count, "--seconds", &seconds];
        work::processes(usize::try_from(self.processes)?, &arguments)
    }

    /// The sum of the rates, and the worst of the waits.
    fn told(&self, parts: &[Value]) -> Value {
        let each = |name: &str| parts.iter().filter_map(|one| one[name].as_f64()).collect::<Vec<_>>();
        let most = |name: &str| each(name).into_iter().reduce(f64::max);
        json!({
            "case": self.name(), "row": self.row(), "round_trip_ms": self.round_trip,
            "per_second": each("per_second").iter().sum::<f64>(),
            "p50_ms": most("p50_ms"), "p99_ms": most("p99_ms"), "max_ms": most("max_ms"),
            "open_ms": most("open_ms"), "first_ms": most("first_ms"),
            "client_cpu_us": each("cpu_us").iter().sum::<f64>() / parts.len() as f64,
        })
    }
}

/// The name of a row's case at a round trip.
pub fn name(row: &str, round_trip: u64) -> String {
    format!("{row}, {round_trip} ms")
}
