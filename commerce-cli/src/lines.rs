//! Reads lines from a file or standard input.

use std::fs::File;
use std::io::{self, BufRead, Read};

use commerce_core::escape;

use crate::failure::Failure;

/// The length limit of a line, in bytes.
pub const MAX_LINE: usize = 1 << 20;

/// A line of input.
#[derive(Clone, Copy)]
pub enum Line<'a> {
    /// Its text, without spaces around it.
    Text(&'a [u8]),
    /// It is longer than [`MAX_LINE`], and was skipped.
    TooLong,
}

/// Opens a file, or standard input for `-`.
pub fn open_input(file: &str) -> Result<Box<dyn Read + Send>, Failure> {
    if file == "-" {
        return Ok(Box::new(io::stdin()));
    }
    let shown = escape(file);
    let opened = File::open(file).map_err(|e| Failure::Usage(format!("{shown} cannot be read: {e}")))?;
    if opened.metadata()?.is_dir() {
        return Err(Failure::Usage(format!("{shown} is a directory; give a file, or - for standard input")));
    }
    Ok(Box::new(opened))
}

/// Calls `take` for every line that is not blank, with its number counted from 1, until it returns false.
pub fn each_line(mut input: impl BufRead, take: &mut dyn FnMut(u64, Line<'_>) -> bool) -> io::Result<()> {
    let mut text = Vec::new();
    for number in 1.. {
        text.clear();
        let read = input.by_ref().take(MAX_LINE as u64 + 1).read_until(b'\n', &mut text)?;
        if read == 0 {
            break;
        }
        let line = if read > MAX_LINE && text.last() != Some(&b'\n') {
            input.skip_until(b'\n')?;
            Line::TooLong
        } else {
            Line::Text(text.trim_ascii())
        };
        if !matches!(line, Line::Text(b"")) && !take(number, line) {
            break;
        }
    }
    Ok(())
}
