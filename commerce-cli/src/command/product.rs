//! `product`: what is sold. A catalogue goes out in the forms in which `import` takes it in.

use clap::Subcommand;
use commerce_core::catalog;
use serde_json::json;

use crate::command::import::Import;
use crate::failure::Failure;
use crate::options::{KeyArg, Output, PageArgs};
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
    /// Add products from CSV or JSON Lines.
    Import(Import),
    /// Print all products as CSV, or with --output jsonl as JSON Lines: the forms that import reads.
    #[command(
        after_help = "Examples:\n  commerce product export > catalogue.csv\n  commerce product export --output jsonl"
    )]
    Export,
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
            Self::List { search, sort, active, page } => session
                .list::<catalog::List>(json!({ "search": search, "sort": sort, "active": active }), page),
            Self::Restock { product, delta, reason, key } => {
                let operation =
                    json!({ "op": "stock.adjust", "product": product, "delta": delta, "reason": reason });
                session.change(operation, key.key.as_deref())
            }
            Self::Import(import) => import.run(session),
            Self::Export => export(session),
        }
    }
}

fn export(session: &Session) -> Result<(), Failure> {
    let form = if session.output() == Output::Table { Output::Csv } else { session.output() };
    session.print_all::<catalog::List>(json!({}), form)
}
