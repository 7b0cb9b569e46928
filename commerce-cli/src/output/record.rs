//! What can be printed. A record is a reply, an answer or a row of a list. One table gives its columns, and the type of a
//! field decides how its cells look: an `Amount` is money, wherever it comes from.

use std::fmt::Write;

use commerce_core::order::Item;
use commerce_core::{Actor, Amount, Currency, EventId, Id, Name, Number, Quantity, Stock, Time, escape};
use serde::Serialize;

/// Data that commands print.
pub trait Record: Serialize + Sized + 'static {
    /// The columns of a list of such records, and the fields of a single one, in order.
    const COLUMNS: &'static [Column<Self>];
    /// The rows that a record contains, or [`NoRows`].
    type Row: Record;

    /// The rows that this record contains.
    fn rows(&self) -> Rows<'_, Self::Row> {
        Rows::None
    }
}

/// A column of a list, or a field of a single record.
pub struct Column<T: 'static> {
    /// The name in CSV. The heading in a table is made from it.
    pub name: &'static str,
    /// The cell of a record.
    pub cell: for<'a> fn(&'a T) -> Cell<'a>,
}

/// The rows that a record contains.
pub enum Rows<'a, R> {
    /// It contains none.
    None,
    /// The record is a list: JSON Lines and CSV print the rows and leave out the fields.
    List(&'a [R]),
    /// The rows are a part of the record: JSON Lines and CSV print one line, with the rows in one cell.
    Nested(&'a [R]),
}

/// The value of a record in a column.
#[derive(Clone, Copy)]
pub enum Cell<'a> {
    /// No value. A single record leaves the field out, and so does a table in which the whole column is empty.
    Absent,
    /// Text. Control characters, and so escape sequences, are printed escaped.
    Text(&'a str),
    /// A number, aligned to the right.
    Number(i128),
    /// Minor units, printed in the currency's decimal form and aligned to the right.
    Money(i64),
    /// A time.
    Time(Time),
    /// `yes` or `no`.
    Flag(bool),
    /// A span of time: after the first time, up to and including the second.
    Span(Time, Time),
    /// Products and their quantities, `mug:2, pen:1`. The table of a single record prints them as rows instead.
    Items(&'a [Item]),
    /// Numbers of events, `17, 18`.
    Events(&'a [EventId]),
}

/// The row type of records that contain no rows.
#[derive(Serialize)]
pub enum NoRows {}

impl Record for NoRows {
    const COLUMNS: &'static [Column<Self>] = &[];
    type Row = Self;
}

impl<T: 'static> Column<T> {
    /// A column with this name, whose cells come from `cell`.
    pub const fn new(name: &'static str, cell: for<'a> fn(&'a T) -> Cell<'a>) -> Self {
        Self { name, cell }
    }

    /// The heading in a table: `price_when_added` becomes `PRICE WHEN ADDED`.
    pub fn heading(&self) -> String {
        self.name.replace('_', " ").to_uppercase()
    }
}

/// The columns in which at least one of these records has a value, in the order of first appearance.
pub fn non_empty_columns<T: Record>(records: &[T]) -> Vec<&'static Column<T>> {
    let mut columns: Vec<&'static Column<T>> = Vec::new();
    for record in records {
        for column in T::COLUMNS {
            let known = columns.iter().any(|known| known.name == column.name);
            if !known && !matches!((column.cell)(record), Cell::Absent) {
                columns.push(column);
            }
        }
    }
    columns
}

impl Cell<'_> {
    /// Whether it is aligned to the right.
    pub fn is_number(self) -> bool {
        matches!(self, Self::Number(_) | Self::Money(_))
    }

    /// The cell as text that is safe to print on a terminal.
    pub fn to_text(self, currency: Currency) -> String {
        let mut text = String::new();
        self.write(&mut text, currency);
        text
    }

    /// Appends the cell as text that is safe to print on a terminal.
    pub fn write(self, text: &mut String, currency: Currency) {
        // Writing to memory cannot fail.
        let _ = match self {
            Self::Absent => Ok(()),
            Self::Text(plain) if plain.bytes().all(|byte| (b' '..=b'~').contains(&byte)) => {
                text.write_str(plain)
            }
            Self::Text(other) => text.write_str(&escape(other)),
            Self::Number(number) => write!(text, "{number}"),
            Self::Money(minor) => text.write_str(&currency.format_amount(minor)),
            Self::Time(time) => write!(text, "{time}"),
            Self::Flag(flag) => text.write_str(if flag { "yes" } else { "no" }),
            Self::Span(from, to) => write!(text, "from {from} to {to}"),
            Self::Items(items) => {
                write_list(text, items, |text, item| write!(text, "{}:{}", item.product, item.quantity))
            }
            Self::Events(events) => write_list(text, events, |text, event| write!(text, "{event}")),
        };
    }
}

/// Appends values, separated by commas.
fn write_list<T>(
    text: &mut String,
    values: &[T],
    one: impl Fn(&mut String, &T) -> std::fmt::Result,
) -> std::fmt::Result {
    for (index, value) in values.iter().enumerate() {
        text.push_str(if index == 0 { "" } else { ", " });
        one(text, value)?;
    }
    Ok(())
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Cell<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl<'a, K> From<&'a Id<K>> for Cell<'a> {
    fn from(id: &'a Id<K>) -> Self {
        Self::Text(id.as_str())
    }
}

impl<'a> From<&'a Actor> for Cell<'a> {
    fn from(actor: &'a Actor) -> Self {
        actor.as_str().into()
    }
}

impl<'a> From<&'a Name> for Cell<'a> {
    fn from(name: &'a Name) -> Self {
        Self::Text(name.as_str())
    }
}

impl From<i64> for Cell<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number.into())
    }
}

impl From<u64> for Cell<'_> {
    fn from(number: u64) -> Self {
        Self::Number(number.into())
    }
}

impl From<usize> for Cell<'_> {
    fn from(number: usize) -> Self {
        Self::Number(number as i128)
    }
}

impl<K> From<Number<K>> for Cell<'_> {
    fn from(number: Number<K>) -> Self {
        Self::Number(number.get().into())
    }
}

impl From<Quantity> for Cell<'_> {
    fn from(quantity: Quantity) -> Self {
        Self::Number(quantity.get().into())
    }
}

impl From<Stock> for Cell<'_> {
    fn from(stock: Stock) -> Self {
        Self::Number(stock.get().into())
    }
}

impl From<Amount> for Cell<'_> {
    fn from(amount: Amount) -> Self {
        Self::Money(amount.get())
    }
}

impl From<Time> for Cell<'_> {
    fn from(time: Time) -> Self {
        Self::Time(time)
    }
}

impl From<bool> for Cell<'_> {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl<'a> From<&'a [Item]> for Cell<'a> {
    fn from(items: &'a [Item]) -> Self {
        Self::Items(items)
    }
}

impl<'a, T: Into<Cell<'a>>> From<Option<T>> for Cell<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Absent, Into::into)
    }
}
