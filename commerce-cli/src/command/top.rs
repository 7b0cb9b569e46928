//! `top`: the best sellers.

use serde_json::json;

use crate::exit::Failure;
use crate::session::Session;

/// The best sellers.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  commerce top --days 7 --limit 10 --to 2026-01-31T23:59:59Z")]
pub struct Top {
    /// How many days the window is long, 1 to 365.
    #[arg(long, default_value_t = 3)]
    days: i64,
    /// How many sellers, 1 to 100.
    #[arg(long, default_value_t = 5)]
    limit: i64,
    /// Where the window ends; now, if nothing is said.
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
}

const COLUMNS: [&str; 7] = ["rank", "product", "name", "price", "stock", "units", "revenue"];

impl Top {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        let with = json!({ "days": self.days, "limit": self.limit, "to": self.to });
        session.show_rows(&COLUMNS, "items", &session.ask("sales.top", with)?)
    }
}
