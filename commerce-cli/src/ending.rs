//! What ends a long command before its input does: a signal, or a failure of its own. A signal is taken between two
//! pieces of work, so that nothing is torn; a second one ends the program as it would any other.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

/// Whether to end, told between threads.
#[derive(Clone, Default)]
pub struct Ending(Arc<Told>);

#[derive(Default)]
struct Told {
    asked: AtomicBool,
    signal: AtomicI32,
}

impl Ending {
    /// Asks to end.
    pub fn ask(&self) {
        self.0.asked.store(true, Ordering::Release);
    }

    /// Whether to end.
    pub fn asked(&self) -> bool {
        self.0.asked.load(Ordering::Acquire)
    }

    /// The signal that asked to end, if it was one.
    pub fn signal(&self) -> Option<i32> {
        Some(self.0.signal.load(Ordering::Acquire)).filter(|&signal| signal != 0)
    }

    /// From now on SIGINT, SIGTERM and SIGHUP ask to end, and `wake` is called then. One that was ignored when the
    /// program started, as SIGHUP under nohup, stays so.
    pub fn on_signals(&self, wake: impl Fn() + Send + 'static) -> io::Result<()> {
        let ignored = ignored();
        let heeded = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0);
        let (mut signals, told) = (Signals::new(heeded)?, self.clone());
        std::thread::Builder::new().name("commerce-signals".into()).spawn(move || {
            for signal in signals.forever() {
                if told.signal().is_some() {
                    // Where this does not end the program, whoever sent it still has SIGKILL.
                    let _ = emulate_default_handler(signal);
                }
                told.0.signal.store(signal, Ordering::Release);
                told.ask();
                wake();
            }
        })?;
        Ok(())
    }
}

/// The signals that were ignored when the program started, a bit for each. Known on Linux only.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
