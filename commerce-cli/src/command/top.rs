//! `top`: the best sellers.

use serde_json::json;

use crate::failure::Failure;
use crate::session::Session;

/// The best sellers.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  commerce top --days 31 --limit 10 --to 2026-01-31 --by revenue")]
pub struct Top {
    /// How many days the window is long, 1 to 365.
    #[arg(long, default_value_t = 3)]
    days: i64,
    /// How many sellers, 1 to 100.
    #[arg(long, default_value_t = 5)]
    limit: i64,
    /// Where the window ends: a time, or a date, which is the end of that day, in UTC. Now, if nothing is said.
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// What they are ranked by: units, or revenue.
    #[arg(long, value_name = "MEASURE", default_value = "units")]
    by: String,
}

const COLUMNS: [&str; 7] = ["rank", "product", "name", "price", "stock", "units", "revenue"];

impl Top {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        let with = json!({ "days": self.days, "limit": self.limit, "to": self.to, "by": self.by });
        session.show_rows(&COLUMNS, "items", &session.ask("sales.top", with)?)
    }
}
