//! Records in the columns of a table.

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets};
use commerce_core::Currency;

use super::record::{Column, Record};

/// What stands around the content of each cell.
const PADDING: u16 = 2;

/// Records in columns of the same widths as those before them, unless they need wider ones. The first have a header.
pub fn grid<T: Record>(
    records: &[T],
    columns: &[&Column<T>],
    widths: &mut Vec<u16>,
    currency: Currency,
) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    if widths.is_empty() {
        table.set_header(columns.iter().map(|column| column.label().to_uppercase()));
    }
    for record in records {
        table.add_row(columns.iter().map(|column| (column.cell)(record).shown(currency)));
    }
    for (place, column) in columns.iter().enumerate() {
        let number = records.iter().any(|record| (column.cell)(record).is_number());
        if let (true, Some(column)) = (number, table.column_mut(place)) {
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
