//! Cancellation of a long command: by a signal, or by a failure of its own. The command checks the token between two pieces
//! of work, so no piece is left half done. A second signal ends the program at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

/// A cancellation token. Clones share one state.
#[derive(Clone, Default)]
pub struct Cancellation(Arc<State>);

#[derive(Default)]
struct State {
    cancelled: AtomicBool,
    /// The number of the signal that cancelled, or 0.
    signal: AtomicI32,
}

impl Cancellation {
    /// Cancels the command.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::Release);
    }

    /// Whether the command was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::Acquire)
    }

    /// The number of the signal that cancelled the command, if one did.
    pub fn signal(&self) -> Option<i32> {
        Some(self.0.signal.load(Ordering::Acquire)).filter(|&signal| signal != 0)
    }

    /// Makes SIGINT, SIGTERM and SIGHUP cancel the command and call `wake`. A signal that was ignored when the program
    /// started, as nohup does with SIGHUP, stays ignored.
    ///
    /// # Errors
    /// The system's, when the handlers or their thread cannot be set up.
    pub fn cancel_on_signals(&self, wake: impl Fn() + Send + 'static) -> io::Result<()> {
        let ignored = ignored_signals();
        let handled = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0);
        let (mut signals, cancellation) = (Signals::new(handled)?, self.clone());
        std::thread::Builder::new().name("commerce-signals".into()).spawn(move || {
            for signal in signals.forever() {
                if cancellation.signal().is_some() {
                    // If this does not end the program, SIGKILL still does.
                    let _ = emulate_default_handler(signal);
                }
                cancellation.0.signal.store(signal, Ordering::Release);
                cancellation.cancel();
                wake();
            }
        })?;
        Ok(())
    }
}

/// The signals that were ignored when the program started, one bit each. Empty where there is no `/proc`.
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
