//! The event loop: keys, signals and the worker send events, `update` handles them one after another, and every batch
//! is followed by one frame.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::Builder;

use commerce_core::{Caller, Clock, Commerce, Key, UserId};
use ratatui::crossterm::{event, terminal};
use ratatui::layout::Size;
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;

use crate::effect::Effect;
use crate::model::{Config, State};
use crate::role::Role;
use crate::terminal::TerminalGuard;
use crate::theme::ThemeName;
use crate::update::{Event, update};
use crate::worker::Worker;

/// How to run the console.
pub struct Options {
    /// The open store.
    pub shop: Commerce,
    /// The name of the store in the header.
    pub store: String,
    /// The clock for ages, pauses and messages.
    pub clock: Arc<dyn Clock>,
    /// The customer whose cart is shown at the start.
    pub customer: Option<UserId>,
    /// For whom operations are submitted, with the name that the history shows. On a served shop the token's name counts.
    pub caller: Caller,
    /// Who uses it.
    pub role: Role,
    /// Whether the console refuses to change anything.
    pub read_only: bool,
    /// The colours.
    pub theme: ThemeName,
}

/// The most events that are handled before the next frame.
const MAX_BATCH: usize = 64;

/// Runs the console until the user quits. Returns the keys of the operations that were under way then: submitted again with
/// its key, each is done at most once. A signal that ends the process is raised again after the terminal was restored.
///
/// # Errors
/// There is no terminal, it has failed, or a thread of the console has panicked.
pub fn run(options: Options) -> io::Result<Vec<Key>> {
    let (events, queue) = channel();
    let signal = Arc::<AtomicI32>::default();
    forward_signals(&events, &signal)?;
    let mut terminal = TerminalGuard::enter()?;
    let size = terminal::size().map(|(width, height)| Size { width, height })?;
    let Options { shop, store, clock, customer, caller, role, read_only, theme } = options;
    let (currency, is_remote) = (shop.currency(), shop.is_remote());
    let config = Config { currency, store, is_remote, role, read_only, theme: theme.theme() };
    let mut state = State::new(config, customer, size, clock.now(), Key::random());
    terminal.draw(&state)?;
    let worker = Worker::start(&shop, caller, &events)?;
    forward_input(&events)?;
    let mut next = Some(Event::Tick);
    loop {
        for _ in 0..MAX_BATCH {
            let Some(event) = next.take() else { break };
            for effect in update(&mut state, event, clock.now()) {
                match effect {
                    Effect::Query(request) => worker.query(request),
                    Effect::Execute(command) => worker.execute(command),
                    Effect::Suspend => terminal.suspend()?,
                    Effect::Redraw => terminal.clear()?,
                    Effect::Quit => {
                        finish(terminal, signal.load(Ordering::SeqCst))?;
                        return Ok(state.in_flight.into_iter().map(|sent| sent.command.key).collect());
                    }
                }
            }
            next = queue.try_recv().ok();
        }
        terminal.draw(&state)?;
        if next.is_none() {
            next = match queue.recv_timeout(state.next_tick()) {
                Ok(event) => Some(event),
                Err(RecvTimeoutError::Timeout) => Some(Event::Tick),
                // The threads of the signals and of the input have the other ends until the process ends.
                Err(RecvTimeoutError::Disconnected) => Some(Event::Stop),
            };
        }
    }
}

/// Restores the terminal. If a signal ended the console, the process ends by that signal.
fn finish(terminal: TerminalGuard, signal: i32) -> io::Result<()> {
    drop(terminal);
    match signal {
        0 if crate::worker::has_panicked() => Err(io::Error::other("a thread of the console panicked")),
        0 => Ok(()),
        signal => signal_hook::low_level::emulate_default_handler(signal),
    }
}

fn forward_signals(events: &Sender<Event>, last: &Arc<AtomicI32>) -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGHUP, SIGINT, SIGTSTP, SIGCONT])?;
    let (events, last) = (events.clone(), last.clone());
    let forward = move || {
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
    Builder::new().name("console-signals".into()).spawn(forward).map(drop)
}

fn forward_input(events: &Sender<Event>) -> io::Result<()> {
    let events = events.clone();
    let forward = move || {
        loop {
            let event = match event::read() {
                Ok(event::Event::Key(key)) => Event::Key(key),
                Ok(event::Event::Mouse(mouse)) => Event::Mouse(mouse),
                Ok(event::Event::Paste(text)) => Event::Paste(text),
                Ok(event::Event::Resize(width, height)) => Event::Resize(Size { width, height }),
                Ok(event::Event::FocusGained | event::Event::FocusLost) => continue,
                // Without a terminal there is no more input.
                Err(_) => Event::Stop,
            };
            let is_last = matches!(event, Event::Stop);
            if events.send(event).is_err() || is_last {
                return;
            }
        }
    };
    Builder::new().name("console-keys".into()).spawn(forward).map(drop)
}
