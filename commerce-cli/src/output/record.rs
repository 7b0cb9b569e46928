//! What can be printed: a record is a reply, an answer or a row of a list. Its columns are one table, and what a cell
//! holds follows from the type of its field, so that an amount is shown as money wherever it comes from.

use std::fmt::Write;

use commerce_core::order::Item;
use commerce_core::{Amount, Currency, EventId, Id, Name, Number, Quantity, Stock, Time, escape};
use serde::Serialize;

/// Something that commands print.
pub trait Record: Serialize + Sized + 'static {
    /// The fields of one record, and the columns of every list of such records, in order.
    const COLUMNS: &'static [Column<Self>];
    /// The records within one, or [`Nothing`].
    type Row: Record;

    /// The records within this one.
    fn rows(&self) -> Rows<'_, Self::Row> {
        Rows::None
    }
}

/// A column of a list, or a field of a single record.
pub struct Column<T: 'static> {
    /// The name in CSV. A table shows it with spaces; a list's table in capitals.
    pub name: &'static str,
    /// What a record has there.
    pub cell: for<'a> fn(&'a T) -> Cell<'a>,
}

/// The records within a record.
pub enum Rows<'a, R> {
    /// It has none.
    None,
    /// It is a list: JSON Lines and CSV print its rows only.
    List(&'a [R]),
    /// They are a part of it: JSON Lines and CSV print one row, in which a cell sums them up.
    Part(&'a [R]),
}

/// What a record has in a column.
#[derive(Clone, Copy)]
pub enum Cell<'a> {
    /// No value. A single record, and a table without any other value in this column, leave it out.
    Absent,
    /// Text, in which escape sequences and other control characters are shown escaped.
    Text(&'a str),
    /// A number, aligned to the right.
    Number(i128),
    /// Minor units, shown in the currency's form and aligned to the right.
    Money(i64),
    /// A moment.
    Time(Time),
    /// `yes` or `no`.
    Flag(bool),
    /// A span of time: after the first moment, up to and including the second.
    Span(Time, Time),
    /// Products and their quantities, `mug:2, pen:1`. A table of a single record shows them as rows instead.
    Items(&'a [Item]),
    /// Numbers of events, `17, 18`.
    Events(&'a [EventId]),
}

/// The record that does not exist.
#[derive(Serialize)]
pub enum Nothing {}

impl Record for Nothing {
    const COLUMNS: &'static [Column<Self>] = &[];
    type Row = Self;
}

impl<T: 'static> Column<T> {
    /// A column of this name.
    pub const fn new(name: &'static str, cell: for<'a> fn(&'a T) -> Cell<'a>) -> Self {
        Self { name, cell }
    }

    /// The name as a label: `price_when_added` is `price when added`.
    pub fn label(&self) -> String {
        self.name.replace('_', " ")
    }
}

/// The columns in which at least one of these records has a value, in the order in which that appears.
pub fn filled<T: Record>(records: &[T]) -> Vec<&'static Column<T>> {
    let mut filled: Vec<&'static Column<T>> = Vec::new();
    for record in records {
        for column in T::COLUMNS {
            let known = filled.iter().any(|known| known.name == column.name);
            if !known && !matches!((column.cell)(record), Cell::Absent) {
                filled.push(column);
            }
        }
    }
    filled
}

impl Cell<'_> {
    /// Whether it is aligned to the right.
    pub fn is_number(self) -> bool {
        matches!(self, Self::Number(_) | Self::Money(_))
    }

    /// The cell as text that cannot steer a terminal.
    pub fn shown(self, currency: Currency) -> String {
        let mut text = String::new();
        self.write(&mut text, currency);
        text
    }

    /// Appends the cell as text that cannot steer a terminal.
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
                listed(text, items, |text, item| write!(text, "{}:{}", item.product, item.quantity))
            }
            Self::Events(events) => listed(text, events, |text, event| write!(text, "{event}")),
        };
    }
}

/// Appends values with commas between them.
fn listed<T>(
    text: &mut String,
    values: &[T],
    one: impl Fn(&mut String, &T) -> std::fmt::Result,
) -> std::fmt::Result {
    for (place, value) in values.iter().enumerate() {
        text.push_str(if place == 0 { "" } else { ", " });
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
