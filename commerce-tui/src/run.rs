//! The console as it runs: events from keys, signals and the worker, one after the other, a drawing after them.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::Builder;

use commerce_core::{Clock, Commerce, Key, UserId};
use ratatui::crossterm::{event, terminal};
use ratatui::layout::Size;
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;

use crate::effect::Effect;
use crate::model::{Setup, State};
use crate::terminal::Screen;
use crate::theme::ThemeName;
use crate::update::{Event, update};
use crate::worker::Worker;

/// How to run the console.
pub struct Options {
    /// The store.
    pub shop: Commerce,
    /// How the store is called on the screen.
    pub store: String,
    /// What the time is gone by.
    pub clock: Arc<dyn Clock>,
    /// Whose cart to begin with.
    pub customer: Option<UserId>,
    /// Whether nothing may be changed.
    pub read_only: bool,
    /// The colours.
    pub theme: ThemeName,
}

/// Events that are handled before the next drawing.
const BATCH: usize = 64;

/// Runs the console until the user quits.
///
/// # Errors
/// There is no terminal, or it is gone.
pub fn run(options: Options) -> io::Result<()> {
    let (events, coming) = channel();
    let signal = Arc::<AtomicI32>::default();
    heed_signals(&events, &signal)?;
    let mut screen = Screen::enter()?;
    let size = terminal::size().map(|(width, height)| Size { width, height })?;
    let Options { shop, store, clock, customer, read_only, theme } = options;
    let setup = Setup { currency: shop.currency(), store, read_only, theme: theme.theme() };
    let mut state = State::new(setup, customer, size, clock.now(), Key::random());
    screen.draw(&state)?;
    let worker = Worker::start(&shop, &events)?;
    heed_keys(&events)?;
    let mut next = Some(Event::Tick);
    loop {
        for _ in 0..BATCH {
            let Some(event) = next.take() else { break };
            for effect in update(&mut state, event, clock.now()) {
                match effect {
                    Effect::Ask(request) => worker.ask(request),
                    Effect::Do(change) => worker.change(change),
                    Effect::Suspend => screen.suspend()?,
                    Effect::Redraw => screen.renew()?,
                    Effect::Quit => return ended(screen, signal.load(Ordering::SeqCst)),
                }
            }
            next = coming.try_recv().ok();
        }
        screen.draw(&state)?;
        if next.is_none() {
            next = match coming.recv_timeout(state.wake()) {
                Ok(event) => Some(event),
                Err(RecvTimeoutError::Timeout) => Some(Event::Tick),
                Err(RecvTimeoutError::Disconnected) => return ended(screen, 0),
            };
        }
    }
}

/// Gives the terminal back; a program that a signal ends, ends by that signal.
fn ended(screen: Screen, signal: i32) -> io::Result<()> {
    drop(screen);
    match signal {
        0 if crate::worker::panicked() => Err(io::Error::other("a thread of the console failed")),
        0 => Ok(()),
        signal => signal_hook::low_level::emulate_default_handler(signal),
    }
}

fn heed_signals(events: &Sender<Event>, last: &Arc<AtomicI32>) -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGHUP, SIGINT, SIGTSTP, SIGCONT])?;
    let (events, last) = (events.clone(), last.clone());
    let heed = move || {
        for signal in signals.forever() {
            let event = match signal {
                SIGTSTP => Event::Suspend,
                SIGCONT => Event::Resumed,
                signal => {
                    last.store(signal, Ordering::SeqCst);
                    Event::Stop
                }
            };
            if events.send(event).is_err() {
                return;
            }
        }
    };
    Builder::new().name("console-signals".into()).spawn(heed).map(drop)
}

fn heed_keys(events: &Sender<Event>) -> io::Result<()> {
    let events = events.clone();
    let heed = move || {
        loop {
            let event = match event::read() {
                Ok(event::Event::Key(key)) => Event::Key(key),
                Ok(event::Event::Mouse(mouse)) => Event::Mouse(mouse),
                Ok(event::Event::Paste(text)) => Event::Paste(text),
                Ok(event::Event::Resize(width, height)) => Event::Resize(Size { width, height }),
                Ok(event::Event::FocusGained | event::Event::FocusLost) => continue,
                // Nobody can press anything any more.
                Err(_) => Event::Stop,
            };
            let over = matches!(event, Event::Stop);
            if events.send(event).is_err() || over {
                return;
            }
        }
    };
    Builder::new().name("console-keys".into()).spawn(heed).map(drop)
}
