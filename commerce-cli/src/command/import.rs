//! `product import`: adds products from a file. Each row is an operation of its own, so an invalid row does not affect the
//! others.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read};

use commerce_core::catalog::{self, Product};
use commerce_core::input::{self, Fields};
use commerce_core::{
    Amount, Commerce, Error, Invalid, Key, Name, Operation, Refusal, Stock, Submission, Ticket, ValueError,
};
use serde_json::Value;

use crate::failure::{Failure, exit_code};
use crate::lines::{Line, each_line, open_input};
use crate::report::sentence;
use crate::session::Session;
use crate::values::{self, keyed};

/// Add products from CSV or JSON Lines.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  commerce product import catalogue.csv
  commerce product export --output jsonl | commerce --db other.db product import -

CSV has the header product,name,price,stock[,active], and prices in the currency's decimal form.
JSON Lines are objects with the same fields, and prices in minor units.")]
pub struct Import {
    /// Read this file, or standard input if it is -.
    file: String,
    /// Update the name, price and activity of products that exist. Their stock does not change.
    #[arg(long)]
    update: bool,
    /// Use an idempotency key made from this one for each product: KEY.PRODUCT. Repeating the import changes nothing.
    #[arg(long)]
    key: Option<String>,
}

/// A row of the input: its line number, and its product or its faults.
pub type Row = (u64, Result<NewProduct, Invalid>);

/// A product to import.
pub struct NewProduct {
    add: catalog::Add,
    active: bool,
}

impl Import {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        let currency = session.shop()?.currency();
        let mut input = BufReader::new(open_input(&self.file)?);
        let cannot_read = |e: io::Error| Failure::Usage(format!("{} cannot be read: {e}", self.file));
        // Spreadsheets start files with a byte order mark, which is not a part of the first column's name.
        if input.fill_buf().map_err(cannot_read)?.starts_with("\u{feff}".as_bytes()) {
            input.consume("\u{feff}".len());
        }
        let first = input.fill_buf().map_err(cannot_read)?.first().copied();
        let rows = match first {
            None => Vec::new(),
            Some(b'{') => read_json(input).map_err(cannot_read)?,
            Some(_) => read_csv(input, &|text| currency.parse_amount(text))?,
        };
        let imported = import_all(session, rows, self.update, self.key.as_deref())?;
        session.note(&format!("{} imported", products(imported)));
        Ok(())
    }
}

/// Imports products, prints an error for each that fails, and returns how many were imported.
pub fn import_all(
    session: &Session,
    rows: Vec<Row>,
    update: bool,
    key: Option<&str>,
) -> Result<u64, Failure> {
    let mut progress = Progress { session, imported: 0, failed: 0, worst: 3 };
    // Many are submitted before the first is awaited, so that they share groups, and requests to a shop that is elsewhere.
    let (shop, mut adding, mut updating) = (session.shop()?, VecDeque::new(), VecDeque::new());
    for (line, row) in rows {
        match row.and_then(|product| product.submit(shop, line, update, key)) {
            Ok(row) => adding.push_back(row),
            Err(invalid) => progress.fail(line, &invalid.into()),
        }
        if adding.len() > MAX_IN_FLIGHT
            && let Some(first) = adding.pop_front()
        {
            updating.extend(progress.finish(first).map(|row| row.submit(shop)));
        }
        if updating.len() > MAX_IN_FLIGHT
            && let Some(first) = updating.pop_front()
        {
            progress.finish(first);
        }
    }
    for row in adding {
        updating.extend(progress.finish(row).map(|row| row.submit(shop)));
    }
    updating.into_iter().for_each(|row| drop(progress.finish(row)));
    if progress.failed == 0 {
        return Ok(progress.imported);
    }
    session.note(&format!("{} imported, {} failed", products(progress.imported), progress.failed));
    Err(Failure::Reported(progress.worst))
}

/// A number of products, in words.
fn products(count: u64) -> String {
    if count == 1 { "1 product".into() } else { format!("{count} products") }
}

/// The most rows in flight. With three operations each, they fit into the queue of the engine.
const MAX_IN_FLIGHT: usize = 1_024;

/// A row whose operations are under way.
struct InFlight {
    line: u64,
    tickets: Vec<Ticket<Product>>,
    /// What to do if the product exists.
    instead: Option<Submission<catalog::Update>>,
}

/// A product that exists and is to be updated.
struct Existing {
    line: u64,
    update: Submission<catalog::Update>,
}

/// Counts rows and reports those that fail.
struct Progress<'a> {
    session: &'a Session,
    imported: u64,
    failed: u64,
    worst: u8,
}

impl Existing {
    fn submit(self, shop: &Commerce) -> InFlight {
        InFlight { line: self.line, tickets: vec![shop.submit(self.update)], instead: None }
    }
}

impl Progress<'_> {
    /// Awaits the operations of a row. Returns it if it still has to be updated.
    fn finish(&mut self, InFlight { line, tickets, instead }: InFlight) -> Option<Existing> {
        // All are awaited, but a row that failed is reported once.
        let outcomes: Vec<_> = tickets.into_iter().map(Ticket::wait).collect();
        match (outcomes.into_iter().find_map(Result::err), instead) {
            (None, _) => self.imported += 1,
            // The key was used when another content of the row was added.
            (
                Some(Error::Refused(Refusal::ProductExists { .. } | Refusal::KeyReused { .. })),
                Some(update),
            ) => {
                return Some(Existing { line, update });
            }
            (Some(error), _) => self.fail(line, &error),
        }
        None
    }

    /// Counts and reports a row that failed.
    fn fail(&mut self, line: u64, error: &Error) {
        let code = match error {
            Error::Refused(_) | Error::Invalid(_) => 3,
            other => exit_code(other),
        };
        let text = sentence(error, self.session);
        self.report(line, &text, code);
    }

    /// Reports a row. The exit code is that of the most serious error: a failed store, then a busy one, then a refusal.
    fn report(&mut self, line: u64, text: &str, code: u8) {
        self.session.print_error(&format!("line {line}: {text}"));
        self.failed += 1;
        self.worst = match (self.worst, code) {
            (3, code) => code,
            (worst, 3) => worst,
            (worst, code) => worst.min(code),
        };
    }
}

impl NewProduct {
    /// Submits the operations that add the product. With `update` it is updated if it exists.
    fn submit(
        self,
        shop: &Commerce,
        line: u64,
        update: bool,
        key: Option<&str>,
    ) -> Result<InFlight, Invalid> {
        let Self { add, active } = self;
        let key = |suffix: &str| -> Result<Option<Key>, Invalid> {
            let key = key.map(|key| Key::try_from(format!("{key}.{}{suffix}", add.product)));
            key.transpose().map_err(|bad| Invalid::at("/key", bad.to_string()))
        };
        // The stock has no part in an update, but the whole row has to be valid.
        add.check()?;
        let (added, activated, updated) = (key("")?, key(".active")?, key(".update")?);
        let product = add.product.clone();
        let unchanged =
            catalog::Update { product, name: None, price: None, active: Some(active), if_match: None };
        let instead = update.then(|| {
            let (name, price) = (Some(add.name.clone()), Some(add.price));
            keyed(catalog::Update { name, price, ..unchanged.clone() }, updated)
        });
        let mut tickets = vec![shop.submit(keyed(add, added))];
        if !active {
            tickets.push(shop.submit(keyed(unchanged, activated)));
        }
        Ok(InFlight { line, tickets, instead })
    }
}

/// Reads CSV, whose prices `amount` parses.
pub fn read_csv(
    input: impl Read,
    amount: &dyn Fn(&str) -> Result<Amount, ValueError>,
) -> Result<Vec<Row>, Failure> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(input);
    let header = reader.headers().map_err(|e| Failure::Usage(format!("line 1: {e}")))?.clone();
    let column = |name: &str| header.iter().position(|heading| heading == name);
    let required = |name: &str| {
        column(name).ok_or_else(|| {
            let expected = "product, name, price and stock, and optionally active";
            Failure::Usage(format!("line 1: the header has no column {name}; it needs {expected}"))
        })
    };
    let columns = [required("product")?, required("name")?, required("price")?, required("stock")?];
    let active = column("active");
    let parse = |record: &csv::StringRecord| {
        let [product, name, price, stock] = columns.map(|column| record.get(column).unwrap_or_default());
        let active = active.and_then(|column| record.get(column)).unwrap_or_default();
        values::read(|values| {
            let product = values.product(product);
            let (name, price) =
                (values.field("name", Name::try_from(name)), values.field("price", amount(price)));
            let (stock, active) =
                (values.field("stock", stock_units(stock)), values.field("active", is_active(active)));
            let add = catalog::Add { product: product?, name: name?, price: price?, stock: stock? };
            Some(NewProduct { add, active: active? })
        })
    };
    let line = |position: Option<&csv::Position>| position.map_or(0, csv::Position::line);
    let rows = reader.records().map(|record| match record {
        Ok(record) => (line(record.position()), parse(&record)),
        Err(error) => (line(error.position()), Err(Invalid::at("", error.to_string()))),
    });
    Ok(rows.collect())
}

/// Parses an integer.
pub fn integer(text: &str) -> Result<i64, ValueError> {
    text.parse().map_err(|_| ValueError::new("must be an integer"))
}

/// Parses a stock.
fn stock_units(text: &str) -> Result<Stock, ValueError> {
    integer(text)?.try_into()
}

/// Parses whether a product is on sale. The default is yes.
fn is_active(text: &str) -> Result<bool, &'static str> {
    match text {
        "" | "true" | "yes" => Ok(true),
        "false" | "no" => Ok(false),
        _ => Err("must be true or false"),
    }
}

/// Reads JSON Lines, with prices in minor units.
fn read_json(input: impl BufRead) -> io::Result<Vec<Row>> {
    let parse = |line: Line<'_>| {
        let Line::Text(text) = line else { return Err(Invalid::at("", "is too long")) };
        let mut row = input::json(text)?;
        let active = match row.as_object_mut().and_then(|fields| fields.shift_remove("active")) {
            None => true,
            Some(Value::Bool(active)) => active,
            Some(_) => return Err(Invalid::at("/active", "must be true or false")),
        };
        Ok(NewProduct { add: Fields::read(&row, catalog::Add::parse)?, active })
    };
    let mut rows = Vec::new();
    each_line(input, &mut |number, line| {
        rows.push((number, parse(line)));
        true
    })?;
    Ok(rows)
}
