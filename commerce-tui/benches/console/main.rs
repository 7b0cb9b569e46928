//! Measures the console's speed and memory on a store of 100,000 products and 1,000,000 orders. See the README.

#[path = "../../../fixtures/network.rs"]
#[allow(clippy::unwrap_used, reason = "a bench that meets the unexpected should stop there")]
mod network;
mod store;
mod terminal;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use commerce_core::{Caller, Clock, Commerce, Key, Options, SystemClock, UserId};
use commerce_tui::effect::Effect;
use commerce_tui::model::{Config, State};
use commerce_tui::update::{Event, update};
use commerce_tui::worker::Worker;
use commerce_tui::{Role, ThemeName};
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::{Rect, Size};
use ratatui::{Terminal, TerminalOptions, Viewport};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// The duration of a measurement while others write.
const WATCHED: Duration = Duration::from_secs(20);

fn main() -> Result<()> {
    let path = store::path()?;
    terminal::first_screens(&path)?;
    terminal::idle(&path)?;
    let shop = Commerce::open(&path, Options::new(SystemClock))?;
    println!(
        "\n{:<28}{:>10}{:>10}{:>10}{:>10}{:>14}",
        "orders beside it", "frames", "half ms", "99 % ms", "most ms", "99 % busy ms"
    );
    frames(&shop, &[])?;
    frames(&shop, &[Duration::from_millis(1)])?;
    frames(&shop, &[Duration::ZERO; 16])
}

/// Measures the time from the first event since the last frame to the end of the next frame, at 120x40. Keys are pressed
/// 60 times a second, and each of `callers` places an order, waits for it, and pauses. On a busy machine the CPU time of
/// the frame says more.
fn frames(shop: &Commerce, callers: &[Duration]) -> Result<()> {
    let size = Size::new(120, 40);
    let theme = ThemeName::Dark.theme();
    let (currency, store) = (shop.currency(), "bench".into());
    let config = Config { currency, store, is_remote: false, role: Role::Operator, read_only: true, theme };
    let customer = UserId::try_from("user-1").ok();
    let mut state = State::new(config, customer, size, SystemClock.now(), Key::random());
    let (events, queue) = channel();
    let worker = Worker::start(shop, Caller::unrestricted(), &events)?;
    let over = Arc::new(AtomicBool::new(false));
    let placed = Arc::new(AtomicU64::new(0));
    let load =
        |(number, pause): (u64, &Duration)| store::load(shop, number, *pause, over.clone(), placed.clone());
    let loads: Vec<_> = (0..).zip(callers).map(load).collect();
    let viewport = Viewport::Fixed(Rect::new(0, 0, size.width, size.height));
    let backend = CrosstermBackend::new(io::sink());
    let mut terminal = Terminal::with_options(backend, TerminalOptions { viewport })?;
    let keys: Vec<char> = "jjjj3j471G5g2js61s".chars().collect();
    let (mut frames, mut busy, mut pressed) = (Vec::new(), Vec::new(), 0);
    let begun = Instant::now();
    while begun.elapsed() < WATCHED {
        let next_key = begun + Duration::from_micros(16_667) * pressed;
        let event = match queue.recv_timeout(next_key.saturating_duration_since(Instant::now())) {
            Ok(event) => event,
            Err(RecvTimeoutError::Timeout) => {
                pressed += 1;
                Event::Key(KeyEvent::from(KeyCode::Char(keys[pressed as usize % keys.len()])))
            }
            Err(error) => return Err(error.into()),
        };
        let (frame, worked) = (Instant::now(), worked()?);
        for event in std::iter::once(event).chain(queue.try_iter().take(63)) {
            for effect in update(&mut state, event, SystemClock.now()) {
                if let Effect::Query(request) = effect {
                    worker.query(request);
                }
            }
        }
        terminal.draw(|frame| commerce_tui::view::draw(frame, &state))?;
        frames.push(frame.elapsed());
        busy.push(self::worked()?.saturating_sub(worked));
    }
    over.store(true, Ordering::Relaxed);
    for load in loads {
        load.join().map_err(|_| "a load failed")??;
    }
    let orders = format!("{} a second", placed.load(Ordering::Relaxed) / WATCHED.as_secs());
    let [half, most_of, most] = [0.5, 0.99, 1.0].map(|part| at(&mut frames, part));
    let worked = at(&mut busy, 0.99);
    println!("{orders:<28}{:>10}{half:>10.2}{most_of:>10.2}{most:>10.2}{worked:>14.2}", frames.len());
    Ok(())
}

/// The time within which this part of the frames was drawn, in milliseconds.
fn at(times: &mut [Duration], part: f64) -> f64 {
    times.sort_unstable();
    millis(times[((times.len() - 1) as f64 * part) as usize])
}

/// CPU time of this thread so far.
fn worked() -> Result<Duration> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(Duration::from_nanos(stat.split(' ').next().unwrap_or_default().parse()?))
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
