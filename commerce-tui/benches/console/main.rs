//! How fast and how light the console is on a store of 100,000 products and 1,000,000 orders. See the README.

mod store;
mod terminal;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use commerce_core::{Clock, Commerce, Key, Options, SystemClock, UserId};
use commerce_tui::ThemeName;
use commerce_tui::effect::Effect;
use commerce_tui::model::{Setup, State};
use commerce_tui::update::{Event, update};
use commerce_tui::worker::Worker;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::{Rect, Size};
use ratatui::{Terminal, TerminalOptions, Viewport};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// How long the console is watched while others write.
const WATCHED: Duration = Duration::from_secs(20);

fn main() -> Result<()> {
    let path = store::path()?;
    terminal::first_screen(&path)?;
    terminal::idle(&path)?;
    frames(&Commerce::open(&path, Options::new(SystemClock))?)
}

/// The time from the first event since the last frame to the end of the next, at 120x40, while keys are pressed 60
/// times a second and orders are placed beside it.
fn frames(shop: &Commerce) -> Result<()> {
    let size = Size::new(120, 40);
    let theme = ThemeName::Dark.theme();
    let setup = Setup { currency: shop.currency(), store: "bench".into(), read_only: true, theme };
    let customer = UserId::new("user-1").ok();
    let mut state = State::new(setup, customer, size, SystemClock.now(), Key::random());
    let (events, coming) = channel();
    let worker = Worker::start(shop, &events)?;
    let over = Arc::new(AtomicBool::new(false));
    let placed = Arc::new(AtomicU64::new(0));
    let loads: Vec<_> =
        (0..16).map(|number| store::load(shop, number, over.clone(), placed.clone())).collect();
    let viewport = Viewport::Fixed(Rect::new(0, 0, size.width, size.height));
    let backend = CrosstermBackend::new(io::sink());
    let mut terminal = Terminal::with_options(backend, TerminalOptions { viewport })?;
    let keys: Vec<char> = "jjjj3j471G5g2js61s".chars().collect();
    let (mut frames, mut pressed) = (Vec::new(), 0);
    let begun = Instant::now();
    while begun.elapsed() < WATCHED {
        let next_key = begun + Duration::from_micros(16_667) * pressed;
        let event = match coming.recv_timeout(next_key.saturating_duration_since(Instant::now())) {
            Ok(event) => event,
            Err(RecvTimeoutError::Timeout) => {
                pressed += 1;
                Event::Key(KeyEvent::from(KeyCode::Char(keys[pressed as usize % keys.len()])))
            }
            Err(error) => return Err(error.into()),
        };
        let frame = Instant::now();
        for event in std::iter::once(event).chain(coming.try_iter().take(63)) {
            for effect in update(&mut state, event, SystemClock.now()) {
                if let Effect::Ask(request) = effect {
                    worker.ask(request);
                }
            }
        }
        terminal.draw(|frame| commerce_tui::view::draw(frame, &state))?;
        frames.push(frame.elapsed());
    }
    over.store(true, Ordering::Relaxed);
    for load in loads {
        load.join().map_err(|_| "a load failed")??;
    }
    frames.sort_unstable();
    let at = |part: f64| millis(frames[((frames.len() - 1) as f64 * part) as usize]);
    println!(
        "orders beside the console   {:>8} a second",
        placed.load(Ordering::Relaxed) / WATCHED.as_secs()
    );
    println!("frames drawn                {:>8}", frames.len());
    println!("frame, half of them within  {:>8.2} ms", at(0.5));
    println!("frame, 99 % within          {:>8.2} ms", at(0.99));
    println!("frame, the longest          {:>8.2} ms", at(1.0));
    Ok(())
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
