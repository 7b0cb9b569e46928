//! Printing data: tables for people, JSON, JSON Lines and CSV for programs.

use std::io::{self, Write};

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets};
use commerce_core::{Currency, escape, is_control};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::options::Output;

/// Fields that hold money.
const MONEY: [&str; 9] =
    ["price", "price_when_added", "total", "balance", "amount", "revenue", "expected", "paid", "charged"];

/// Prints a reply or an answer.
pub fn print(
    out: &mut impl Write,
    data: &Value,
    form: Output,
    currency: Currency,
    color: bool,
) -> io::Result<()> {
    match form {
        Output::Json => writeln!(out, "{}", json(data)),
        Output::Jsonl => rows(data).iter().try_for_each(|row| writeln!(out, "{}", json(row))),
        Output::Csv => {
            let rows = rows(data);
            let columns = columns(rows.iter().copied());
            csv(out, &columns, rows.iter().copied(), currency)
        }
        Output::Table => table(out, data, currency, color),
    }
}

/// JSON that cannot steer a terminal either. What could can only stand within strings, where an escape
/// means the same.
pub fn json(data: &impl Serialize) -> String {
    let escape = |c: char| if is_control(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() };
    // What is printed has text as its keys, and no maps that fail.
    let text = serde_json::to_string(data).unwrap_or_default();
    if text.chars().any(is_control) { text.chars().map(escape).collect() } else { text }
}

/// The rows of a list, or the one row of anything else.
fn rows(data: &Value) -> Vec<&Value> {
    match list(data) {
        Some((_, rows)) if data.get("order").is_none() => rows.iter().collect(),
        _ => vec![data],
    }
}

/// The list within an object, under its name.
fn list(data: &Value) -> Option<(&str, &Vec<Value>)> {
    let fields = data.as_object()?;
    let is_list = |value: &&Vec<Value>| value.iter().all(Value::is_object);
    fields.iter().find_map(|(name, value)| Some((name.as_str(), value.as_array().filter(is_list)?)))
}

fn table(out: &mut impl Write, data: &Value, currency: Currency, color: bool) -> io::Result<()> {
    let listed = list(data);
    let fields: Vec<(String, String)> = data
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, value)| {
            name.as_str() != "next_cursor"
                && listed.is_none_or(|(list, _)| list != name.as_str())
                && !value.is_null()
        })
        .map(|(name, value)| (name.replace('_', " "), shown(name, value, currency)))
        .collect();
    let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, value) in &fields {
        let (on, off) = if color { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
        writeln!(out, "{on}{name:width$}{off}  {value}")?;
    }
    let Some((_, items)) = listed else { return Ok(()) };
    if items.is_empty() {
        return writeln!(out, "(none)");
    }
    if !fields.is_empty() {
        writeln!(out)?;
    }
    writeln!(out, "{}", grid(items, &columns(items.iter()), &mut Vec::new(), currency))
}

/// Rows in columns of the same widths as those before them, unless they need wider ones. The first have a header.
pub fn grid(items: &[Value], columns: &[&str], widths: &mut Vec<u16>, currency: Currency) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    if widths.is_empty() {
        table.set_header(columns.iter().map(|name| name.replace('_', " ").to_uppercase()));
    }
    for item in items {
        let cell = |name: &&str| item.get(*name).map_or(String::new(), |value| shown(name, value, currency));
        table.add_row(columns.iter().map(cell));
    }
    for (place, name) in columns.iter().enumerate() {
        let number = items.iter().any(|item| item[*name].is_number());
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

/// What stands around the content of each cell.
const PADDING: u16 = 2;

/// Rows as CSV, under a header.
pub fn csv<'a>(
    out: &mut impl Write,
    columns: &[&str],
    rows: impl Iterator<Item = &'a Value>,
    currency: Currency,
) -> io::Result<()> {
    if columns.is_empty() {
        return Ok(());
    }
    // Through memory, since the csv crate's errors hide that a pipe was closed.
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(columns)?;
    for row in rows {
        // Names can hold nothing is_control; where other text does, it is escaped here too.
        let cell = |name: &&str| row.get(*name).map_or(String::new(), |value| shown(name, value, currency));
        writer.write_record(columns.iter().map(cell))?;
    }
    out.write_all(&writer.into_inner().map_err(|error| error.into_error())?)
}

/// Every field of any row, in the order of first appearance.
pub fn columns<'a>(rows: impl Iterator<Item = &'a Value>) -> Vec<&'a str> {
    let mut columns: Vec<&str> = Vec::new();
    for name in rows.filter_map(Value::as_object).flat_map(Map::keys) {
        if !columns.contains(&name.as_str()) {
            columns.push(name);
        }
    }
    columns
}

fn shown(name: &str, value: &Value, currency: Currency) -> String {
    escape(&raw(name, value, currency))
}

fn raw(name: &str, value: &Value, currency: Currency) -> String {
    match value {
        Value::Null => String::new(),
        Value::Number(number) => match number.as_i64() {
            Some(minor) if MONEY.contains(&name) => currency.format_amount(minor),
            _ => number.to_string(),
        },
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".into(),
        Value::Bool(false) => "no".into(),
        Value::Array(list) => list.iter().map(|value| part(value, currency)).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            let one = |(name, value): (&String, &Value)| format!("{name} {}", raw(name, value, currency));
            fields.iter().map(one).collect::<Vec<_>>().join(" ")
        }
    }
}

/// A value within a cell: an order's item as product and quantity.
fn part(value: &Value, currency: Currency) -> String {
    match (value["product"].as_str(), &value["quantity"]) {
        (Some(product), Value::Number(quantity)) => format!("{product}:{quantity}"),
        _ => raw("", value, currency),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn text(data: &Value, form: Output) -> String {
        let mut out = Vec::new();
        print(&mut out, data, form, Currency::try_from("USD").unwrap(), false).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn tables_keep_true_width() {
        let data = json!({ "items": [
            { "product": "mug", "name": "머그컵 ☕", "price": 1250 },
            { "product": "longer-id", "name": "pen", "price": 5 },
        ], "next_cursor": null });
        let shown = text(&data, Output::Table);
        assert_eq!(
            shown,
            "PRODUCT    NAME       PRICE\nmug        머그컵 ☕  12.50\nlonger-id  pen         0.05\n"
        );
    }

    #[test]
    fn rows_are_one_per_item() {
        let data = json!({ "items": [{ "product": "a", "price": 100 }, { "product": "b", "price": 1 }] });
        assert_eq!(text(&data, Output::Csv), "product,price\na,1.00\nb,0.01\n");
        assert_eq!(text(&data, Output::Jsonl).lines().count(), 2);
        assert_eq!(text(&json!({ "items": [] }), Output::Table), "(none)\n");
    }

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(escape("a\u{1b}[31m\u{202e}"), "a\\u{1b}[31m\\u{202e}");
    }
}
