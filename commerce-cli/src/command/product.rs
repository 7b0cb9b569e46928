//! `product`: what is sold. A catalogue goes out as CSV and comes in as CSV or JSON Lines.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};

use clap::Subcommand;
use commerce_core::{Error, operation};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::args::{KeyArg, Output, PageArgs};
use crate::command::apply::open_input;
use crate::exit::{Failure, code_of};
use crate::session::Session;

/// Products.
#[derive(Subcommand)]
pub enum Product {
    /// Add a product.
    #[command(
        after_help = "Example:\n  commerce product add mug --name '머그컵 Mug' --price 12000 --stock 40"
    )]
    Add {
        product: String,
        #[arg(long)]
        name: String,
        /// In the currency's form: 12.50 for USD.
        #[arg(long)]
        price: String,
        #[arg(long)]
        stock: i64,
        #[command(flatten)]
        key: KeyArg,
    },
    /// Change a product's name or price, or take it on or off sale.
    #[command(after_help = "Example:\n  commerce product update mug --price 11000 --active true")]
    Update {
        product: String,
        #[arg(long)]
        name: Option<String>,
        #[arg(long)]
        price: Option<String>,
        #[arg(long)]
        active: Option<bool>,
        #[command(flatten)]
        key: KeyArg,
    },
    /// Show a product.
    #[command(after_help = "Example:\n  commerce product show mug --output json")]
    Show { product: String },
    /// List products.
    #[command(after_help = "Example:\n  commerce product list --search mug --sort -price")]
    List {
        /// Only those whose identifier or name has this text.
        #[arg(long)]
        search: Option<String>,
        /// id, name, price, -price or stock.
        #[arg(long, allow_hyphen_values = true)]
        sort: Option<String>,
        /// Only those on sale (true), or not (false).
        #[arg(long)]
        active: Option<bool>,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Add units to a stock, or with a negative number take some away.
    #[command(
        after_help = "Example:\n  commerce product restock mug 24 --reason delivery\n  commerce product restock mug -1 --reason broken"
    )]
    Restock {
        product: String,
        #[arg(allow_negative_numbers = true)]
        delta: i64,
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        key: KeyArg,
    },
    /// Add products from CSV (product,name,price,stock and perhaps active) or JSON Lines.
    #[command(after_help = "Example:\n  commerce product import catalogue.csv")]
    Import {
        /// A file, or - for standard input.
        file: String,
        /// Update name, price and activity of products that exist; their stocks stay.
        #[arg(long)]
        update: bool,
    },
    /// Print all products in the form that import reads.
    #[command(after_help = "Example:\n  commerce product export > catalogue.csv")]
    Export,
}

/// A row of a catalogue: its place, and what it says or why it says nothing.
pub type Row = (u64, Result<Offer, String>);

/// A product as a catalogue offers it.
pub struct Offer {
    add: Value,
    active: bool,
}

impl Product {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::Add { product, name, price, stock, key } => {
                let price = session.money("--price", price)?;
                let operation = json!({
                    "op": "product.add", "product": product, "name": name, "price": price, "stock": stock,
                });
                session.change(operation, key.key.as_deref())
            }
            Self::Update { product, name, price, active, key } => {
                let price = price.as_deref().map(|text| session.money("--price", text)).transpose()?;
                let operation = json!({
                    "op": "product.update", "product": product, "name": name, "price": price, "active": active,
                });
                session.change(operation, key.key.as_deref())
            }
            Self::Show { product } => {
                session.show(&session.ask("product.get", json!({ "product": product }))?)
            }
            Self::List { search, sort, active, page } => session.list(
                "product.list",
                json!({ "search": search, "sort": sort, "active": active }),
                page,
            ),
            Self::Restock { product, delta, reason, key } => {
                let operation =
                    json!({ "op": "stock.adjust", "product": product, "delta": delta, "reason": reason });
                session.change(operation, key.key.as_deref())
            }
            Self::Import { file, update } => import(session, file, *update),
            Self::Export => export(session),
        }
    }
}

fn import(session: &Session, file: &str, update: bool) -> Result<(), Failure> {
    let currency = session.shop()?.currency();
    let mut input = BufReader::new(open_input(file)?);
    let unreadable = |e| Failure::Usage(format!("{file} cannot be read: {e}"));
    let first = input.fill_buf().map_err(unreadable)?.first().copied();
    let money = |text: &str| currency.read(text).map(|amount| amount.get());
    let rows = match first {
        Some(b'{') => read_json(input),
        _ => read(input, &money),
    };
    add_all(session, rows, update)
}

/// Adds every product it can, and tells why it could not add the others.
pub fn add_all(session: &Session, rows: Vec<Row>, update: bool) -> Result<(), Failure> {
    let shop = session.shop()?;
    let (mut done, mut worst) = (0_u64, None);
    let mut bad = |line: u64, why: &str, code: u8| {
        session.note(&session.error(&format!("line {line}: {why}")));
        worst = worst.max(Some(code));
    };
    // All are handed over before the first answer is awaited, so that they form groups.
    let mut flying = VecDeque::new();
    let mut finish = |(line, ticket): (u64, commerce_core::Ticket<Value>),
                      bad: &mut dyn FnMut(u64, &str, u8)| {
        match ticket.wait() {
            Ok(_) => done += 1,
            Err(error) => bad(line, &error.to_string(), code_of(&error).max(3)),
        }
    };
    for (line, row) in rows {
        let offer = match row {
            Ok(offer) => offer,
            Err(why) => {
                bad(line, &why, 3);
                continue;
            }
        };
        let exists = update && session.ask("product.get", json!({ "product": offer.add["product"] })).is_ok();
        match offer.operations(exists) {
            Ok(operations) => {
                for operation in operations {
                    flying.push_back((line, shop.submit(operation)));
                }
            }
            Err(error) => bad(line, &error.to_string(), 3),
        }
        while flying.len() > 4_096 {
            flying.pop_front().into_iter().for_each(|ticket| finish(ticket, &mut bad));
        }
    }
    flying.into_iter().for_each(|ticket| finish(ticket, &mut bad));
    session.note(&format!("{done} operations done"));
    worst.map_or(Ok(()), |code| Err(Failure::Told(code)))
}

impl Offer {
    fn operations(
        &self,
        exists: bool,
    ) -> Result<Vec<commerce_core::Submission<commerce_core::AnyOperation>>, Error> {
        let product = &self.add["product"];
        let mut operations = Vec::new();
        if exists {
            let (name, price) = (&self.add["name"], &self.add["price"]);
            operations.push(json!({
                "op": "product.update", "product": product, "name": name, "price": price, "active": self.active,
            }));
        } else {
            operations.push(self.add.clone());
            if !self.active {
                operations.push(json!({ "op": "product.update", "product": product, "active": false }));
            }
        }
        operations.iter().map(|operation| operation::parse(operation).map_err(Error::from)).collect()
    }
}

#[derive(Deserialize)]
struct Record {
    product: String,
    name: String,
    price: String,
    stock: i64,
    active: Option<String>,
}

/// Reads CSV, with prices in the form that `money` reads.
pub fn read(input: impl Read, money: &dyn Fn(&str) -> Result<i64, String>) -> Vec<Row> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(input);
    let offer = |record: Record| {
        let active = match record.active.as_deref() {
            None | Some("" | "true" | "yes") => true,
            Some("false" | "no") => false,
            Some(_) => return Err("active: must be true or false".into()),
        };
        let price = money(&record.price).map_err(|e| format!("price: {e}"))?;
        let (product, name, stock) = (record.product, record.name, record.stock);
        let add =
            json!({ "op": "product.add", "product": product, "name": name, "price": price, "stock": stock });
        Ok(Offer { add, active })
    };
    let rows = (2..).zip(reader.deserialize::<Record>());
    rows.map(|(place, record)| match record {
        Ok(record) => (place, offer(record)),
        Err(error) => (error.position().map_or(place, csv::Position::line), Err(error.to_string())),
    })
    .collect()
}

/// Reads JSON Lines, with prices in minor units.
fn read_json(input: impl BufRead) -> Vec<Row> {
    let offer = |text: &str| {
        let mut add = commerce_core::input::json(text.as_bytes()).map_err(|e| e.to_string())?;
        let fields = add.as_object_mut().ok_or("must be an object")?;
        let active = fields.remove("active").is_none_or(|active| active != false);
        fields.insert("op".into(), "product.add".into());
        Ok(Offer { add, active })
    };
    let line = |text: std::io::Result<String>| match text {
        Ok(text) => offer(&text),
        Err(error) => Err(error.to_string()),
    };
    (1..).zip(input.lines()).map(|(place, text)| (place, line(text))).collect()
}

fn export(session: &Session) -> Result<(), Failure> {
    let page = PageArgs { limit: 100, cursor: None, all: true };
    let answer = session.pages("product.list", json!({}), &page)?;
    let currency = session.shop()?.currency();
    let form = if session.output() == Output::Table { Output::Csv } else { session.output() };
    let mut out = std::io::stdout().lock();
    crate::output::print(&mut out, &answer, form, currency, false)?;
    Ok(out.flush()?)
}
