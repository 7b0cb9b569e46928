//! `events`: the outgoing events for the data platform.

use std::io::Write as _;

use clap::Subcommand;
use commerce_core::outbox::relay::{Notice, Status};
use commerce_core::outbox::{self, Lag, Relay};
use commerce_core::{EventId, Key};
use serde::Serialize;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::failure::Failure;
use crate::options::{Format, KeyArg, PageArgs};
use crate::output::{Column, NoRows, Record};
use crate::relay::RelayArgs;
use crate::session::Session;
use crate::values::submission;

/// List and deliver outgoing events.
#[derive(Subcommand)]
pub enum Events {
    /// List events, oldest first.
    #[command(after_help = "Example:\n  commerce events list --status dead")]
    List {
        /// Only events with this status: pending, delivered or dead.
        #[arg(long)]
        status: Option<String>,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Deliver events to a sink until the command is stopped.
    #[command(after_help = "Examples:
  commerce events relay --sink file:events.jsonl
  COMMERCE_SINK_SECRET=whsec_… commerce events relay --sink https://example.com/events --once")]
    Relay {
        #[command(flatten)]
        relay: RelayArgs,
        /// Stop when each event that is pending now was delivered, or tried once.
        #[arg(long)]
        once: bool,
    },
    /// Deliver dead events again.
    #[command(after_help = "Examples:\n  commerce events retry 17 18\n  commerce events retry --all")]
    Retry {
        /// Deliver the events with these numbers again.
        #[arg(required_unless_present = "all")]
        events: Vec<i64>,
        /// Deliver all dead events again, in batches of a few hundred. With --key, each batch has a key made from this key and
        /// its events.
        #[arg(long, conflicts_with = "events")]
        all: bool,
        #[command(flatten)]
        key: KeyArg,
    },
}

impl Events {
    pub fn run(&self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::List { status, page } => session.list(page, |values| {
                let status = values.optional("status", status.as_deref(), str::parse);
                let page = values.page(page);
                Some(outbox::List { status: status?, page: page? })
            }),
            Self::Relay { relay, once } => deliver(session, relay, *once),
            Self::Retry { events, all: false, key } => retry(session, events, key),
            Self::Retry { all: true, key, .. } => retry_all(session, key),
        }
    }
}

/// Runs a relay until it is stopped, or with `once` until it has tried every pending event.
fn deliver(session: &Session, args: &RelayArgs, once: bool) -> Result<(), Failure> {
    session.require_here("events relay")?;
    if args.sink.is_none() {
        return Err(Failure::Usage("use --sink or COMMERCE_SINK to say where events go".into()));
    }
    session.print_other_warnings()?;
    let start = if once { Relay::once } else { Relay::start };
    let diagnostics = session.diagnostics();
    let on_notice = move |notice: &Notice| match notice {
        Notice::Active | Notice::StandBy | Notice::Up | Notice::Recovered => {
            diagnostics.note(&notice.to_string())
        }
        Notice::Warning(warning) => diagnostics.warn(warning),
        // The command fails with this error.
        Notice::Ended(_) => {}
        _ => diagnostics.error(&notice.to_string()),
    };
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let (status, failure) = match args.start(session, session.shop()?, start, on_notice)? {
        Some(relay) => (wait(&relay, &mut signals), relay.failure()),
        None => {
            session.note("the sink is none: events stay pending");
            (Status::default(), None)
        }
    };
    let backlog = match (session.shop()?.query(&Lag), &failure) {
        (Ok(backlog), _) => backlog,
        (Err(_), Some(failure)) => return Err(failure.clone().into()),
        (Err(error), None) => return Err(error.into()),
    };
    let (delivered, refused) = (status.delivered, status.refused);
    session.print_done(&Summary { delivered, refused, pending: backlog.pending, dead: backlog.dead })?;
    if let Some(failure) = failure {
        return Err(failure.into());
    }
    // The receiver wants no more events, or `--once` has not delivered everything.
    if status.gone || (once && (status.left || status.dead > 0)) { Err(Failure::Reported(1)) } else { Ok(()) }
}

/// Waits until a signal stops the relay, or it ends by itself.
fn wait(relay: &Relay, signals: &mut Signals) -> Status {
    let handle = signals.handle();
    std::thread::scope(|scope| {
        scope.spawn(|| signals.forever().for_each(|_| relay.stop()));
        let status = relay.wait();
        handle.close();
        status
    })
}

/// Makes every dead event pending, and prints their numbers as they are committed.
fn retry_all(session: &Session, key: &KeyArg) -> Result<(), Failure> {
    let key = key.key.as_deref().map(Key::try_from).transpose();
    let key = key.map_err(|e| Failure::Usage(format!("--key: {e}")))?;
    let shop = session.shop()?;
    let (start, separator, end) = match session.format() {
        Format::Json | Format::Jsonl => ("{\"events\":[", ",", "]}\n"),
        Format::Csv => ("events\n\"", ", ", "\"\n"),
        Format::Table => ("events  ", ", ", "\n"),
    };
    let (mut out, mut count) = (std::io::BufWriter::new(std::io::stdout().lock()), 0);
    let done = outbox::retry_all(shop, key.as_ref(), |events| {
        let first = if count == 0 { start } else { separator };
        count += events.len();
        for (index, event) in events.iter().enumerate() {
            write!(out, "{}{event}", if index == 0 { first } else { separator })?;
        }
        Ok(out.flush()?)
    });
    // If it failed half way, the events before the failure are still a complete list.
    let written = match (&done, count) {
        (Err(_), 0) => Ok(()),
        (_, 0) => write!(out, "{start}{end}"),
        _ => write!(out, "{end}"),
    };
    let written = written.and_then(|()| out.flush());
    let sentence = match count {
        0 => "no event is dead".into(),
        1 => "1 event will be delivered again".into(),
        _ => format!("{count} events will be delivered again"),
    };
    if done.is_ok() || count > 0 {
        session.note(&sentence);
    }
    match done.and(written.map_err(Failure::Io)) {
        Err(Failure::Io(error)) if count > 0 => {
            Err(Failure::OutputFailed { done: format!("{sentence}, but the reply cannot be written"), error })
        }
        outcome => outcome,
    }
}

/// Makes these dead events pending.
fn retry(session: &Session, events: &[i64], key: &KeyArg) -> Result<(), Failure> {
    let retry = submission(key, |values| {
        let events = values.list("events", events, |&event| EventId::try_from(event));
        Some(outbox::Retry { events: events? })
    });
    session.perform(retry?)
}

/// The result of `events relay`.
#[derive(Serialize)]
struct Summary {
    delivered: u64,
    refused: u64,
    pending: i64,
    dead: i64,
}

impl Record for Summary {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("delivered", |summary| summary.delivered.into()),
        Column::new("refused", |summary| summary.refused.into()),
        Column::new("pending", |summary| summary.pending.into()),
        Column::new("dead", |summary| summary.dead.into()),
    ];
    type Row = NoRows;
}
