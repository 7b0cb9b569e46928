//! The terminal: taken over for the console, and given back as it was, whatever happens.

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

/// The terminal while the console has it. It is given back when this is dropped, and when anything panics.
pub struct Screen {
    terminal: Drawn,
}

type Drawn = Terminal<CrosstermBackend<BufWriter<Stdout>>>;

/// Whether the terminal is taken over now.
static TAKEN: AtomicBool = AtomicBool::new(false);

impl Screen {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// There is none.
    pub fn enter() -> io::Result<Self> {
        restore_on_panic();
        take()?;
        match blank() {
            Ok(terminal) => Ok(Self { terminal }),
            Err(error) => {
                restore();
                Err(error)
            }
        }
    }

    /// Draws.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn draw(&mut self, state: &State) -> io::Result<()> {
        self.terminal.draw(|frame| view::draw(frame, state)).map(drop)
    }

    /// Draws everything anew at the next time, also after others wrote on the terminal.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn renew(&mut self) -> io::Result<()> {
        // After a stop the shell may have left the terminal in another mode than the one believed to be on.
        disable_raw_mode()?;
        take()?;
        execute!(stdout(), Clear(ClearType::All))?;
        // A terminal that remembers nothing. `Terminal::clear` would ask where the cursor is, and the answer
        // would go to the thread that reads the keys.
        self.terminal = blank()?;
        Ok(())
    }

    /// Gives the terminal to the shell until it is called back.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn suspend(&mut self) -> io::Result<()> {
        restore();
        signal_hook::low_level::emulate_default_handler(SIGTSTP)?;
        self.renew()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// A frame goes out in one write, so that it is never seen half drawn.
fn blank() -> io::Result<Drawn> {
    Terminal::new(CrosstermBackend::new(BufWriter::with_capacity(64 * 1024, stdout())))
}

fn take() -> io::Result<()> {
    TAKEN.store(true, Ordering::SeqCst);
    enable_raw_mode()?;
    execute!(stdout(), EnterAlternateScreen, EnableMouseCapture, EnableBracketedPaste)
}

/// Gives the terminal back, once. Where it is gone there is nothing to give back.
fn restore() {
    if TAKEN.swap(false, Ordering::SeqCst) {
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
