//! The outbox as a live stream of server-sent events: each event once it is committed, by whichever process,
//! in order, from where the client left off, for as long as the client may have them.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::HeaderName;
use axum::http::request::Parts;
use commerce_core::outbox::{Newest, Since, Told};
use commerce_core::{Error, EventId};
use http_body_util::channel::{Channel, Sender};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, sleep_until};

use crate::call::{Server, apart};
use crate::fields::single;
use crate::listen::Phase;
use crate::problem::{Problem, invalid};
use crate::route::Reach;
use crate::who::Who;

/// Streams at one time: each asks the store again after every commit.
pub(crate) const MOST: u64 = 256;

/// How often it is looked whether anybody committed.
const LOOK: Duration = Duration::from_millis(50);

/// The most events read at a time. It begins with fewer, as an event can be long.
const STEP: u16 = 100;

/// About so many bytes are sent at a time.
const PIECE: usize = 32 << 10;

static LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// What all streams look at together: the store's version, or nothing where it cannot be read.
pub(crate) struct Changes {
    version: watch::Sender<Option<i64>>,
    opened: Notify,
}

impl Default for Changes {
    fn default() -> Self {
        Self { version: watch::Sender::new(Some(0)), opened: Notify::new() }
    }
}

/// Looks whether anybody committed, for as long as there are streams.
pub(crate) async fn look(server: Arc<Server>) {
    let is = |phase| *server.phase.borrow() == phase;
    while is(Phase::Serving) {
        if server.metrics.streams.load(Ordering::Relaxed) == 0 {
            server.changes.opened.notified().await;
        }
        let shop = server.shop.clone();
        let version = tokio::task::spawn_blocking(move || shop.version()).await;
        let version = version.ok().and_then(|version| {
            version.inspect_err(|error| tracing::error!(%error, "streams of events end")).ok()
        });
        server.changes.version.send_if_modified(|known| std::mem::replace(known, version) != version);
        sleep(LOOK).await;
    }
}

/// Begins a stream after the event that the client had last; without one, with what comes from now on.
pub(crate) async fn open(server: &Arc<Server>, parts: &Parts, id: &str, who: &Who) -> Result<Body, Problem> {
    let newest = server.shop.query(&Newest)?;
    let after = match single(&parts.headers, &LAST_EVENT_ID)? {
        Some("0") => None,
        Some(text) => match text.parse::<EventId>() {
            Ok(event) => Some(event),
            Err(_) => return Err(invalid("", "the header Last-Event-ID must be the id of an event, or 0")),
        },
        None => newest.event,
    };
    let Some(seat) = Seat::take(server) else { return Err(Error::Busy("too many streams are open").into()) };
    let (sender, body) = Channel::<Bytes, Error>::new(1);
    let mut stream = Stream {
        seat,
        parts: parts.clone(),
        who: who.clone(),
        client: sender,
        after,
        step: STEP / 8,
        sent: Instant::now(),
    };
    let (id, mut phase) = (id.to_owned(), server.phase.clone());
    tokio::spawn(async move {
        let ended = tokio::select! {
            ended = stream.follow(newest.pruned) => ended,
            _ = phase.wait_for(|now| *now != Phase::Serving) => Ok(()),
        };
        if let Err(error) = ended {
            let (token, address) = (stream.who.token.as_deref(), stream.who.address);
            tracing::error!(request_id = id, token, %address, %error, "a stream of events failed");
        }
    });
    Ok(Body::new(body))
}

/// One stream.
struct Stream {
    seat: Seat,
    /// What the client said of itself when it began.
    parts: Parts,
    who: Who,
    client: Sender<Bytes, Error>,
    after: Option<EventId>,
    step: u16,
    sent: Instant,
}

impl Stream {
    /// Sends events until the client is gone, or may not have them any more.
    async fn follow(&mut self, pruned: Option<EventId>) -> Result<(), Error> {
        let server = self.seat.0.clone();
        let mut changes = server.changes.version.subscribe();
        let mut missed = pruned;
        if let Some(pruned) = pruned.filter(|_| self.after < pruned)
            && !self.tell(gap(self.after, pruned.get()).into()).await
        {
            return Ok(());
        }
        while changes.borrow_and_update().is_some() && self.may() {
            while let Some((text, last)) = self.next(missed).await? {
                if !self.tell(text).await || !self.may() {
                    return Ok(());
                }
                (self.after, missed) = (Some(last), missed.max(Some(last)));
            }
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { return Ok(()) },
                () = sleep_until(self.sent + server.limits.heartbeat) => {
                    if !self.tell(Bytes::from_static(b": still here\n\n")).await {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether the client still may have events: its token holds, or there is still no token at all.
    fn may(&self) -> bool {
        let caller = self.seat.0.access.caller(&self.parts, self.who.local);
        caller.is_ok_and(|(caller, _)| caller.admitted(Reach::Operator).is_ok())
    }

    /// The next events as text, and the last of them; nothing when all are told.
    async fn next(&mut self, missed: Option<EventId>) -> Result<Option<(Bytes, EventId)>, Error> {
        let (server, client) = (&self.seat.0, self.who.client());
        // Nothing is read that others would have to make room for first.
        let room = server.budget.room(&client, PIECE).await;
        let since = Since { after: self.after, limit: self.step };
        let read = apart(server, &server.following, &self.who, move |shop| {
            let events = shop.query(&since)?.items;
            let text = text(&events, since.after, missed)?;
            Ok(events.last().map(|last| (text, last.event)))
        });
        let Some((text, last)) = read.await? else { return Ok(None) };
        let held = server.budget.take_anyway(&client, text.len());
        drop(room);
        let fitting = usize::from(self.step) * PIECE / text.len().max(1);
        self.step = u16::try_from(fitting).unwrap_or(STEP).clamp(1, STEP);
        Ok(Some((held.with(text.into()), last)))
    }

    /// Sends text, unless the client is gone.
    async fn tell(&mut self, text: Bytes) -> bool {
        self.sent = Instant::now();
        self.client.send_data(text).await.is_ok()
    }
}

/// Says that events after one, through another, may be missing, as they were delivered and then let go.
fn gap(after: Option<EventId>, through: i64) -> String {
    let after = after.map_or(0, EventId::get);
    format!("event: gap\ndata: {{\"after\":{after},\"through\":{through}}}\n\n")
}

/// The events after one as text. A hole between them is told unless all up to `missed` was told to be missing.
fn text(events: &[Told], mut after: Option<EventId>, missed: Option<EventId>) -> Result<String, Error> {
    let mut text = String::new();
    for told in events {
        let through = told.event.get() - 1;
        let known = after.max(missed);
        if known.map_or(0, EventId::get) < through {
            text += &gap(known, through);
        }
        after = Some(told.event);
        // JSON has no line breaks outside its strings, and none within.
        let envelope = serde_json::to_string(&told.envelope).map_err(|e| Error::Store(e.to_string()))?;
        text += &format!("id: {}\nevent: {}\ndata: {envelope}\n\n", told.event, told.envelope.kind.as_str());
    }
    Ok(text)
}

/// A place among the streams, free again when it is dropped.
struct Seat(Arc<Server>);

impl Seat {
    fn take(server: &Arc<Server>) -> Option<Self> {
        let more = |open| (open < MOST).then_some(open + 1);
        let streams = &server.metrics.streams;
        streams.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        server.changes.opened.notify_one();
        Some(Self(server.clone()))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.metrics.streams.fetch_sub(1, Ordering::Relaxed);
    }
}
