//! The outbox as a stream of server-sent events: each event after its commit, by whichever process, in order, from where
//! the client left off, for as long as the client is authorized. A stream of a remote store goes on after the store was
//! away; meanwhile it sends heartbeats.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::HeaderName;
use axum::http::request::Parts;
use commerce_core::outbox::{Newest, NumberedEvent, Since};
use commerce_core::{Access, Cause, Error, EventId};
use http_body_util::channel::{Channel, Sender};
use tokio::time::{Instant, sleep, sleep_until};

use crate::access::Caller;
use crate::client::Client;
use crate::headers::single;
use crate::phase::Phase;
use crate::problem::{Problem, invalid};
use crate::remote::Tokens;
use crate::route::Permission;
use crate::server::Server;

/// The most streams at a time. Each queries the store after every commit.
pub(crate) const MAX_STREAMS: u64 = 256;

/// The most events in a batch. A stream begins with smaller batches, since an event can be long.
const MAX_BATCH: u16 = 100;

/// The size in bytes that a batch aims at.
const BATCH_BYTES: usize = 32 << 10;

/// How long a stream of a remote store waits between two reads, unless there is more than it could read at once. Under load
/// the version changes hundreds of times a second, and each read is a round trip.
const REMOTE_PAUSE: Duration = Duration::from_millis(500);

/// How long a stream sleeps at most before it looks at a token that expires. (The clock of the store may be set.)
const LONGEST_SLEEP: Duration = Duration::from_secs(3_600);

static LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Opens a stream. It begins after the event in `Last-Event-ID`, or with the next event that is committed.
///
/// # Errors
/// `invalid_request` for a malformed header, `busy` when too many streams are open, or the store's failure.
pub(crate) async fn open(
    server: &Arc<Server>,
    parts: &Parts,
    request_id: &str,
    client: &Client,
) -> Result<Body, Problem> {
    let newest = match &server.remote {
        None => server.shop.query(&Newest)?,
        Some(remote) => remote.run(&server.pools.events, client, |shop| shop.query(&Newest)).await?,
    };
    let after = match single(&parts.headers, &LAST_EVENT_ID)? {
        Some("0") => None,
        Some(text) => match text.parse::<EventId>() {
            Ok(event) => Some(event),
            Err(_) => return Err(invalid("", "the header Last-Event-ID must be the id of an event, or 0")),
        },
        None => newest.event,
    };
    let Some(slot) = StreamSlot::take(server) else {
        return Err(Error::Busy("too many streams are open".into()).into());
    };
    let (sender, body) = Channel::<Bytes, Error>::new(1);
    let mut stream = EventStream {
        slot,
        parts: Arc::new(parts.clone()),
        client: client.clone(),
        sender,
        after,
        batch: MAX_BATCH / 8,
        last_sent: Instant::now(),
        expires: None,
    };
    let (request_id, phase) = (request_id.to_owned(), server.phase.clone());
    tokio::spawn(async move {
        let result = tokio::select! {
            result = stream.run(newest.pruned) => result,
            () = phase.reached(Phase::Draining) => Ok(()),
        };
        if let Err(error) = result {
            let (token, address) = (stream.client.token.as_deref(), stream.client.address);
            tracing::error!(request_id, token, %address, %error, "a stream of events failed");
        }
    });
    Ok(Body::new(body))
}

/// Events as text.
struct Batch {
    text: Bytes,
    last: EventId,
    /// Whether there may be more.
    is_full: bool,
}

struct EventStream {
    slot: StreamSlot,
    /// The head of the request, by which the client is authorized again.
    parts: Arc<Parts>,
    client: Client,
    sender: Sender<Bytes, Error>,
    /// The last event that was sent.
    after: Option<EventId>,
    /// How many events to read next.
    batch: u16,
    last_sent: Instant,
    /// When the token has to be looked at again, if it expires.
    expires: Option<Instant>,
}

impl EventStream {
    /// Sends events until the client is gone or no longer authorized. `pruned` is the last event that was pruned.
    async fn run(&mut self, pruned: Option<EventId>) -> Result<(), Error> {
        let server = self.slot.0.clone();
        let mut version = server.version.subscribe();
        // Gaps up to this event have been reported.
        let mut reported = pruned;
        if let Some(pruned) = pruned.filter(|_| self.after < pruned)
            && !self.send(gap(self.after, pruned.get()).into()).await
        {
            return Ok(());
        }
        while version.borrow_and_update().is_some() {
            match self.send_new(&mut reported).await {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                // The version may be the same when the store is back.
                Err(error) if server.remote.is_some() && error.retryable() => version.mark_changed(),
                Err(error) => return Err(error),
            }
            if server.remote.is_some() && self.alive_during(sleep(REMOTE_PAUSE)).await.is_none() {
                return Ok(());
            }
            let expired = expiry(self.expires);
            let changed = async {
                tokio::select! {
                    changed = version.changed() => changed.is_ok(),
                    () = expired => true,
                }
            };
            let Some(true) = self.alive_during(changed).await else { return Ok(()) };
        }
        Ok(())
    }

    /// Sends what is new. Returns false when the client is gone or no longer authorized. Gaps up to the event `reported`
    /// have been reported.
    async fn send_new(&mut self, reported: &mut Option<EventId>) -> Result<bool, Error> {
        let server = self.slot.0.clone();
        loop {
            let authorized = authorized(server.clone(), self.parts.clone(), self.client.clone());
            let Some(Some(caller)) = self.alive_during(authorized).await.transpose()? else {
                return Ok(false);
            };
            self.expires =
                server.access.remaining(&caller).map(|left| Instant::now() + left.min(LONGEST_SLEEP));
            let since = Since { after: self.after, limit: self.batch };
            let read = read(server.clone(), self.client.clone(), since, *reported);
            let Some(batch) = self.alive_during(read).await.transpose()? else { return Ok(false) };
            let Some(Batch { text, last, is_full }) = batch else { return Ok(true) };
            let fitting = usize::from(self.batch) * BATCH_BYTES / text.len().max(1);
            self.batch = u16::try_from(fitting).unwrap_or(MAX_BATCH).clamp(1, MAX_BATCH);
            if !self.send(text).await {
                return Ok(false);
            }
            (self.after, *reported) = (Some(last), (*reported).max(Some(last)));
            if !is_full {
                return Ok(true);
            }
        }
    }

    /// Waits for something, and sends heartbeats meanwhile. Returns `None` when the client is gone.
    async fn alive_during<T>(&mut self, something: impl Future<Output = T>) -> Option<T> {
        let mut something = pin!(something);
        let interval = self.slot.0.limits.heartbeat_interval;
        loop {
            tokio::select! {
                done = &mut something => return Some(done),
                () = sleep_until(self.last_sent + interval) => {
                    if !self.send(Bytes::from_static(b": still here\n\n")).await {
                        return None;
                    }
                }
            }
        }
    }

    /// Sends text. Returns false when the client is gone.
    async fn send(&mut self, text: Bytes) -> bool {
        self.last_sent = Instant::now();
        self.sender.send_data(text).await.is_ok()
    }
}

/// Waits for an instant, if there is one.
async fn expiry(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// The client, if it may still have events: its token is valid, or the store still has no token.
///
/// # Errors
/// The failure of a remote store. After that of a file the client may have nothing.
async fn authorized(server: Arc<Server>, parts: Arc<Parts>, client: Client) -> Result<Option<Caller>, Error> {
    let caller = match &server.remote {
        None => server.access.authenticate(&parts, client.is_local).map(|(caller, _)| caller),
        Some(remote) => match remote.authenticate(&server.access, &parts, &client, Tokens::Recent).await {
            Err(Problem::Engine(error)) => return Err(error),
            caller => caller,
        },
    };
    Ok(caller.ok().filter(|caller| caller.authorize(Permission::Query(Access::Operator)).is_ok()))
}

/// Reads the next events; `None` when there are none.
async fn read(
    server: Arc<Server>,
    client: Client,
    since: Since,
    reported: Option<EventId>,
) -> Result<Option<Batch>, Error> {
    let key = client.key();
    // Nothing is read before there is room for it.
    let room = server.memory.general.reserve(&key, BATCH_BYTES).await;
    let batch = server.run_in(&server.pools.events, &client, move |shop| {
        let events = shop.query(&since)?.items;
        let text = text(&events, since.after, reported)?;
        Ok(events.last().map(|last| (text, last.event, events.len() >= usize::from(since.limit))))
    });
    let Some((text, last, is_full)) = batch.await? else { return Ok(None) };
    let memory = server.memory.general.reserve_unchecked(&key, text.len());
    drop(room);
    Ok(Some(Batch { text: memory.attach(text.into()), last, is_full }))
}

/// Reports that events after one, through another, may be missing because they were delivered and pruned.
fn gap(after: Option<EventId>, through: i64) -> String {
    let after = after.map_or(0, EventId::get);
    format!("event: gap\ndata: {{\"after\":{after},\"through\":{through}}}\n\n")
}

/// A batch of events as text. A gap between events is reported unless all of it is at or before `reported`.
fn text(
    events: &[NumberedEvent],
    mut after: Option<EventId>,
    reported: Option<EventId>,
) -> Result<String, Error> {
    let mut text = String::new();
    for event in events {
        let through = event.event.get() - 1;
        let known = after.max(reported);
        if known.map_or(0, EventId::get) < through {
            text += &gap(known, through);
        }
        after = Some(event.event);
        // Serialized JSON has no line breaks, which would end the field `data`.
        let envelope = serde_json::to_string(&event.envelope).map_err(|e| Error::Store(Cause::of(e)))?;
        text +=
            &format!("id: {}\nevent: {}\ndata: {envelope}\n\n", event.event, event.envelope.kind.as_str());
    }
    Ok(text)
}

/// One of the streams that may be open. Dropping it frees the slot.
struct StreamSlot(Arc<Server>);

impl StreamSlot {
    fn take(server: &Arc<Server>) -> Option<Self> {
        let next = |open| (open < MAX_STREAMS).then_some(open + 1);
        server.metrics.streams.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).ok()?;
        Some(Self(server.clone()))
    }
}

impl Drop for StreamSlot {
    fn drop(&mut self) {
        self.0.metrics.streams.fetch_sub(1, Ordering::Relaxed);
    }
}
