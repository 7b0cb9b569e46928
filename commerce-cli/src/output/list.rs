//! Lists. Rows are printed batch by batch, so that a long list needs no more memory than a batch.

use std::io::{self, Write};

use commerce_core::{Currency, Cursor};

use super::csv::Csv;
use super::grid::grid;
use super::json::json;
use super::record::{Record, non_empty_columns};
use crate::options::Format;

/// The rows of a batch. The batches of a table share column widths, which only grow.
pub const BATCH: usize = 256;

/// Prints the batches of one list.
pub struct ListPrinter<W> {
    out: W,
    format: Format,
    currency: Currency,
    started: bool,
    widths: Vec<u16>,
    buffer: Vec<u8>,
}

impl<W: Write> ListPrinter<W> {
    /// Prints a list to `out`.
    pub fn new(out: W, format: Format, currency: Currency) -> Self {
        Self { out, format, currency, started: false, widths: Vec::new(), buffer: Vec::new() }
    }

    /// Prints a batch.
    pub fn print<T: Record>(&mut self, rows: &[T]) -> io::Result<()> {
        let first = !std::mem::replace(&mut self.started, true);
        let buffer = &mut self.buffer;
        buffer.clear();
        match self.format {
            Format::Csv => {
                let mut csv = Csv::new(buffer, self.currency);
                if first {
                    csv.header(T::COLUMNS.iter());
                }
                rows.iter().for_each(|row| csv.record(row, T::COLUMNS.iter()));
            }
            Format::Jsonl => {
                for row in rows {
                    writeln!(buffer, "{}", json(row))?;
                }
            }
            Format::Json => {
                buffer.extend(if first { &b"{\"items\":["[..] } else { b"," });
                for (index, row) in rows.iter().enumerate() {
                    write!(buffer, "{}{}", if index == 0 { "" } else { "," }, json(row))?;
                }
            }
            Format::Table => {
                let mut columns = non_empty_columns(rows);
                if !first || rows.len() >= BATCH {
                    // A column that is empty here may have a value in a later batch.
                    columns = T::COLUMNS.iter().collect();
                }
                let grid = grid(rows, &columns, &mut self.widths, self.currency);
                writeln!(buffer, "{grid}")?;
            }
        }
        self.out.write_all(buffer)
    }

    /// Ends the list. `next` is the cursor of the next page, if there is one.
    pub fn finish<T: Record>(mut self, next: Option<&Cursor>) -> io::Result<()> {
        match (self.format, self.started) {
            (Format::Table, false) => writeln!(self.out, "(none)")?,
            (Format::Csv | Format::Json, false) => self.print::<T>(&[])?,
            _ => {}
        }
        if self.format == Format::Json {
            writeln!(self.out, "],\"next_cursor\":{}}}", serde_json::to_string(&next)?)?;
        }
        self.out.flush()
    }
}
