//! Records as CSV. Cells are written straight from the fields: a JSON object for each of a million orders would cost more
//! than reading them.

use commerce_core::Currency;

use super::record::{Cell, Column, Record};

/// Writes rows of CSV to memory.
pub struct Csv<'a> {
    out: csv::Writer<&'a mut Vec<u8>>,
    text: String,
    currency: Currency,
}

impl<'a> Csv<'a> {
    /// Appends to `out`.
    pub fn new(out: &'a mut Vec<u8>, currency: Currency) -> Self {
        Self { out: csv::Writer::from_writer(out), text: String::new(), currency }
    }

    /// Writes the names of these columns.
    pub fn header<T: Record>(&mut self, columns: impl Iterator<Item = &'static Column<T>>) {
        self.row(columns.map(|column| Cell::Text(column.name)));
    }

    /// Writes a record in these columns.
    pub fn record<T: Record>(&mut self, record: &T, columns: impl Iterator<Item = &'static Column<T>>) {
        self.row(columns.map(|column| (column.cell)(record)));
    }

    /// Writes a row of cells.
    pub fn row<'c>(&mut self, cells: impl Iterator<Item = Cell<'c>>) {
        // Writing to memory cannot fail.
        for cell in cells {
            self.text.clear();
            cell.write(&mut self.text, self.currency);
            let _ = self.out.write_field(&self.text);
        }
        let _ = self.out.write_record(None::<&[u8]>);
    }
}
