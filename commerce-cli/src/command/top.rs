//! `top`: the best sellers of a period.

use commerce_core::{Time, sales};

use crate::failure::Failure;
use crate::session::Session;
use crate::values;

/// List the best sellers.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  commerce top --days 31 --limit 10 --to 2026-01-31 --by revenue")]
pub struct Top {
    /// The length of the period in days, 1 to 365.
    #[arg(long, default_value_t = 3)]
    days: i64,
    /// List at most this many products, 1 to 100.
    #[arg(long, default_value_t = 5)]
    limit: i64,
    /// The end of the period. A date means the end of that day, in UTC. The default is now.
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Rank by units or by revenue.
    #[arg(long, value_name = "MEASURE", default_value = "units")]
    by: String,
}

impl Top {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        let top = values::read(|values| {
            let top = values.fields(sales::Top::new(self.days, self.limit));
            let to = values.optional("to", self.to.as_deref(), Time::parse_to);
            let by = values.field("by", self.by.parse());
            Some(sales::Top { to: to?, by: by?, ..top? })
        });
        session.print_answer(&session.query(&top?)?)
    }
}
