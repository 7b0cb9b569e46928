//! `events`: what is to be told to the data platform.

use clap::Subcommand;
use serde_json::{Value, json};

use crate::args::{KeyArg, PageArgs};
use crate::exit::Failure;
use crate::session::Session;

/// Outgoing events.
#[derive(Subcommand)]
pub enum Events {
    /// List events, oldest first.
    #[command(after_help = "Example:\n  commerce events list --status dead")]
    List {
        /// Only those pending, or dead.
        #[arg(long)]
        status: Option<String>,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Deliver dead events again.
    #[command(after_help = "Example:\n  commerce events retry 17 18\n  commerce events retry --all")]
    Retry {
        #[arg(required_unless_present = "all")]
        events: Vec<i64>,
        /// Every dead event.
        #[arg(long, conflicts_with = "events")]
        all: bool,
        #[command(flatten)]
        key: KeyArg,
    },
}

impl Events {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::List { status, page } => session.list("event.list", json!({ "status": status }), page),
            Self::Retry { events, all: false, key } => retry(session, events, key),
            Self::Retry { all: true, key, .. } => {
                let page = PageArgs { limit: 100, cursor: None, all: true };
                let dead = session.pages("event.list", json!({ "status": "dead" }), &page)?;
                let number = |event: &Value| event["event"].as_i64();
                let events: Vec<i64> =
                    dead["items"].as_array().into_iter().flatten().filter_map(number).collect();
                if events.is_empty() {
                    session.note("no event is dead");
                    return session.show(&json!({ "events": [] }));
                }
                retry(session, &events, key)
            }
        }
    }
}

fn retry(session: &Session, events: &[i64], key: &KeyArg) -> Result<(), Failure> {
    session.change(json!({ "op": "event.retry", "events": events }), key.key.as_deref())
}
