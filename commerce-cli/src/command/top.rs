//! `top`: the best sellers.

use commerce_core::{Time, sales};

use crate::failure::Failure;
use crate::session::Session;
use crate::values;

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

impl Top {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        let top = values::read(|values| {
            let top = values.several(sales::Top::new(self.days, self.limit));
            let to = values.optional("to", self.to.as_deref(), Time::parse_to);
            let by = values.field("by", self.by.parse());
            Some(sales::Top { to: to?, by: by?, ..top? })
        });
        session.show(&session.ask(&top?)?)
    }
}
