//! Lists: each is printed as it comes, so that a long one takes no more memory than a part of it, and with the columns
//! that this list always has, whatever its rows hold.

use std::io::{self, Write};

use commerce_core::{Currency, Cursor};

use super::csv::Csv;
use super::grid::grid;
use super::json::json;
use super::record::{Record, filled};
use crate::options::Output;

/// Rows that are printed at a time. They share the widths of a table, which later ones only widen.
pub const PART: usize = 256;

/// Prints the parts of one list.
pub struct Listing<W> {
    out: W,
    form: Output,
    currency: Currency,
    begun: bool,
    widths: Vec<u16>,
    text: Vec<u8>,
}

impl<W: Write> Listing<W> {
    /// Prints a list in this form.
    pub fn new(out: W, form: Output, currency: Currency) -> Self {
        Self { out, form, currency, begun: false, widths: Vec::new(), text: Vec::new() }
    }

    /// Prints some rows.
    pub fn rows<T: Record>(&mut self, rows: &[T]) -> io::Result<()> {
        let first = !std::mem::replace(&mut self.begun, true);
        let text = &mut self.text;
        text.clear();
        match self.form {
            Output::Csv => {
                let mut csv = Csv::new(text, self.currency);
                if first {
                    csv.header(T::COLUMNS.iter());
                }
                rows.iter().for_each(|row| csv.record(row, T::COLUMNS.iter()));
            }
            Output::Jsonl => {
                for row in rows {
                    writeln!(text, "{}", json(row))?;
                }
            }
            Output::Json => {
                text.extend(if first { &b"{\"items\":["[..] } else { b"," });
                for (place, row) in rows.iter().enumerate() {
                    write!(text, "{}{}", if place == 0 { "" } else { "," }, json(row))?;
                }
            }
            Output::Table => {
                let mut columns = filled(rows);
                if !first || rows.len() >= PART {
                    // Rows to come may have what these have not.
                    columns = T::COLUMNS.iter().collect();
                }
                let grid = grid(rows, &columns, &mut self.widths, self.currency);
                writeln!(text, "{grid}")?;
            }
        }
        self.out.write_all(text)
    }

    /// Ends the list; the next page, if there is one, begins there.
    pub fn end<T: Record>(mut self, next: Option<&Cursor>) -> io::Result<()> {
        match (self.form, self.begun) {
            (Output::Table, false) => writeln!(self.out, "(none)")?,
            (Output::Csv | Output::Json, false) => self.rows::<T>(&[])?,
            _ => {}
        }
        if self.form == Output::Json {
            writeln!(self.out, "],\"next_cursor\":{}}}", serde_json::to_string(&next)?)?;
        }
        self.out.flush()
    }
}
