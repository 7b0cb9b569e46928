//! `product`: the catalogue. `export` writes the formats that `import` reads.

use clap::Subcommand;
use commerce_core::{Name, Stock, catalog};

use crate::command::import::Import;
use crate::failure::Failure;
use crate::options::{Format, KeyArg, PageArgs};
use crate::session::Session;
use crate::values::{self, submission};

/// Manage the catalogue.
#[derive(Subcommand)]
pub enum Product {
    /// Add a product.
    #[command(
        after_help = "Example:\n  commerce product add mug --name '머그컵 Mug' --price 12000 --stock 40"
    )]
    Add {
        /// The identifier of the new product: 1 to 64 characters of A-Z a-z 0-9 . _ @ -
        product: String,
        /// The name of the product, for display.
        #[arg(long)]
        name: String,
        /// The price of one unit, in the currency's decimal form: 12.50 for USD.
        #[arg(long)]
        price: String,
        /// The number of units in stock.
        #[arg(long)]
        stock: i64,
        #[command(flatten)]
        key: KeyArg,
    },
    /// Change the name or price of a product, or put it on or take it off sale.
    #[command(after_help = "Example:\n  commerce product update mug --price 11000 --active true")]
    Update {
        /// Change this product.
        product: String,
        /// The new name.
        #[arg(long)]
        name: Option<String>,
        /// The new price of one unit, in the currency's decimal form: 12.50 for USD.
        #[arg(long)]
        price: Option<String>,
        /// Put the product on sale (true) or take it off sale (false).
        #[arg(long)]
        active: Option<bool>,
        #[command(flatten)]
        key: KeyArg,
    },
    /// Show a product.
    #[command(after_help = "Example:\n  commerce product show mug --output json")]
    Show {
        /// Show this product.
        product: String,
    },
    /// List products.
    #[command(after_help = "Example:\n  commerce product list --search mug --sort -price")]
    List {
        /// Only products whose identifier or name contains this text.
        #[arg(long)]
        search: Option<String>,
        /// Sort by id, name, price, -price (highest first) or stock.
        #[arg(long, allow_hyphen_values = true)]
        sort: Option<String>,
        /// Only products on sale (true) or off sale (false).
        #[arg(long)]
        active: Option<bool>,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Add units to the stock of a product, or remove units with a negative number.
    #[command(
        after_help = "Examples:\n  commerce product restock mug 24 --reason delivery\n  commerce product restock mug -1 --reason broken"
    )]
    Restock {
        /// Change the stock of this product.
        product: String,
        /// The number of units to add; negative to remove units.
        #[arg(allow_negative_numbers = true)]
        delta: i64,
        /// Why the stock changes.
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        key: KeyArg,
    },
    /// List what moved the stock of a product, newest first.
    #[command(after_help = "Example:\n  commerce product history mug --limit 50")]
    History {
        /// Show the stock of this product.
        product: String,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Add products from CSV or JSON Lines.
    Import(Import),
    /// Print all products as CSV, or as JSON Lines with --output jsonl. `import` reads both.
    #[command(
        after_help = "Examples:\n  commerce product export > catalogue.csv\n  commerce product export --output jsonl"
    )]
    Export,
}

impl Product {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::Add { product, name, price, stock, key } => {
                let price = session.amount("--price", price)?;
                let add = submission(key, |values| {
                    let product = values.product(product);
                    let name = values.field("name", name.parse::<Name>());
                    let stock = values.field("stock", Stock::try_from(*stock));
                    let product = product.and_then(|product| values.for_new("product", product));
                    Some(catalog::Add { product: product?, name: name?, price, stock: stock? })
                });
                session.perform(add?)
            }
            Self::Update { product, name, price, active, key } => {
                let price = session.optional_amount("--price", price.as_deref())?;
                let update = submission(key, |values| {
                    let product = values.product(product);
                    let name = values.optional("name", name.as_deref(), Name::try_from);
                    let (product, name, if_match) = (product?, name?, None);
                    Some(catalog::Update { product, name, price, active: *active, if_match })
                });
                session.perform(update?)
            }
            Self::Show { product } => {
                let get = values::read(|values| Some(catalog::Get { product: values.product(product)? }));
                session.print_answer(&session.query(&get?)?)
            }
            Self::List { search, sort, active, page } => session.list(page, |values| {
                let sort = values.optional("sort", sort.as_deref(), str::parse);
                let (search, active, page) = (search.clone(), *active, values.page(page));
                Some(catalog::List { search, sort: sort?.unwrap_or_default(), active, page: page? })
            }),
            Self::Restock { product, delta, reason, key } => {
                let adjust = submission(key, |values| {
                    let product = values.product(product);
                    let reason = values.optional("reason", reason.as_deref(), Name::remark);
                    values.field("delta", catalog::Adjust::new(product?, *delta, reason?))
                });
                session.perform(adjust?)
            }
            Self::History { product, page } => session.list(page, |values| {
                let (product, page) = (values.product(product), values.page(page));
                Some(catalog::StockHistory { product: product?, page: page? })
            }),
            Self::Import(import) => import.run(session),
            Self::Export => export(session),
        }
    }
}

fn export(session: &Session) -> Result<(), Failure> {
    let format = if session.format() == Format::Table { Format::Csv } else { session.format() };
    session.print_all(catalog::List::default(), format)
}
