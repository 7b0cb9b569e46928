//! `init`: a new store, perhaps with the sample catalogue.

use commerce_core::{Amount, Currency, escape};
use serde::Serialize;

use crate::command::import;
use crate::failure::Failure;
use crate::output::{Column, Nothing, Record};
use crate::session::Session;

/// Make a store.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  commerce init\n  commerce --db shop.db init --currency USD --sample")]
pub struct Init {
    /// The currency, an ISO 4217 code. It stays for good.
    #[arg(long, default_value = "KRW")]
    pub currency: String,
    /// Fill it with a sample catalogue of 200 products.
    #[arg(long)]
    pub sample: bool,
}

const SAMPLE: &str = include_str!("../../catalogue.csv");

impl Init {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        let currency = self.currency.to_uppercase().parse::<Currency>().map_err(|_| {
            let code = escape(&self.currency);
            Failure::Usage(format!("--currency: {code} is no ISO 4217 code such as KRW, USD or EUR"))
        })?;
        session.create(currency)?;
        let mut products = 0;
        if self.sample {
            // The sample's prices are in won; elsewhere the same figures are minor units.
            let price = |text: &str| Amount::try_from(import::whole(text)?);
            products = import::add_all(session, import::read_csv(SAMPLE.as_bytes(), &price)?, false, None)?;
        }
        let store = session.global.db.display().to_string();
        session.show_done(&Made { store, currency: currency.code(), products })
    }
}

/// A new store.
#[derive(Serialize)]
struct Made {
    store: String,
    currency: &'static str,
    products: u64,
}

impl Record for Made {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("store", |made| (&made.store).into()),
        Column::new("currency", |made| made.currency.into()),
        Column::new("products", |made| made.products.into()),
    ];
    type Row = Nothing;
}
