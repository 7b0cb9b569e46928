//! Messages on standard error: notes, warnings and errors. Standard output is for data only.

use std::io::{self, Write};

use commerce_core::escape;

/// Prints messages. It is `Copy`, so that other threads can have their own.
#[derive(Clone, Copy)]
pub struct Diagnostics {
    /// Whether notes are left out.
    pub quiet: bool,
    /// Whether labels are coloured.
    pub colored: bool,
}

impl Diagnostics {
    /// Prints a note, unless `--quiet` is given.
    pub fn note(self, text: &str) {
        if !self.quiet {
            // A note that cannot be printed is not worth failing for.
            let _ = writeln!(io::stderr(), "{}", escape(text));
        }
    }

    /// Prints a warning, even with `--quiet`.
    pub fn warn(self, text: &str) {
        // A warning that cannot be printed does not stop the work.
        let _ = writeln!(io::stderr(), "{}", self.line("warning", "33", text));
    }

    /// Prints an error, even with `--quiet`.
    pub fn error(self, text: &str) {
        // If standard error is closed, the exit code still reports that there was one.
        let _ = writeln!(io::stderr(), "{}", self.error_line(text));
    }

    /// An error as it is printed, without the line break.
    pub fn error_line(self, text: &str) -> String {
        self.line("error", "31", text)
    }

    fn line(self, label: &str, color: &str, text: &str) -> String {
        let text = escape(text);
        if self.colored {
            format!("\x1b[1;{color}m{label}:\x1b[0m {text}")
        } else {
            format!("{label}: {text}")
        }
    }
}
