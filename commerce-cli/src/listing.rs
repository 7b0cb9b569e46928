//! Lists, page by page: each is printed as it comes, so that a long list takes no more memory than a page, and with the
//! columns that this list always has, whatever its rows hold.

use std::io::{self, Write};

use commerce_core::Currency;
use serde_json::Value;

use crate::args::Output;
use crate::output;

/// Prints the pages of one list.
pub struct Listing<W> {
    out: W,
    form: Output,
    currency: Currency,
    columns: &'static [&'static str],
    begun: bool,
}

/// The columns of each list in CSV.
const COLUMNS: [(&str, &[&str]); 9] = [
    ("user.list", &["user", "name", "balance", "at"]),
    ("wallet.history", &["id", "kind", "amount", "balance", "charge", "order", "at"]),
    ("product.list", &["product", "name", "price", "stock", "active"]),
    ("order.list", &["order", "user", "status", "items", "total", "balance", "at", "cancelled_at", "reason"]),
    (
        "event.list",
        &["event", "type", "subject", "at", "age", "status", "attempts", "last_error", "next_attempt"],
    ),
    ("token.list", &["name", "role", "user", "at", "revoked_at"]),
    ("cart.get", &["product", "name", "price", "price_when_added", "quantity", "available", "problem"]),
    ("sales.top", &["rank", "product", "name", "price", "stock", "units", "revenue"]),
    ("verify", &["what", "id", "stored", "computed"]),
];

impl<W: Write> Listing<W> {
    /// Prints the list that this query answers, in any form but a table.
    pub fn new(query: &str, out: W, form: Output, currency: Currency) -> Self {
        let columns = COLUMNS.iter().find(|(name, _)| *name == query).map_or(&[][..], |(_, columns)| columns);
        Self { out, form, currency, columns, begun: false }
    }

    /// Prints the rows of a page.
    pub fn page(&mut self, rows: &[Value]) -> io::Result<()> {
        let first = !std::mem::replace(&mut self.begun, true);
        match self.form {
            Output::Csv => {
                let header = first.then_some(self.columns);
                output::csv(&mut self.out, header, self.columns, rows.iter(), self.currency)
            }
            Output::Jsonl | Output::Table => {
                rows.iter().try_for_each(|row| writeln!(self.out, "{}", output::json(row)))
            }
            Output::Json => {
                write!(self.out, "{}", if first { "{\"items\":[" } else { "" })?;
                for (place, row) in rows.iter().enumerate() {
                    let comma = if first && place == 0 { "" } else { "," };
                    write!(self.out, "{comma}{}", output::json(row))?;
                }
                Ok(())
            }
        }
    }

    /// Ends the list; the next page, if there is one, begins there.
    pub fn end(mut self, next: &Value) -> io::Result<()> {
        if self.form == Output::Json {
            writeln!(self.out, "],\"next_cursor\":{next}}}")?;
        }
        self.out.flush()
    }
}
