//! `init`: creates a store, with a sample catalogue on request.

use commerce_core::{Amount, Currency, escape};
use serde::Serialize;

use crate::command::import;
use crate::failure::Failure;
use crate::login::Login;
use crate::output::{Column, NoRows, Record};
use crate::session::Session;
use crate::store::Origin;

/// Create a store.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  commerce init\n  commerce --db shop.db init --currency USD --sample")]
pub struct Init {
    /// Use this currency, an ISO 4217 code. It cannot be changed later.
    #[arg(long, default_value = "KRW", value_name = "CODE")]
    pub currency: String,
    /// Add a sample catalogue of 200 products.
    #[arg(long)]
    pub sample: bool,
}

const SAMPLE: &str = include_str!("../../catalogue.csv");

impl Init {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        let currency = self.currency.to_uppercase().parse::<Currency>().map_err(|_| {
            let code = escape(&self.currency);
            Failure::Usage(format!("--currency: {code} is not an ISO 4217 code such as KRW, USD or EUR"))
        })?;
        session.create(currency)?;
        let mut products = 0;
        if self.sample {
            // The prices of the sample are in won. In another currency the same numbers are minor units.
            let price = |text: &str| Amount::try_from(import::integer(text)?);
            products =
                import::import_all(session, import::read_csv(SAMPLE.as_bytes(), &price)?, false, None)?;
        }
        let created = session.store()?;
        let (store, by_default) = (created.place.display().to_string(), created.origin == Origin::Default);
        session.print_done(&Created { store: store.clone(), currency: currency.code(), products })?;
        // A login that cannot be read has no part in this.
        if let (true, Ok(Some(login))) = (by_default, Login::read()) {
            session.note(&format!(
                "commands without --db use {}, to which you are logged in; name this store with --db {store}, or use: \
                 commerce logout",
                login.shop
            ));
        }
        Ok(())
    }
}

/// The created store.
#[derive(Serialize)]
struct Created {
    store: String,
    currency: &'static str,
    products: u64,
}

impl Record for Created {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("store", |created| (&created.store).into()),
        Column::new("currency", |created| created.currency.into()),
        Column::new("products", |created| created.products.into()),
    ];
    type Row = NoRows;
}
