//! The outbox as a live stream of server-sent events: each event once it is committed, by whichever process,
//! in order, from where the client left off.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::{HeaderMap, HeaderName};
use commerce_core::outbox::{Newest, Since, Told};
use commerce_core::{Error, EventId};
use http_body_util::channel::{Channel, Sender};
use tokio::time::{Instant, sleep};

use crate::call::{Server, large};
use crate::fields::single;
use crate::listen::Phase;
use crate::problem::{Problem, invalid};

/// Streams at one time: each asks the store again after every commit.
const MOST: u64 = 256;

/// How often a stream looks whether anybody committed.
const LOOK: Duration = Duration::from_millis(50);

/// Events read at a time.
const STEP: u16 = 100;

static LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Begins a stream after the event that the client had last; without one, with what comes from now on.
pub(crate) async fn open(server: &Arc<Server>, headers: &HeaderMap) -> Result<Body, Problem> {
    let after = match single(headers, &LAST_EVENT_ID)? {
        Some(text) => match text.parse::<EventId>() {
            Ok(event) if event >= 0 => event,
            _ => return Err(invalid("", "the header Last-Event-ID must be the id of an event, or 0")),
        },
        None => server.shop.query(&Newest)?.event,
    };
    let Some(seat) = Seat::take(server) else { return Err(Error::Busy("too many streams are open").into()) };
    let (sender, body) = Channel::<Bytes, Error>::new(4);
    tokio::spawn(async move {
        if let Err(error) = follow(&seat.0, after, sender).await {
            tracing::error!(%error, "a stream of events failed");
        }
    });
    Ok(Body::new(body))
}

/// Sends events until the client is gone or the server stops.
async fn follow(server: &Server, mut after: EventId, mut client: Sender<Bytes, Error>) -> Result<(), Error> {
    let (mut seen, mut sent) = (None, Instant::now());
    while *server.phase.borrow() == Phase::Serving {
        let version = server.shop.version()?;
        if seen != Some(version) {
            let since = Since { after, limit: STEP };
            let events = large(server, move |shop| shop.query(&since)).await?.items;
            if events.len() < STEP.into() {
                seen = Some(version);
            }
            if let Some(last) = events.last() {
                after = last.event;
                let text: String = events.iter().map(shown).collect::<Result<_, _>>()?;
                if client.send_data(text.into()).await.is_err() {
                    return Ok(());
                }
                sent = Instant::now();
                continue;
            }
        }
        if sent.elapsed() >= server.limits.heartbeat {
            if client.send_data(Bytes::from_static(b": still here\n\n")).await.is_err() {
                return Ok(());
            }
            sent = Instant::now();
        }
        sleep(LOOK).await;
    }
    Ok(())
}

fn shown(told: &Told) -> Result<String, Error> {
    // JSON has no line breaks outside its strings, and none within.
    let envelope = serde_json::to_string(&told.envelope).map_err(|e| Error::Store(e.to_string()))?;
    Ok(format!("id: {}\nevent: {}\ndata: {envelope}\n\n", told.event, told.envelope.kind.as_str()))
}

/// A place among the streams, free again when it is dropped.
struct Seat(Arc<Server>);

impl Seat {
    fn take(server: &Arc<Server>) -> Option<Self> {
        let more = |open| (open < MOST).then_some(open + 1);
        let streams = &server.metrics.streams;
        streams.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Self(server.clone()))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.metrics.streams.fetch_sub(1, Ordering::Relaxed);
    }
}
