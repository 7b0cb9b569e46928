//! Records as the rows of a table.

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets};
use commerce_core::Currency;

use super::record::{Column, Record};

/// The width of the padding of a cell, left and right together.
const PADDING: u16 = 2;

/// Lays records out in columns. `widths` are those of the batch before and are updated; columns never get narrower. The
/// first batch, which has no widths yet, gets a header.
pub fn grid<T: Record>(
    records: &[T],
    columns: &[&Column<T>],
    widths: &mut Vec<u16>,
    currency: Currency,
) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    if widths.is_empty() {
        table.set_header(columns.iter().map(|column| column.heading()));
    }
    for record in records {
        table.add_row(columns.iter().map(|column| (column.cell)(record).to_text(currency)));
    }
    for (index, column) in columns.iter().enumerate() {
        let number = records.iter().any(|record| (column.cell)(record).is_number());
        if let (true, Some(column)) = (number, table.column_mut(index)) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let least = |&width: &u16| ColumnConstraint::LowerBoundary(Width::Fixed(width + PADDING));
    table.set_constraints(widths.iter().map(least));
    let needed = table.column_max_content_widths().into_iter();
    *widths = needed.zip(widths.iter().copied().chain(std::iter::repeat(0))).map(|(a, b)| a.max(b)).collect();
    let text = table.to_string();
    text.lines().map(|line| line.trim_end().strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n")
}
