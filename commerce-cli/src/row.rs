//! The rows of lists as cells of CSV. They are written from the types themselves: over a million orders, a JSON object
//! for each would cost more than reading them.

use std::fmt::{self, Display, Write as _};

use commerce_core::Currency;
use commerce_core::catalog::Product;
use commerce_core::escape;
use commerce_core::order::{Item, Order};
use commerce_core::outbox::Event;
use commerce_core::token::Token;
use commerce_core::user::User;
use commerce_core::wallet::Entry;
use serde::Serialize;

/// A row of a list.
pub trait Row: Serialize {
    /// Its columns, in every list of such rows.
    const COLUMNS: &'static [&'static str];

    /// Writes a cell for each column.
    fn cells(&self, cells: &mut Cells<'_>);
}

/// Cells, row after row, in memory.
pub struct Cells<'a> {
    out: csv::Writer<&'a mut Vec<u8>>,
    text: String,
    currency: Currency,
}

impl<'a> Cells<'a> {
    pub fn new(out: &'a mut Vec<u8>, currency: Currency) -> Self {
        Self { out: csv::Writer::from_writer(out), text: String::new(), currency }
    }

    /// Writes the names of the columns.
    pub fn header(&mut self, columns: &[&str]) {
        columns.iter().for_each(|column| self.put(column));
        self.end();
    }

    /// Writes a row.
    pub fn row(&mut self, row: &impl Row) {
        row.cells(self);
        self.end();
    }

    fn put(&mut self, value: impl Display) {
        self.text.clear();
        // Writing to memory cannot fail.
        let _ = write!(self.text, "{value}");
        let _ = match self.text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            true => self.out.write_field(&self.text),
            false => self.out.write_field(escape(&self.text)),
        };
    }

    fn perhaps(&mut self, value: Option<impl Display>) {
        match value {
            Some(value) => self.put(value),
            None => self.put(""),
        }
    }

    fn money(&mut self, minor: i64) {
        self.put(self.currency.format_amount(minor));
    }

    fn end(&mut self) {
        // As above.
        let _ = self.out.write_record(None::<&[u8]>);
    }
}

impl Row for User {
    const COLUMNS: &'static [&'static str] = &["user", "name", "balance", "at"];

    fn cells(&self, cells: &mut Cells<'_>) {
        cells.put(&self.user);
        cells.perhaps(self.name.as_ref());
        cells.money(self.balance.get());
        cells.put(self.at);
    }
}

impl Row for Entry {
    const COLUMNS: &'static [&'static str] = &["id", "kind", "amount", "balance", "charge", "order", "at"];

    fn cells(&self, cells: &mut Cells<'_>) {
        cells.put(self.id);
        cells.put(self.kind.as_str());
        cells.money(self.amount);
        cells.money(self.balance.get());
        cells.perhaps(self.charge);
        cells.perhaps(self.order);
        cells.put(self.at);
    }
}

impl Row for Product {
    const COLUMNS: &'static [&'static str] = &["product", "name", "price", "stock", "active"];

    fn cells(&self, cells: &mut Cells<'_>) {
        cells.put(&self.product);
        cells.put(&self.name);
        cells.money(self.price.get());
        cells.put(self.stock);
        cells.put(if self.active { "yes" } else { "no" });
    }
}

impl Row for Order {
    const COLUMNS: &'static [&'static str] =
        &["order", "user", "status", "items", "total", "balance", "at", "cancelled_at", "reason"];

    fn cells(&self, cells: &mut Cells<'_>) {
        cells.put(self.order);
        cells.put(&self.user);
        cells.put(self.status.as_str());
        cells.put(Items(&self.items));
        cells.money(self.total.get());
        cells.money(self.balance.get());
        cells.put(self.at);
        cells.perhaps(self.cancelled_at);
        cells.perhaps(self.reason.as_ref());
    }
}

impl Row for Event {
    const COLUMNS: &'static [&'static str] =
        &["event", "type", "subject", "at", "age", "status", "attempts", "last_error", "next_attempt"];

    fn cells(&self, cells: &mut Cells<'_>) {
        cells.put(self.event);
        cells.put(&self.kind);
        cells.put(&self.subject);
        cells.put(self.at);
        cells.put(self.age);
        cells.put(self.status.as_str());
        cells.put(self.attempts);
        cells.perhaps(self.last_error.as_ref());
        cells.perhaps(self.next_attempt);
    }
}

impl Row for Token {
    const COLUMNS: &'static [&'static str] = &["name", "role", "user", "at", "revoked_at"];

    fn cells(&self, cells: &mut Cells<'_>) {
        cells.put(&self.name);
        cells.put(self.role.as_str());
        cells.perhaps(self.user.as_ref());
        cells.put(self.at);
        cells.perhaps(self.revoked_at);
    }
}

/// The items of an order as one cell: each product and its quantity.
struct Items<'a>(&'a [Item]);

impl Display for Items<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, item) in self.0.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(f, "{comma}{}:{}", item.product, item.quantity)?;
        }
        Ok(())
    }
}
