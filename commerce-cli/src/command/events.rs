//! `events`: what is to be told to the data platform.

use std::io::Write as _;

use clap::Subcommand;
use commerce_core::outbox::relay::{Notice, Status};
use commerce_core::outbox::{self, Lag, Relay};
use commerce_core::{EventId, Key};
use serde::Serialize;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::failure::Failure;
use crate::options::{KeyArg, Output, PageArgs};
use crate::output::{Column, Nothing, Record};
use crate::relay::RelayArgs;
use crate::session::Session;
use crate::values::submission;

/// Outgoing events.
#[derive(Subcommand)]
pub enum Events {
    /// List events, oldest first.
    #[command(after_help = "Example:\n  commerce events list --status dead")]
    List {
        /// Only those pending, delivered, or dead.
        #[arg(long)]
        status: Option<String>,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Deliver events to a sink, until stopped.
    #[command(after_help = "Examples:
  commerce events relay --sink file:events.jsonl
  COMMERCE_SINK_SECRET=whsec_… commerce events relay --sink https://example.com/events --once")]
    Relay {
        #[command(flatten)]
        relay: RelayArgs,
        /// End when what is pending now was delivered, or tried once.
        #[arg(long)]
        once: bool,
    },
    /// Deliver dead events again.
    #[command(after_help = "Example:\n  commerce events retry 17 18\n  commerce events retry --all")]
    Retry {
        #[arg(required_unless_present = "all")]
        events: Vec<i64>,
        /// Every dead event, a few hundred in a group. With --key each group has a key of its own, made of this one and
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

fn deliver(session: &Session, args: &RelayArgs, once: bool) -> Result<(), Failure> {
    if args.sink.is_none() {
        return Err(Failure::Usage("--sink (or COMMERCE_SINK) says where events go".into()));
    }
    let start = if once { Relay::once } else { Relay::start };
    let teller = session.teller();
    let tell = move |notice: &Notice| match notice {
        Notice::Active | Notice::StandBy | Notice::Up | Notice::Recovered => teller.note(&notice.to_string()),
        Notice::Warning(warning) => teller.warn(warning),
        // The command fails with it.
        Notice::Ended(_) => {}
        _ => teller.complain(&notice.to_string()),
    };
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let (status, failure) = match args.start(session.shop()?, start, tell)? {
        Some(relay) => (wait(&relay, &mut signals), relay.failure()),
        None => {
            session.note("the sink is none: events stay pending");
            (Status::default(), None)
        }
    };
    let left = match (session.shop()?.query(&Lag), &failure) {
        (Ok(left), _) => left,
        (Err(_), Some(first)) => return Err(first.clone().into()),
        (Err(error), None) => return Err(error.into()),
    };
    let (delivered, refused) = (status.delivered, status.refused);
    session.show_done(&Delivered { delivered, refused, pending: left.pending, dead: left.dead })?;
    if let Some(failure) = failure {
        return Err(failure.into());
    }
    // What was asked for once was not done, or cannot go on.
    if status.gone || (once && (status.left || status.dead > 0)) { Err(Failure::Told(1)) } else { Ok(()) }
}

/// Waits until a signal asks to end, or the relay ends by itself.
fn wait(relay: &Relay, signals: &mut Signals) -> Status {
    let handle = signals.handle();
    std::thread::scope(|scope| {
        scope.spawn(|| signals.forever().for_each(|_| relay.stop()));
        let status = relay.wait();
        handle.close();
        status
    })
}

/// Brings back every dead event, and prints their numbers as they are committed.
fn retry_all(session: &Session, key: &KeyArg) -> Result<(), Failure> {
    let key = key.key.as_deref().map(Key::try_from).transpose();
    let key = key.map_err(|e| Failure::Usage(format!("--key {e}")))?;
    let shop = session.shop()?;
    let (begin, between, end) = match session.output() {
        Output::Json | Output::Jsonl => ("{\"events\":[", ",", "]}\n"),
        Output::Csv => ("events\n\"", ", ", "\"\n"),
        Output::Table => ("events  ", ", ", "\n"),
    };
    let (mut out, mut count) = (std::io::BufWriter::new(std::io::stdout().lock()), 0);
    let done = outbox::retry_all(shop, key.as_ref(), |events| {
        let first = if count == 0 { begin } else { between };
        count += events.len();
        for (place, event) in events.iter().enumerate() {
            write!(out, "{}{event}", if place == 0 { first } else { between })?;
        }
        Ok(out.flush()?)
    });
    // Where it failed on the way, those before are a list of their own.
    let told = match (&done, count) {
        (Err(_), 0) => Ok(()),
        (_, 0) => write!(out, "{begin}{end}"),
        _ => write!(out, "{end}"),
    };
    let told = told.and_then(|()| out.flush());
    let sentence = match count {
        0 => "no event is dead".into(),
        _ => format!("brought back: {count} event(s)"),
    };
    if done.is_ok() || count > 0 {
        session.note(&sentence);
    }
    match done.and(told.map_err(Failure::Io)) {
        Err(Failure::Io(error)) if count > 0 => {
            Err(Failure::Unwritten { what: format!("{sentence}, but the reply cannot be written"), error })
        }
        outcome => outcome,
    }
}

fn retry(session: &Session, events: &[i64], key: &KeyArg) -> Result<(), Failure> {
    let retry = submission(key, |values| {
        let events = values.list("events", events, |&event| EventId::try_from(event));
        Some(outbox::Retry { events: events? })
    });
    session.change(retry?)
}

/// What a relay did, and what is left to do.
#[derive(Serialize)]
struct Delivered {
    delivered: u64,
    refused: u64,
    pending: i64,
    dead: i64,
}

impl Record for Delivered {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("delivered", |done| done.delivered.into()),
        Column::new("refused", |done| done.refused.into()),
        Column::new("pending", |done| done.pending.into()),
        Column::new("dead", |done| done.dead.into()),
    ];
    type Row = Nothing;
}
