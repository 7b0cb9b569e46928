//! Writes the results of lines: whole lines only, even if the disk is full or the program is killed.

use std::fs::File;
use std::io::{self, Write};

use serde_json::Value;

/// The size in bytes at which the buffer is written.
const BUFFER: usize = 1 << 16;

/// Writes results to a file or to standard output.
pub struct ResultWriter {
    out: Out,
    /// Whole lines that are not written yet.
    buffer: Vec<u8>,
    /// The numbers of the lines whose results are in the buffer.
    numbers: Vec<u64>,
    /// The last line whose result was written.
    last: u64,
    /// Whether the reader of standard output went away. The operations are still performed.
    closed: bool,
}

enum Out {
    Stdout,
    /// The file, and its length up to the last whole line.
    File(File, u64),
}

impl ResultWriter {
    /// Writes to standard output.
    pub fn stdout() -> Self {
        Self { out: Out::Stdout, buffer: Vec::new(), numbers: Vec::new(), last: 0, closed: false }
    }

    /// Writes to an empty file.
    pub fn file(file: File) -> Self {
        Self { out: Out::File(file, 0), ..Self::stdout() }
    }

    /// The last line whose result was written.
    pub fn last_written(&self) -> u64 {
        self.last
    }

    /// Adds the result of a line.
    pub fn add(&mut self, line: u64, result: &Value) -> io::Result<()> {
        if self.closed {
            return Ok(());
        }
        // Writing to memory cannot fail.
        let _ = writeln!(self.buffer, "{result}");
        self.numbers.push(line);
        if self.buffer.len() < BUFFER { Ok(()) } else { self.flush() }
    }

    /// Writes the buffer.
    pub fn flush(&mut self) -> io::Result<()> {
        let (buffer, numbers) = (std::mem::take(&mut self.buffer), std::mem::take(&mut self.numbers));
        let (done, mut written) = match &mut self.out {
            Out::Stdout => write(&mut io::stdout().lock(), &buffer),
            Out::File(file, _) => write(file, &buffer),
        };
        let whole = buffer[..done].iter().rposition(|&c| c == b'\n').map_or(0, |index| index + 1);
        let lines = buffer[..whole].iter().filter(|&&c| c == b'\n').count();
        self.last = numbers[..lines].last().copied().unwrap_or(self.last);
        if let Out::File(file, length) = &mut self.out {
            *length += whole as u64;
            if written.is_err() {
                // Cuts off a torn line. This fails if the output is not a regular file.
                let _ = file.set_len(*length);
            }
        } else if written.is_ok() {
            written = io::stdout().flush();
        }
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            other => other,
        }
    }
}

/// Writes as much as possible, and returns how many bytes that was.
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
