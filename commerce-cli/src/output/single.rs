//! Single records, and the records within them.

use std::io::{self, Write};

use commerce_core::{Answer, Currency};

use super::csv::Csv;
use super::grid::grid;
use super::json::json;
use super::record::{Cell, Column, Record, Rows, filled};
use crate::options::Output;

/// How records are printed.
#[derive(Clone, Copy)]
pub struct Style {
    /// The form that was asked for.
    pub form: Output,
    /// The currency of the store.
    pub currency: Currency,
    /// Whether labels are bold.
    pub colored: bool,
}

/// Which columns the CSV of a list has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Columns {
    /// All, whatever its rows hold.
    All,
    /// Those in which a row has a value.
    Filled,
}

/// Prints a single record.
pub fn print<R: Record>(
    out: &mut impl Write,
    answer: &Answer<&R>,
    columns: Columns,
    style: Style,
) -> io::Result<()> {
    let record = answer.reply;
    match (style.form, record.rows()) {
        (Output::Json, _) => writeln!(out, "{}", json(answer)),
        (Output::Jsonl, Rows::List(rows)) => rows.iter().try_for_each(|row| writeln!(out, "{}", json(row))),
        (Output::Jsonl, _) => writeln!(out, "{}", json(answer)),
        (Output::Csv, Rows::List(rows)) => {
            let columns = match columns {
                Columns::All => <R::Row as Record>::COLUMNS.iter().collect(),
                Columns::Filled => filled(rows),
            };
            print_csv(out, rows, &columns, style.currency)
        }
        (Output::Csv, _) => {
            let mut text = Vec::new();
            let fields = fields(answer);
            let mut csv = Csv::new(&mut text, style.currency);
            csv.row(fields.iter().map(|(name, _)| Cell::Text(name)));
            csv.row(fields.iter().map(|(_, cell)| *cell));
            drop(csv);
            out.write_all(&text)
        }
        (Output::Table, rows) => print_table(out, &fields(answer), rows, style),
    }
}

/// The fields of a record that have a value, and whether its reply was given before.
fn fields<'a, R: Record>(answer: &Answer<&'a R>) -> Vec<(&'static str, Cell<'a>)> {
    let cells = R::COLUMNS.iter().map(|column| (column.name, (column.cell)(answer.reply)));
    let replayed = answer.replayed.then_some(("replayed", Cell::Flag(true)));
    cells.chain(replayed).filter(|(_, cell)| !matches!(cell, Cell::Absent)).collect()
}

fn print_csv<R: Record>(
    out: &mut impl Write,
    rows: &[R],
    columns: &[&'static Column<R>],
    currency: Currency,
) -> io::Result<()> {
    if columns.is_empty() {
        return Ok(());
    }
    let mut text = Vec::new();
    let mut csv = Csv::new(&mut text, currency);
    csv.header(columns.iter().copied());
    rows.iter().for_each(|row| csv.record(row, columns.iter().copied()));
    drop(csv);
    out.write_all(&text)
}

fn print_table<R: Record>(
    out: &mut impl Write,
    fields: &[(&str, Cell<'_>)],
    rows: Rows<'_, R>,
    style: Style,
) -> io::Result<()> {
    // Items are shown as rows.
    let shown = |(_, cell): &&(&str, Cell<'_>)| !matches!(cell, Cell::Items(_));
    let labelled = |(name, cell): &(&str, Cell<'_>)| (name.replace('_', " "), cell.shown(style.currency));
    let fields: Vec<(String, String)> = fields.iter().filter(shown).map(labelled).collect();
    let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let (on, off) = if style.colored { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
    for (name, value) in &fields {
        writeln!(out, "{on}{name:width$}{off}  {value}")?;
    }
    let (Rows::List(rows) | Rows::Part(rows)) = rows else { return Ok(()) };
    if rows.is_empty() {
        return writeln!(out, "(none)");
    }
    if !fields.is_empty() {
        writeln!(out)?;
    }
    writeln!(out, "{}", grid(rows, &filled(rows), &mut Vec::new(), style.currency))
}
