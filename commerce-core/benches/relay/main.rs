//! Measures what the relay costs and how fast it is: the delay from commit to acceptance, the most events per second,
//! the pages that delivery adds to an order, the order throughput beside failing sinks, and the rate of pruning.
//! `cargo bench -p commerce-core --bench relay -- --help`

#[allow(dead_code, reason = "the orders bench uses the rest of it")]
#[path = "../orders/work.rs"]
mod work;

#[path = "../../../fixtures/arguments.rs"]
mod arguments;
mod pruning;
mod receiver;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use commerce_core::outbox::relay::Options;
use commerce_core::outbox::sink::{Failure, FileSink, HttpSink, Message};
use commerce_core::outbox::{Lag, Relay, Sink};
use commerce_core::{Commerce, Stats};

use arguments::Arguments;
use receiver::Answer;
use work::{Keys, Random, Result};

const HELP: &str = "cargo bench -p commerce-core --bench relay -- [--pruning] [--seconds N] [--rounds N]
  --pruning     measure only the pruning of delivered events
  --seconds N   how long each case runs (10)
  --rounds N    rounds of the throughput beside each sink, measured in turn (3)";

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn main() -> Result<()> {
    let Some(arguments) = Arguments::read(HELP) else { return Ok(()) };
    if !arguments.is_bench() {
        return Ok(());
    }
    let run = Duration::from_secs_f64(arguments.parsed("--seconds", 10.0)?);
    let rounds = arguments.parsed("--rounds", 3)?;
    if arguments.has("--pruning") {
        return pruning::pruning(run / 3, rounds);
    }
    delays(run)?;
    most()?;
    keeping_up(run * 3)?;
    beside(run / 3, rounds)?;
    pruning::pruning(run / 3, rounds)
}

/// A sink that records when each event was accepted.
struct Timed {
    sink: Box<dyn Sink>,
    accepted: Arc<Mutex<HashMap<i64, Instant>>>,
}

impl Sink for Timed {
    fn deliver(&self, messages: &[Message]) -> std::result::Result<(), Failure> {
        self.sink.deliver(messages)?;
        let now = Instant::now();
        let mut accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        accepted.extend(messages.iter().map(|message| (message.event.get(), now)));
        Ok(())
    }

    fn batch(&self) -> usize {
        self.sink.batch()
    }

    fn parallel(&self) -> usize {
        self.sink.parallel()
    }

    fn longest(&self) -> Duration {
        self.sink.longest()
    }
}

fn file(folder: &Path) -> Box<dyn Sink> {
    Box::new(FileSink::new(folder.join("events.jsonl")))
}

fn http(url: &str) -> Result<Box<dyn Sink>> {
    Ok(Box::new(HttpSink::new(url, SECRET.parse()?)?.allow_private(true)))
}

/// Creates a shop and delivers its first events, so that only later events are measured.
fn shop(folder: &Path) -> Result<Commerce> {
    let shop = work::shop(folder.join("shop.db"))?;
    Relay::once(&shop, Box::new(FileSink::new(folder.join("before.jsonl"))), Options::default())?.wait();
    Ok(shop)
}

/// Places ten orders every 10 ms and measures the time from each answer until the event was accepted.
fn delays(run: Duration) -> Result<()> {
    println!(
        "| 1,000 orders/s | orders/s | delay p50 ms | p99 ms | max ms | added pages/order |\n|---|--:|--:|--:|--:|--:|"
    );
    let alone = paced("none", run, |_| Ok(None), None)?;
    paced("file:", run, |folder| Ok(Some(file(folder))), Some(alone))?;
    let url = receiver::start(Answer::Status(200))?;
    paced("local HTTP", run, |_| http(&url).map(Some), Some(alone))?;
    Ok(())
}

fn paced(
    name: &str,
    run: Duration,
    sink: impl Fn(&Path) -> Result<Option<Box<dyn Sink>>>,
    alone: Option<f64>,
) -> Result<f64> {
    let folder = tempfile::tempdir()?;
    let shop = shop(folder.path())?;
    let offset = shop.query(&Lag)?.pending + i64::try_from(work::USERS)?;
    let accepted = Arc::new(Mutex::new(HashMap::new()));
    let timed = |sink| Box::new(Timed { sink, accepted: accepted.clone() });
    let relay =
        sink(folder.path())?.map(|sink| Relay::start(&shop, timed(sink), Options::default())).transpose()?;
    let (before, started) = (shop.stats(), Instant::now());
    let (mut random, mut next, mut answered) = (Random::new(5), started, HashMap::new());
    // Each ten are answered before the next, so that groups, and so pages, are the same in every case.
    while started.elapsed() < run {
        let ten: Vec<_> = (0..10)
            .map(|_| Ok(shop.submit(work::submission(&mut random, Keys::Ordered)?)))
            .collect::<Result<_>>()?;
        for ticket in ten {
            answered.insert(ticket.wait()?.reply.order.get(), Instant::now());
        }
        next += Duration::from_millis(10);
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    let took = started.elapsed();
    while relay.is_some() && shop.query(&Lag)?.pending > 0 {
        std::thread::sleep(Duration::from_millis(10));
    }
    let pages = since(before, shop.stats()) / answered.len() as f64;
    drop(relay);
    let accepted = accepted.lock().unwrap_or_else(PoisonError::into_inner);
    let delay = |(order, when): (&i64, &Instant)| {
        accepted.get(&(order + offset)).map(|accepted| accepted.saturating_duration_since(*when))
    };
    let mut delays: Vec<f64> = answered.iter().filter_map(delay).map(|d| d.as_secs_f64() * 1_000.0).collect();
    delays.sort_unstable_by(f64::total_cmp);
    let at = |part: f64| delays.get((delays.len() as f64 * part) as usize).or(delays.last());
    let show = |part| at(part).map_or(String::new(), |delay| format!("{delay:.1}"));
    println!(
        "| {name} | {:.0} | {} | {} | {} | {} |",
        answered.len() as f64 / took.as_secs_f64(),
        show(0.5),
        show(0.99),
        show(1.0),
        alone.map_or(format!("(writes {pages:.2})"), |alone| format!("{:.3}", pages - alone)),
    );
    Ok(pages)
}

/// Pages written between the two.
fn since(before: Stats, after: Stats) -> f64 {
    (after.pages - before.pages) as f64
}

/// Measures the most deliveries a second: a backlog, while no orders arrive.
fn most() -> Result<()> {
    println!("\n| backlog | events | events/s | pages/event |\n|---|--:|--:|--:|");
    let url = receiver::start(Answer::Status(200))?;
    for (name, orders) in [("file:", 200_000), ("local HTTP", 30_000)] {
        let folder = tempfile::tempdir()?;
        let shop = shop(folder.path())?;
        work::grow(&shop, orders)?;
        let sink = if name == "file:" { file(folder.path()) } else { http(&url)? };
        let (before, started) = (shop.stats(), Instant::now());
        let status = Relay::once(&shop, sink, Options::default())?.wait();
        let rate = status.delivered as f64 / started.elapsed().as_secs_f64();
        let pages = since(before, shop.stats()) / status.delivered as f64;
        println!("| {name} | {} | {rate:.0} | {pages:.4} |", status.delivered);
    }
    Ok(())
}

/// Measures whether a file keeps up with 64 callers.
fn keeping_up(run: Duration) -> Result<()> {
    println!(
        "\n| 64 callers | orders/s | pages/order | backlog after each sixth of the time |\n|---|--:|--:|---|"
    );
    for name in ["none", "file:"] {
        let folder = tempfile::tempdir()?;
        let shop = shop(folder.path())?;
        let relay = (name == "file:").then(|| Relay::start(&shop, file(folder.path()), Options::default()));
        let relay = relay.transpose()?;
        let (before, other) = (shop.stats(), shop.clone());
        let callers = std::thread::spawn(move || work::callers(&other, 64, run, Keys::Ordered));
        let mut backlog = Vec::new();
        for _ in 0..6 {
            std::thread::sleep(run / 6);
            backlog.push(shop.query(&Lag)?.pending.to_string());
        }
        let measured = callers.join().map_err(|_| "the callers panicked")??;
        let (orders, pages) = (measured.waits.len() as f64, since(before, shop.stats()));
        let backlog = if relay.is_some() { backlog.join(", ") } else { String::new() };
        println!(
            "| {name} | {:.0} | {:.3} | {backlog} |",
            orders / measured.took.as_secs_f64(),
            pages / orders
        );
    }
    Ok(())
}

/// Measures orders of 64 callers without a sink and beside sinks that hang, refuse or are down, in turn, round after
/// round.
fn beside(run: Duration, rounds: usize) -> Result<()> {
    let urls = [
        ("none", None),
        ("hangs", Some(receiver::start(Answer::Silence)?)),
        ("refuses (500)", Some(receiver::start(Answer::Status(500))?)),
        ("down", Some("http://127.0.0.1:9/".into())),
    ];
    let mut rates: HashMap<&str, Vec<f64>> = HashMap::new();
    for _ in 0..rounds {
        for (name, url) in &urls {
            let folder = tempfile::tempdir()?;
            let shop = shop(folder.path())?;
            let sink = url.as_deref().map(http).transpose()?;
            let relay = sink.map(|sink| Relay::start(&shop, sink, Options::default())).transpose()?;
            let measured = work::callers(&shop, 64, run, Keys::Ordered)?;
            let rate = measured.waits.len() as f64 / measured.took.as_secs_f64();
            rates.entry(name).or_default().push(rate);
            // Dropping the relay waits for deliveries in progress.
            relay.into_iter().for_each(|relay| relay.stop());
        }
    }
    println!(
        "\n| 64 callers, sink | orders/s, median | ratio to none | best | ratio to none | each round |\n|---|--:|--:|--:|--:|---|"
    );
    // On a shared machine the best round says more than the median.
    let of = |name: &str| -> (f64, f64) {
        let mut sorted = rates.get(name).cloned().unwrap_or_default();
        sorted.sort_unstable_by(f64::total_cmp);
        let at = |place: Option<&f64>| place.copied().unwrap_or_default();
        (at(sorted.get(sorted.len() / 2)), at(sorted.last()))
    };
    let (median_none, best_none) = of("none");
    for (name, _) in &urls {
        let each: Vec<_> = rates.get(name).into_iter().flatten().map(|rate| format!("{rate:.0}")).collect();
        let (median, best) = of(name);
        println!(
            "| {name} | {median:.0} | {:.2} | {best:.0} | {:.2} | {} |",
            median / median_none,
            best / best_none,
            each.join(", ")
        );
    }
    Ok(())
}
