//! `product import`: a catalogue from elsewhere. One bad row never loses the others, so each is judged alone.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read};

use commerce_core::{AnyOperation, Error, Submission, Ticket, registry};
use serde_json::{Value, json};

use crate::failure::{Failure, code_of};
use crate::lines::{Line, each_line, open_input};
use crate::session::Session;

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

/// A row of a catalogue: its line, and what it says or why it says nothing.
pub type Row = (u64, Result<Offer, String>);

/// A product as a catalogue offers it.
pub struct Offer {
    add: Value,
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
            Some(_) => read_csv(input, &|text| Ok(currency.parse_amount(text)?.get()))?,
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
    let mut flying: VecDeque<(u64, Vec<Ticket<Value>>)> = VecDeque::new();
    for (line, row) in rows {
        let offer = match row {
            Ok(offer) => offer,
            Err(why) => {
                progress.bad(line, &why, 3);
                continue;
            }
        };
        let exists = update && session.ask("product.get", json!({ "product": offer.add["product"] })).is_ok();
        match offer.operations(exists, key) {
            Ok(operations) => {
                let submit = |operation| shop.submit(operation);
                flying.push_back((line, operations.into_iter().map(submit).collect()));
            }
            Err(error) => progress.failed(line, &error),
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
    fn finish(&mut self, (line, tickets): (u64, Vec<Ticket<Value>>)) {
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
    fn operations(&self, exists: bool, key: Option<&str>) -> Result<Vec<Submission<AnyOperation>>, Error> {
        let product = &self.add["product"];
        let change = |mut fields: Value, suffix: &str| {
            if let Some(key) = key {
                fields["key"] = format!("{key}.{}{suffix}", product.as_str().unwrap_or_default()).into();
            }
            registry::parse_operation(&fields).map_err(Error::from)
        };
        if exists {
            let (name, price) = (&self.add["name"], &self.add["price"]);
            let update = json!({
                "op": "product.update", "product": product, "name": name, "price": price, "active": self.active,
            });
            // What is not changed still has to make sense.
            registry::parse_operation(&self.add)?;
            return Ok(vec![change(update, ".update")?]);
        }
        let mut operations = vec![change(self.add.clone(), "")?];
        if !self.active {
            let update = json!({ "op": "product.update", "product": product, "active": false });
            operations.push(change(update, ".active")?);
        }
        Ok(operations)
    }
}

/// Reads CSV, with prices in the form that `money` reads.
pub fn read_csv(input: impl Read, money: &dyn Fn(&str) -> Result<i64, String>) -> Result<Vec<Row>, Failure> {
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
        let active = match active.and_then(|place| record.get(place)) {
            None | Some("" | "true" | "yes") => true,
            Some("false" | "no") => false,
            Some(_) => return Err("active: must be true or false".to_owned()),
        };
        let price = money(price).map_err(|e| format!("price: {e}"))?;
        let stock: i64 = stock.parse().map_err(|_| "stock: must be a whole number".to_owned())?;
        let add =
            json!({ "op": "product.add", "product": product, "name": name, "price": price, "stock": stock });
        Ok(Offer { add, active })
    };
    let line = |place: Option<&csv::Position>| place.map_or(0, csv::Position::line);
    let rows = reader.records().map(|record| match record {
        Ok(record) => (line(record.position()), offer(&record)),
        Err(error) => (line(error.position()), Err(error.to_string())),
    });
    Ok(rows.collect())
}

/// Reads JSON Lines, with prices in minor units.
fn read_json(input: impl BufRead) -> io::Result<Vec<Row>> {
    let offer = |line: Line<'_>| {
        let Line::Text(text) = line else { return Err("is too long".to_owned()) };
        let mut add = commerce_core::input::json(text).map_err(|e| e.to_string())?;
        let fields = add.as_object_mut().ok_or("must be an object")?;
        let active = match fields.shift_remove("active") {
            None => true,
            Some(Value::Bool(active)) => active,
            Some(_) => return Err("active: must be true or false".to_owned()),
        };
        fields.insert("op".into(), "product.add".into());
        Ok(Offer { add, active })
    };
    let mut rows = Vec::new();
    each_line(input, &mut |number, line| {
        rows.push((number, offer(line)));
        true
    })?;
    Ok(rows)
}
