//! The work of every case: orders of 3 lines, by 10,000 users, from 1,000 products, each with a key.

use std::io::{BufRead, BufReader};
use std::pin::pin;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use commerce_core::{
    Amount, Commerce, Currency, Key, Location, Name, Options, Pending, ProductId, Quantity, Stock,
    Submission, SystemClock, UserId, catalog, order, user, wallet,
};
use serde_json::{Value, json};

pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

pub const USERS: u64 = 10_000;
pub const PRODUCTS: u64 = 1_000;

/// The distribution of idempotency keys.
#[derive(Clone, Copy)]
pub enum Keys {
    /// Ascending with time, as our own clients make them.
    Ordered,
    /// Uniformly random.
    Random,
}

/// A small random number generator (xorshift64).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    /// Draws a user, three products and a key.
    pub fn order(&mut self, keys: Keys) -> (u64, [u64; 3], String) {
        let first = self.below(PRODUCTS);
        let lines =
            [first, (first + 1 + self.below(400)) % PRODUCTS, (first + 500 + self.below(400)) % PRODUCTS];
        let key = match keys {
            Keys::Ordered => Key::random().to_string(),
            Keys::Random => format!("{:016x}-{:016x}", self.below(u64::MAX), self.below(u64::MAX)),
        };
        (self.below(USERS), lines, key)
    }
}

/// The latency of each order, and the duration of the run.
#[derive(Default)]
pub struct Measured {
    pub waits: Vec<Duration>,
    pub took: Duration,
}

impl Measured {
    pub fn told(mut self, case: &str, stats: Option<commerce_core::Stats>) -> Value {
        self.waits.sort_unstable();
        let at = |part: f64| {
            let place = ((self.waits.len() as f64 * part) as usize).min(self.waits.len().saturating_sub(1));
            self.waits.get(place).map(|wait| wait.as_secs_f64() * 1_000.0)
        };
        let orders = self.waits.len() as f64;
        let mut told = json!({
            "case": case, "per_second": orders / self.took.as_secs_f64(),
            "p50_ms": at(0.5), "p99_ms": at(0.99), "p999_ms": at(0.999), "max_ms": at(1.0),
        });
        if let Some(stats) = stats {
            told["pages_per_order"] = (stats.pages as f64 / stats.operations as f64).into();
            told["orders_per_sync"] = (stats.operations as f64 / stats.commits as f64).into();
        }
        told
    }
}

/// Creates a shop with its users and products.
pub fn shop(at: impl Into<Location>) -> Result<Commerce> {
    let shop = Commerce::create(at, Currency::try_from("KRW")?, Options::new(SystemClock))?;
    let mut last = None;
    for number in 0..USERS {
        let user = UserId::try_from(format!("user-{number}"))?;
        let amount = Amount::try_from(1_000_000_000_000)?;
        shop.submit(user::Add { user: user.clone(), name: None });
        last = Some(shop.submit(wallet::Charge::new(user, amount)?));
        // The queue holds 8,192.
        if number % 2_000 == 0 {
            last.take().map(commerce_core::Ticket::wait).transpose()?;
        }
    }
    last.map(commerce_core::Ticket::wait).transpose()?;
    products(&shop, 0..PRODUCTS)?;
    Ok(shop)
}

pub fn products(shop: &Commerce, numbers: std::ops::Range<u64>) -> Result<()> {
    let mut last = None;
    for number in numbers {
        last = Some(shop.submit(catalog::Add {
            product: ProductId::try_from(format!("product-{number}"))?,
            name: Name::try_from(format!("Product number {number}"))?,
            price: Amount::try_from((100 + number % 977).cast_signed())?,
            stock: Stock::try_from(1_000_000_000)?,
        }));
        if number % 4_000 == 0 {
            last.take().map(commerce_core::Ticket::wait).transpose()?;
        }
    }
    last.map(commerce_core::Ticket::wait).transpose()?;
    Ok(())
}

/// Draws the next order.
pub fn submission(random: &mut Random, keys: Keys) -> Result<Submission<order::Place>> {
    let (user, products, key) = random.order(keys);
    let one = Quantity::try_from(1)?;
    let lines =
        products.map(|number| ProductId::try_from(format!("product-{number}")).map(|product| (product, one)));
    let lines = lines.into_iter().collect::<std::result::Result<Vec<_>, _>>()?;
    let place = order::Place {
        user: UserId::try_from(format!("user-{user}"))?,
        items: order::Items::new(lines)?,
        expected_total: None,
    };
    Ok(Submission::new(place).key(Key::try_from(key)?))
}

/// Places orders from `callers` threads. Each waits for its order before it places the next.
pub fn callers(shop: &Commerce, callers: u64, run: Duration, keys: Keys) -> Result<Measured> {
    let started = Instant::now();
    let one = |caller: u64| -> Result<Vec<Duration>> {
        let (mut random, mut waits) =
            (Random::new(caller + 1 + u64::from(std::process::id()) * 1_000), Vec::new());
        while started.elapsed() < run {
            let submission = submission(&mut random, keys)?;
            let asked = Instant::now();
            shop.perform(submission)?;
            waits.push(asked.elapsed());
        }
        Ok(waits)
    };
    let waits = together(callers, one)?.concat();
    Ok(Measured { waits, took: started.elapsed() })
}

/// Places orders from `tasks` tasks on one thread. Each awaits its order before it places the next.
pub fn tasks(shop: &Commerce, tasks: u64, run: Duration, keys: Keys) -> Result<Measured> {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let (started, mut waits) = (Instant::now(), Vec::new());
    let mut random = Random::new(7);
    let mut flying: Vec<(Instant, Pending<order::Order>)> = Vec::new();
    for _ in 0..tasks {
        flying.push((Instant::now(), shop.submit(submission(&mut random, keys)?).into_future()));
    }
    while started.elapsed() < run {
        let mut waiting = true;
        for (asked, pending) in &mut flying {
            if let Poll::Ready(done) = pin!(&mut *pending).poll(&mut context) {
                done?;
                waits.push(asked.elapsed());
                (*asked, *pending) =
                    (Instant::now(), shop.submit(submission(&mut random, keys)?).into_future());
                waiting = false;
            }
        }
        if waiting {
            std::thread::park_timeout(Duration::from_millis(1));
        }
    }
    Ok(Measured { took: started.elapsed(), waits })
}

/// Places `orders` orders at full speed.
pub fn grow(shop: &Commerce, orders: u64) -> Result<()> {
    let mut random = Random::new(99);
    let mut flying = std::collections::VecDeque::new();
    for _ in 0..orders {
        flying.push_back(shop.submit(submission(&mut random, Keys::Ordered)?));
        if flying.len() >= 2_048 {
            flying.pop_front().map(commerce_core::Ticket::wait).transpose()?;
        }
    }
    flying.into_iter().try_for_each(|ticket| ticket.wait().map(drop))?;
    Ok(())
}

/// Runs `one` on `threads` threads at once and returns the results.
pub fn together(
    threads: u64,
    one: impl Fn(u64) -> Result<Vec<Duration>> + Sync,
) -> Result<Vec<Vec<Duration>>> {
    std::thread::scope(|scope| {
        let one = &one;
        let threads: Vec<_> = (0..threads).map(|thread| scope.spawn(move || one(thread))).collect();
        let joined = threads.into_iter().map(|thread| thread.join().map_err(|_| "a thread panicked")?);
        joined.collect()
    })
}

/// Starts this program `count` times with these arguments and returns the JSON that each process prints.
pub fn processes(count: usize, arguments: &[&str]) -> Result<Vec<Value>> {
    start(count, arguments)?.finish()
}

/// Processes that work, and their outputs.
pub struct Started(Vec<(Child, BufReader<ChildStdout>)>);

/// Starts this program `count` times. All processes continue from [`take_part`] at the same moment.
pub fn start(count: usize, arguments: &[&str]) -> Result<Started> {
    let mut all = Vec::new();
    for _ in 0..count {
        let mut child = Command::new(std::env::current_exe()?)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = BufReader::new(child.stdout.take().ok_or("no output")?);
        all.push((child, output));
    }
    // Each prints a line when it has opened the store. Closing their inputs starts all of them.
    for (_, output) in &mut all {
        output.read_line(&mut String::new())?;
    }
    all.iter_mut().for_each(|(child, _)| drop(child.stdin.take()));
    Ok(Started(all))
}

impl Started {
    /// Waits for the processes and returns the JSON that each has printed.
    pub fn finish(self) -> Result<Vec<Value>> {
        let mut told = Vec::new();
        for (mut child, output) in self.0 {
            told.push(serde_json::from_reader::<_, Value>(output)?);
            child.wait()?;
        }
        Ok(told)
    }
}

/// Reports that this process is ready, and waits for the others.
pub fn take_part() -> Result<()> {
    println!("ready");
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
    Ok(())
}

/// Each rate divided by the mean rate: 1 is a fair share.
pub fn shares(rates: &[f64]) -> Vec<f64> {
    let total: f64 = rates.iter().sum();
    rates.iter().map(|rate| rate * rates.len() as f64 / total).collect()
}
