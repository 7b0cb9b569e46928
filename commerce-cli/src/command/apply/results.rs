//! Where the results of lines go: whole lines only, also when the disk is full or the program is killed.

use std::fs::File;
use std::io::{self, Write};

use serde_json::Value;

/// How much is gathered before it is written, if more results come at once.
const ENOUGH: usize = 1 << 16;

/// A file of its own, or standard output, and what was not written to it yet: always whole lines.
pub struct Results {
    out: Out,
    waiting: Vec<u8>,
    /// The lines whose results wait.
    numbers: Vec<u64>,
    /// The last line whose result was written.
    last: u64,
    /// Whether nobody reads them any more. The operations are done all the same.
    unread: bool,
}

enum Out {
    Stdout,
    /// The file, and how long it is without a torn line.
    File(File, u64),
}

impl Results {
    /// Results for standard output.
    pub fn stdout() -> Self {
        Self { out: Out::Stdout, waiting: Vec::new(), numbers: Vec::new(), last: 0, unread: false }
    }

    /// Results for a file, which is empty at first.
    pub fn file(file: File) -> Self {
        Self { out: Out::File(file, 0), ..Self::stdout() }
    }

    /// The last line whose result was written.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// Takes the result of a line.
    pub fn take(&mut self, line: u64, result: &Value) -> io::Result<()> {
        if self.unread {
            return Ok(());
        }
        // Writing to memory cannot fail.
        let _ = writeln!(self.waiting, "{result}");
        self.numbers.push(line);
        if self.waiting.len() < ENOUGH { Ok(()) } else { self.flush() }
    }

    /// Writes what waits.
    pub fn flush(&mut self) -> io::Result<()> {
        let (waiting, numbers) = (std::mem::take(&mut self.waiting), std::mem::take(&mut self.numbers));
        let (done, mut written) = match &mut self.out {
            Out::Stdout => write(&mut io::stdout().lock(), &waiting),
            Out::File(file, _) => write(file, &waiting),
        };
        let whole = waiting[..done].iter().rposition(|&c| c == b'\n').map_or(0, |place| place + 1);
        let lines = waiting[..whole].iter().filter(|&&c| c == b'\n').count();
        self.last = numbers[..lines].last().copied().unwrap_or(self.last);
        if let Out::File(file, length) = &mut self.out {
            *length += whole as u64;
            if written.is_err() {
                // What is no file has no end to cut a torn line off.
                let _ = file.set_len(*length);
            }
        } else if written.is_ok() {
            written = io::stdout().flush();
        }
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.unread = true;
                Ok(())
            }
            other => other,
        }
    }
}

/// Writes as much as finds room, and says how much that was.
fn write(out: &mut impl Write, lines: &[u8]) -> (usize, io::Result<()>) {
    let mut done = 0;
    while done < lines.len() {
        match out.write(&lines[done..]) {
            Ok(0) => return (done, Err(io::ErrorKind::WriteZero.into())),
            Ok(count) => done += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (done, Err(error)),
        }
    }
    (done, Ok(()))
}
