//! `product`: what is sold. A catalogue goes out in the forms in which `import` takes it in.

use clap::Subcommand;
use commerce_core::{Name, Stock, catalog};

use crate::command::import::Import;
use crate::failure::Failure;
use crate::options::{KeyArg, Output, PageArgs};
use crate::session::Session;
use crate::values::{self, submission};

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
                let add = submission(key, |values| {
                    let product = values.product(product);
                    let name = values.field("name", name.parse::<Name>());
                    let stock = values.field("stock", Stock::try_from(*stock));
                    let product = product.and_then(|product| values.for_new("product", product));
                    Some(catalog::Add { product: product?, name: name?, price, stock: stock? })
                });
                session.change(add?)
            }
            Self::Update { product, name, price, active, key } => {
                let price = session.optional_money("--price", price.as_deref())?;
                let update = submission(key, |values| {
                    let product = values.product(product);
                    let name = values.optional("name", name.as_deref(), Name::try_from);
                    Some(catalog::Update { product: product?, name: name?, price, active: *active })
                });
                session.change(update?)
            }
            Self::Show { product } => {
                let get = values::read(|values| Some(catalog::Get { product: values.product(product)? }));
                session.show(&session.ask(&get?)?)
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
                session.change(adjust?)
            }
            Self::Import(import) => import.run(session),
            Self::Export => export(session),
        }
    }
}

fn export(session: &Session) -> Result<(), Failure> {
    let form = if session.output() == Output::Table { Output::Csv } else { session.output() };
    session.print_all(catalog::List::default(), form)
}
