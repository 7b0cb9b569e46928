//! `product import`: a catalogue from elsewhere. One bad row never loses the others, so each is judged alone.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read};

use commerce_core::catalog::{self, Product};
use commerce_core::input::{self, Fields};
use commerce_core::{
    Amount, Commerce, Error, Invalid, Key, Name, Operation, Stock, Submission, Ticket, ValueError,
};
use serde_json::Value;

use crate::failure::{Failure, code_of};
use crate::lines::{Line, each_line, open_input};
use crate::session::Session;
use crate::values;

/// Add products from CSV or JSON Lines.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  commerce product import catalogue.csv
  commerce product export --output jsonl | commerce --db other.db product import -

CSV has the header product,name,price,stock[,active] and prices in the currency's form.
JSON Lines are objects of the same fields, with prices in minor units.")]
pub struct Import {
    /// A file, or - for standard input.
    file: String,
    /// Update name, price and activity of products that exist; their stocks stay.
    #[arg(long)]
    update: bool,
    /// Do it once, however often it is repeated with the same key: each product gets KEY.PRODUCT.
    #[arg(long)]
    key: Option<String>,
}

/// A row of a catalogue: its line, and what it says or what is wrong with it.
pub type Row = (u64, Result<Offer, Invalid>);

/// A product as a catalogue offers it.
pub struct Offer {
    add: catalog::Add,
    active: bool,
}

impl Import {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        let currency = session.shop()?.currency();
        let mut input = BufReader::new(open_input(&self.file)?);
        let unreadable = |e: io::Error| Failure::Usage(format!("{} cannot be read: {e}", self.file));
        // Spreadsheets begin their files with this mark, which would become part of the first column's name.
        if input.fill_buf().map_err(unreadable)?.starts_with("\u{feff}".as_bytes()) {
            input.consume("\u{feff}".len());
        }
        let first = input.fill_buf().map_err(unreadable)?.first().copied();
        let rows = match first {
            None => Vec::new(),
            Some(b'{') => read_json(input).map_err(unreadable)?,
            Some(_) => read_csv(input, &|text| currency.parse_amount(text))?,
        };
        let done = add_all(session, rows, self.update, self.key.as_deref())?;
        session.note(&format!("{done} products taken in"));
        Ok(())
    }
}

/// Adds every product it can, tells why it could not add the others, and counts those it added.
pub fn add_all(session: &Session, rows: Vec<Row>, update: bool, key: Option<&str>) -> Result<u64, Failure> {
    let shop = session.shop()?;
    let mut progress = Progress { session, done: 0, bad: 0, worst: 3 };
    // Many are handed over before the first answer is awaited, so that they form groups.
    let mut flying: VecDeque<(u64, Vec<Ticket<Product>>)> = VecDeque::new();
    for (line, row) in rows {
        let offer = match row {
            Ok(offer) => offer,
            Err(invalid) => {
                progress.failed(line, &invalid.into());
                continue;
            }
        };
        let exists = update && shop.query(&catalog::Get { product: offer.add.product.clone() }).is_ok();
        match offer.submit(shop, exists, key) {
            Ok(tickets) => flying.push_back((line, tickets)),
            Err(invalid) => progress.failed(line, &invalid.into()),
        }
        if flying.len() > FLYING {
            flying.pop_front().into_iter().for_each(|row| progress.finish(row));
        }
    }
    flying.into_iter().for_each(|row| progress.finish(row));
    if progress.bad == 0 {
        return Ok(progress.done);
    }
    session.note(&format!("{} products taken in, {} not", progress.done, progress.bad));
    Err(Failure::Told(progress.worst))
}

/// Rows in flight: with two operations each they fit into the engine's queue.
const FLYING: usize = 2_048;

struct Progress<'a> {
    session: &'a Session,
    done: u64,
    bad: u64,
    worst: u8,
}

impl Progress<'_> {
    fn finish(&mut self, (line, tickets): (u64, Vec<Ticket<Product>>)) {
        // All are awaited, but a row that was not added is told once.
        let outcomes: Vec<_> = tickets.into_iter().map(Ticket::wait).collect();
        match outcomes.into_iter().find_map(Result::err) {
            None => self.done += 1,
            Some(error) => self.failed(line, &error),
        }
    }

    fn failed(&mut self, line: u64, error: &Error) {
        let code = match error {
            Error::Refused(_) | Error::Invalid(_) => 3,
            other => code_of(other),
        };
        let text = crate::report::sentence(error, self.session);
        self.bad(line, &text, code);
    }

    /// A broken store is graver than a busy one, and that than a refusal.
    fn bad(&mut self, line: u64, why: &str, code: u8) {
        self.session.complain(&format!("line {line}: {why}"));
        self.bad += 1;
        self.worst = match (self.worst, code) {
            (3, code) => code,
            (worst, 3) => worst,
            (worst, code) => worst.min(code),
        };
    }
}

impl Offer {
    /// Adds the product, or updates one that exists.
    fn submit(
        self,
        shop: &Commerce,
        exists: bool,
        key: Option<&str>,
    ) -> Result<Vec<Ticket<Product>>, Invalid> {
        let Self { add, active } = self;
        let key = |suffix: &str| -> Result<Option<Key>, Invalid> {
            let key = key.map(|key| Key::try_from(format!("{key}.{}{suffix}", add.product)));
            key.transpose().map_err(|bad| Invalid::at("/key", bad.to_string()))
        };
        // What is not changed still has to make sense.
        add.check()?;
        let unchanged =
            catalog::Update { product: add.product.clone(), name: None, price: None, active: Some(active) };
        if exists {
            let (name, price) = (Some(add.name.clone()), Some(add.price));
            return Ok(vec![submit(shop, catalog::Update { name, price, ..unchanged }, key(".update")?)]);
        }
        let (added, updated) = (key("")?, key(".active")?);
        let mut tickets = vec![submit(shop, add, added)];
        if !active {
            tickets.push(submit(shop, unchanged, updated));
        }
        Ok(tickets)
    }
}

fn submit<O: Operation>(shop: &Commerce, operation: O, key: Option<Key>) -> Ticket<O::Reply> {
    let submission = Submission::new(operation);
    shop.submit(match key {
        Some(key) => submission.key(key),
        None => submission,
    })
}

/// Reads CSV, with prices in the form that `money` reads.
pub fn read_csv(
    input: impl Read,
    money: &dyn Fn(&str) -> Result<Amount, ValueError>,
) -> Result<Vec<Row>, Failure> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(input);
    let header = reader.headers().map_err(|e| Failure::Usage(format!("line 1: {e}")))?.clone();
    let column = |name: &str| header.iter().position(|found| found == name);
    let needed = |name: &str| {
        column(name).ok_or_else(|| {
            let expected = "product,name,price,stock and perhaps active";
            Failure::Usage(format!("line 1: the header has no column {name}; it must name {expected}"))
        })
    };
    let places = [needed("product")?, needed("name")?, needed("price")?, needed("stock")?];
    let active = column("active");
    let offer = |record: &csv::StringRecord| {
        let [product, name, price, stock] = places.map(|place| record.get(place).unwrap_or_default());
        let active = active.and_then(|place| record.get(place)).unwrap_or_default();
        values::read(|values| {
            let product = values.product(product);
            let (name, price) =
                (values.field("name", Name::try_from(name)), values.field("price", money(price)));
            let (stock, active) = (values.field("stock", units(stock)), values.field("active", flag(active)));
            let add = catalog::Add { product: product?, name: name?, price: price?, stock: stock? };
            Some(Offer { add, active: active? })
        })
    };
    let line = |place: Option<&csv::Position>| place.map_or(0, csv::Position::line);
    let rows = reader.records().map(|record| match record {
        Ok(record) => (line(record.position()), offer(&record)),
        Err(error) => (line(error.position()), Err(Invalid::at("", error.to_string()))),
    });
    Ok(rows.collect())
}

/// Reads a whole number.
pub fn whole(text: &str) -> Result<i64, ValueError> {
    text.parse().map_err(|_| ValueError::new("must be a whole number"))
}

/// Reads a stock.
fn units(text: &str) -> Result<Stock, ValueError> {
    whole(text)?.try_into()
}

/// Reads whether a product is on sale, which it is where nothing is said.
fn flag(text: &str) -> Result<bool, &'static str> {
    match text {
        "" | "true" | "yes" => Ok(true),
        "false" | "no" => Ok(false),
        _ => Err("must be true or false"),
    }
}

/// Reads JSON Lines, with prices in minor units.
fn read_json(input: impl BufRead) -> io::Result<Vec<Row>> {
    let offer = |line: Line<'_>| {
        let Line::Text(text) = line else { return Err(Invalid::at("", "is too long")) };
        let mut row = input::json(text)?;
        let active = match row.as_object_mut().and_then(|fields| fields.shift_remove("active")) {
            None => true,
            Some(Value::Bool(active)) => active,
            Some(_) => return Err(Invalid::at("/active", "must be true or false")),
        };
        Ok(Offer { add: Fields::read(&row, catalog::Add::parse)?, active })
    };
    let mut rows = Vec::new();
    each_line(input, &mut |number, line| {
        rows.push((number, offer(line)));
        true
    })?;
    Ok(rows)
}
