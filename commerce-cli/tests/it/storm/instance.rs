//! The instances of a storm: where each one is, when it last answered, and whether it stands still.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::{INSTANCES, LIVE};
use crate::instances::http::Client;
use crate::network::Network;
use crate::process::Server;
use crate::shop::Shop;

/// What the threads of a storm share.
pub struct Shared {
    pub instances: Vec<Instance>,
    pub secret: String,
    pub seed: u64,
    stop: AtomicBool,
    /// What went wrong.
    pub wrong: Mutex<Vec<String>>,
    pub acknowledged: AtomicU64,
    pub repeated: AtomicU64,
    pub faults: AtomicU64,
    slowest_recovery: Mutex<(Duration, String)>,
    slowest_live: Mutex<Duration>,
    lives: AtomicU64,
}

/// An instance, and the network between it and the server.
pub struct Instance {
    pub network: Network,
    server: Mutex<Option<Server>>,
    address: Mutex<SocketAddr>,
    /// How often it was killed or started: odd while it is away.
    generation: AtomicU64,
    answered: Mutex<Instant>,
}

impl Shared {
    pub fn start(shop: &Shop, port: u16, seed: u64, secret: &str) -> Self {
        let start = |number: usize| {
            let network = Network::to(port, seed.wrapping_add(number as u64));
            let server = serve(shop, &network);
            let address = Mutex::new(server.address);
            let (server, answered) = (Mutex::new(Some(server)), Mutex::new(Instant::now()));
            Instance { network, server, address, generation: AtomicU64::new(0), answered }
        };
        Self {
            instances: (0..INSTANCES).map(start).collect(),
            secret: secret.into(),
            seed,
            stop: AtomicBool::new(false),
            wrong: Mutex::default(),
            acknowledged: AtomicU64::new(0),
            repeated: AtomicU64::new(0),
            faults: AtomicU64::new(0),
            slowest_recovery: Mutex::default(),
            slowest_live: Mutex::default(),
            lives: AtomicU64::new(0),
        }
    }

    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Stops all threads at its end, also if the faults panic.
    pub fn stop_when_dropped(&self) -> impl Drop + '_ {
        struct Stop<'a>(&'a AtomicBool);
        impl Drop for Stop<'_> {
            fn drop(&mut self) {
                self.0.store(true, Ordering::Relaxed);
            }
        }
        Stop(&self.stop)
    }

    pub fn went_wrong(&self, what: String) {
        self.wrong.lock().unwrap().push(what);
    }

    pub fn recovered(&self, time: Duration, after: &str) {
        let mut slowest = self.slowest_recovery.lock().unwrap();
        if time > slowest.0 {
            *slowest = (time, after.into());
        }
    }

    /// Asks an instance all the time whether it lives, and from time to time whether it is ready.
    pub fn watch(&self, number: usize) {
        let instance = &self.instances[number];
        let mut connection: Option<(u64, Client)> = None;
        let mut turn = 0;
        while !self.stopped() {
            std::thread::sleep(Duration::from_millis(10));
            let Some(generation) = instance.generation() else { continue };
            let client = match connection.take() {
                Some((start, client)) if start == generation => Ok(client),
                _ => Client::connect(instance.address()),
            };
            turn += 1;
            let (path, limit) = if turn % 25 == 0 { ("/readyz", 2 * LIVE) } else { ("/livez", LIVE) };
            let begun = Instant::now();
            let answer = client.and_then(|mut client| {
                let answer = client.send("GET", path, &[], None);
                connection = answer.is_ok().then_some((generation, client));
                answer
            });
            let took = begun.elapsed();
            if instance.generation() != Some(generation) {
                continue;
            }
            let wrong = match &answer {
                Ok(answer) if path == "/livez" => answer.status != 200,
                Ok(answer) => ![200, 503].contains(&answer.status),
                Err(_) => true,
            };
            if wrong || took > limit {
                self.went_wrong(format!("{path} of {number} after {took:?}: {answer:?}"));
            }
            if path == "/livez" {
                let mut slowest = self.slowest_live.lock().unwrap();
                *slowest = took.max(*slowest);
                self.lives.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    pub fn report(&self) -> String {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (recovery, after) = self.slowest_recovery.lock().unwrap().clone();
        format!(
            "{} acknowledged, {} requests repeated, {} faults; the slowest recovery took {recovery:?}, after {after}; the \
             slowest of {} livez took {:?}",
            count(&self.acknowledged),
            count(&self.repeated),
            count(&self.faults),
            count(&self.lives),
            self.slowest_live.lock().unwrap()
        )
    }
}

impl Instance {
    /// Its number among the starts, or none while it is away.
    pub fn generation(&self) -> Option<u64> {
        let generation = self.generation.load(Ordering::SeqCst);
        generation.is_multiple_of(2).then_some(generation)
    }

    pub fn address(&self) -> SocketAddr {
        *self.address.lock().unwrap()
    }

    pub fn kill(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
        self.server.lock().unwrap().take().expect("it runs").process.kill();
    }

    pub fn start_again(&self, shop: &Shop) {
        let server = serve(shop, &self.network);
        *self.address.lock().unwrap() = server.address;
        *self.server.lock().unwrap() = Some(server);
        self.generation.fetch_add(1, Ordering::SeqCst);
    }

    pub fn answered(&self) -> Instant {
        *self.answered.lock().unwrap()
    }

    pub fn has_answered(&self) {
        *self.answered.lock().unwrap() = Instant::now();
    }
}

fn serve(shop: &Shop, network: &Network) -> Server {
    let mut command = shop.program(&["serve", "--listen", "127.0.0.1:0"]);
    command.env("COMMERCE_DB", network.url());
    Server::start(command)
}
