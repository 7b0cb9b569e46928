//! The terminal in raw mode on its alternate screen, and restored on every way out.

use std::io::{self, BufWriter, Stdout, stdout};
use std::panic;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use signal_hook::consts::SIGTSTP;

use crate::model::State;
use crate::view;

/// The terminal while the console uses it. It is restored when the guard is dropped and when any thread panics.
pub struct TerminalGuard {
    terminal: BufferedTerminal,
}

type BufferedTerminal = Terminal<CrosstermBackend<BufWriter<Stdout>>>;

/// Whether the terminal is in use now, so that it is restored once.
static IN_USE: AtomicBool = AtomicBool::new(false);

impl TerminalGuard {
    /// Switches the terminal to raw mode and to its alternate screen.
    ///
    /// # Errors
    /// There is no terminal.
    pub fn enter() -> io::Result<Self> {
        restore_on_panic();
        enter()?;
        match new_terminal() {
            Ok(terminal) => Ok(Self { terminal }),
            Err(error) => {
                restore();
                Err(error)
            }
        }
    }

    /// Draws the state.
    ///
    /// # Errors
    /// Writing to the terminal failed.
    pub fn draw(&mut self, state: &State) -> io::Result<()> {
        self.terminal.draw(|frame| view::draw(frame, state)).map(drop)
    }

    /// Clears the terminal, so that the next frame draws every cell.
    ///
    /// # Errors
    /// Writing to the terminal failed.
    pub fn clear(&mut self) -> io::Result<()> {
        // While the process was stopped, the shell may have changed the mode behind crossterm's back.
        disable_raw_mode()?;
        enter()?;
        execute!(stdout(), Clear(ClearType::All))?;
        // `Terminal::clear` would ask the terminal for the cursor's position, and the thread that reads the keys
        // would get the answer.
        self.terminal = new_terminal()?;
        Ok(())
    }

    /// Restores the terminal, and stops the process until it is continued.
    ///
    /// # Errors
    /// Writing to the terminal failed.
    pub fn suspend(&mut self) -> io::Result<()> {
        restore();
        signal_hook::low_level::emulate_default_handler(SIGTSTP)?;
        self.clear()
    }
}

impl Drop for TerminalGuard {
    fn drop(&mut self) {
        restore();
    }
}

/// The buffer is larger than a frame, so that a frame is one write and never shows half drawn.
fn new_terminal() -> io::Result<BufferedTerminal> {
    Terminal::new(CrosstermBackend::new(BufWriter::with_capacity(64 * 1024, stdout())))
}

fn enter() -> io::Result<()> {
    IN_USE.store(true, Ordering::SeqCst);
    enable_raw_mode()?;
    execute!(stdout(), EnterAlternateScreen, EnableMouseCapture, EnableBracketedPaste)
}

/// Restores the terminal, once. Errors are ignored: a terminal that has failed cannot be restored.
fn restore() {
    if IN_USE.swap(false, Ordering::SeqCst) {
        let _ = execute!(stdout(), DisableBracketedPaste, DisableMouseCapture, LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
    }
}

fn restore_on_panic() {
    static SET: Once = Once::new();
    SET.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            restore();
            before(info);
        }));
    });
}
