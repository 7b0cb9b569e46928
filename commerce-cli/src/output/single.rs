//! Single records, such as a reply, with the rows they contain.

use std::io::{self, Write};

use commerce_core::{Answer, Currency};

use super::csv::Csv;
use super::grid::grid;
use super::json::json;
use super::record::{Cell, Column, Record, Rows, non_empty_columns};
use crate::options::Format;

/// How records are printed.
#[derive(Clone, Copy)]
pub struct Style {
    /// The format of the output.
    pub format: Format,
    /// The currency in which amounts are written.
    pub currency: Currency,
    /// Whether labels are bold.
    pub colored: bool,
}

/// Which columns the CSV of a list has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Columns {
    /// All of them.
    All,
    /// Those in which at least one row has a value.
    NonEmpty,
}

/// Prints the record in `answer`. `columns` chooses the columns of its rows in CSV.
pub fn print<R: Record>(
    out: &mut impl Write,
    answer: &Answer<&R>,
    columns: Columns,
    style: Style,
) -> io::Result<()> {
    let record = answer.reply;
    match (style.format, record.rows()) {
        (Format::Json, _) => writeln!(out, "{}", json(answer)),
        (Format::Jsonl, Rows::List(rows)) => rows.iter().try_for_each(|row| writeln!(out, "{}", json(row))),
        (Format::Jsonl, _) => writeln!(out, "{}", json(answer)),
        (Format::Csv, Rows::List(rows)) => {
            let columns = match columns {
                Columns::All => <R::Row as Record>::COLUMNS.iter().collect(),
                Columns::NonEmpty => non_empty_columns(rows),
            };
            print_csv(out, rows, &columns, style.currency)
        }
        (Format::Csv, _) => {
            let mut text = Vec::new();
            let fields = fields(answer);
            let mut csv = Csv::new(&mut text, style.currency);
            csv.row(fields.iter().map(|(name, _)| Cell::Text(name)));
            csv.row(fields.iter().map(|(_, cell)| *cell));
            drop(csv);
            out.write_all(&text)
        }
        (Format::Table, rows) => print_table(out, &fields(answer), rows, style),
    }
}

/// The fields of a record that have a value, and `replayed` if the reply is a repeated one.
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
    // The rows below show the items.
    let is_field = |(_, cell): &&(&str, Cell<'_>)| !matches!(cell, Cell::Items(_));
    let labelled = |(name, cell): &(&str, Cell<'_>)| (name.replace('_', " "), cell.to_text(style.currency));
    let fields: Vec<(String, String)> = fields.iter().filter(is_field).map(labelled).collect();
    let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let (on, off) = if style.colored { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
    for (name, value) in &fields {
        writeln!(out, "{on}{name:width$}{off}  {value}")?;
    }
    let (Rows::List(rows) | Rows::Nested(rows)) = rows else { return Ok(()) };
    if rows.is_empty() {
        return writeln!(out, "(none)");
    }
    if !fields.is_empty() {
        writeln!(out)?;
    }
    writeln!(out, "{}", grid(rows, &non_empty_columns(rows), &mut Vec::new(), style.currency))
}
