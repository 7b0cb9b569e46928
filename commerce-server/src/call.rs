//! One request from its head to its answer, the same way for every route: who asks, may they, what do they
//! say, do it, tell the outcome.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::header::{HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::http::{Response, StatusCode};
use commerce_core::{Commerce, Error};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::access::Access;
use crate::answer::{self, Made};
use crate::budget::Budget;
use crate::etag::{self, Answers};
use crate::fields::{self, Said};
use crate::health::{Health, Ready};
use crate::lane::Lane;
use crate::listen::Phase;
use crate::metrics::Metrics;
use crate::options::Limits;
use crate::problem::Problem;
use crate::rate::Rate;
use crate::route::{Asked, Cost, Does, Page, ROUTES, Reach, Route, Tag};
use crate::stream::Changes;
use crate::who::Who;
use crate::{docs, host, stream, zip};

/// What all requests share.
pub(crate) struct Server {
    pub(crate) shop: Commerce,
    pub(crate) access: Access,
    pub(crate) rate: Rate,
    pub(crate) answers: Answers,
    /// Memory for answers and bodies on their way.
    pub(crate) budget: Budget,
    /// Memory for long bodies.
    pub(crate) long: Budget,
    pub(crate) metrics: Metrics,
    pub(crate) health: Health,
    pub(crate) changes: Changes,
    pub(crate) limits: Limits,
    pub(crate) log_requests: bool,
    /// The document that describes the API.
    pub(crate) document: Made,
    /// Queries that keep a thread, and a connection to the store, for long.
    pub(crate) large: Lane,
    /// Reading of long bodies.
    pub(crate) parsing: Lane,
    /// Reading of events for those who follow them.
    pub(crate) following: Lane,
    /// Reading of figures.
    pub(crate) figures: Lane,
    pub(crate) phase: watch::Receiver<Phase>,
    pub(crate) ids: Ids,
}

/// Makes the ids of requests: a part of this process's own, and a number.
pub(crate) struct Ids {
    process: u32,
    next: AtomicU64,
}

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
static REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Answers a request to the route at this place of the table; past its end there is no route.
pub(crate) async fn answer(server: Arc<Server>, place: usize, request: Request) -> Response<Body> {
    let started = Instant::now();
    let (mut parts, body) = request.into_parts();
    let (id, mut who) = (server.ids.of(&parts), Who::of(&parts));
    let done = match ROUTES.get(place) {
        Some(route) => work(&server, route, &mut parts, body, &id, &mut who).await,
        None => host::named(&parts).and(Err(Problem::NotFound)),
    };
    finish(&server, place, &parts, (id, &who), started, done)
}

/// Answers a request to a route that does not take its method.
pub(crate) async fn wrong_method(server: Arc<Server>, request: Request) -> Response<Body> {
    let (parts, _) = request.into_parts();
    let (id, who) = (server.ids.of(&parts), Who::of(&parts));
    let done = host::named(&parts).and(Err(Problem::MethodNotAllowed));
    finish(&server, ROUTES.len(), &parts, (id, &who), Instant::now(), done)
}

fn finish(
    server: &Server,
    place: usize,
    parts: &Parts,
    (id, who): (HeaderValue, &Who),
    started: Instant,
    done: Result<Response<Body>, Problem>,
) -> Response<Body> {
    let shown = shown(&id);
    let failed = done.as_ref().err().map(Problem::detail);
    let mut response = done.unwrap_or_else(|problem| {
        server.metrics.refuse(problem.coded().0);
        problem.response(shown)
    });
    let (status, took) = (response.status(), started.elapsed());
    server.metrics.count(place, status, took);
    if status.is_server_error() || server.log_requests {
        let (method, path, status) = (&parts.method, parts.uri.path(), status.as_u16());
        let (token, address) = (who.token.as_deref(), who.address);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        match (status, failed) {
            (500.., Some(error)) => {
                tracing::error!(request_id = shown, %method, path, status, micros, token, %address, error, "request failed");
            }
            _ => {
                tracing::info!(request_id = shown, %method, path, status, micros, token, %address, "request")
            }
        }
    }
    response.headers_mut().insert(&REQUEST_ID, id);
    response
}

/// Ids are visible ASCII, whoever made them.
fn shown(id: &HeaderValue) -> &str {
    id.to_str().unwrap_or_default()
}

async fn work(
    server: &Arc<Server>,
    route: &'static Route,
    parts: &mut Parts,
    body: Body,
    id: &HeaderValue,
    who: &mut Who,
) -> Result<Response<Body>, Problem> {
    host::named(parts)?;
    if route.reach == Reach::Open {
        let said = fields::read(server, route, parts, body, who).await?;
        return told(server, route, parts, id, who, said).await;
    }
    let (caller, version) = server.access.caller(parts, who.local)?;
    who.token.clone_from(&caller.token);
    server.rate.count(&who.client())?;
    caller.admitted(route.reach)?;
    let mut said = fields::read(server, route, parts, body, who).await?;
    server.access.own(&caller, route.reach, &mut said.fields)?;
    match route.does {
        Does::Submit(submit) => {
            // What was read is let go before the commit is awaited, but for the place of the body.
            let Said { fields, faults, held } = said;
            let coming = submit(&server.shop, &Value::Object(fields), faults)?;
            let (reply, replayed) = coming.await?;
            drop(held);
            let reply = answer::counted_anyway(server, who, reply.into());
            let mut response = answer::json(route.status, reply);
            if replayed {
                response.headers_mut().insert(&REPLAYED, HeaderValue::from_static("true"));
            }
            Ok(response)
        }
        Does::Ask { read, cost, tag } => {
            let asked = read(&Value::Object(said.fields), said.faults)?;
            queried(server, who, parts, (cost, tag), version, asked).await
        }
        Does::Tell(_) => told(server, route, parts, id, who, said).await,
    }
}

/// Answers a query: with what is remembered, with the news that the client has it, or by asking. The version was
/// taken before anything was read.
async fn queried(
    server: &Server,
    who: &Who,
    parts: &Parts,
    (cost, tag): (Cost, Tag),
    version: i64,
    asked: Asked,
) -> Result<Response<Body>, Problem> {
    let zip = cost == Cost::Large && zip::taken(&parts.headers);
    // What also depends on the time of the question is not the same again.
    let key = (tag == Tag::Whole).then(|| asked.key());
    let known = key.as_ref().and_then(|key| server.answers.known(key, version));
    let made = match known {
        Some(known) if zip => known.zipped(),
        Some(known) => known,
        None => {
            let made = run(server, who, cost, move |shop| {
                let made = Made::new(asked.answer(shop)?, tag);
                Ok(if zip { made.zipped() } else { made })
            });
            let made = made.await?;
            if let Some(key) = key {
                server.answers.learn(key, version, made.plain());
            }
            made
        }
    };
    if let Some(tag) = made.tag
        && etag::has(&parts.headers, tag)
    {
        return Ok(answer::unchanged(tag));
    }
    let mut response = made.response(server, who)?;
    if cost == Cost::Large {
        answer::vary(&mut response);
    }
    Ok(response)
}

/// Runs a query: a small one here, since handing it to another thread costs more than it does itself; a
/// large one, in its turn, where it keeps nobody from being answered.
async fn run<T: Send + 'static>(
    server: &Server,
    who: &Who,
    cost: Cost,
    work: impl FnOnce(&Commerce) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    match cost {
        Cost::Small => work(&server.shop),
        Cost::Large => apart(server, &server.large, who, work).await,
    }
}

/// Runs what may take long on a thread of this lane, when its turn has come.
pub(crate) async fn apart<T: Send + 'static>(
    server: &Server,
    lane: &Lane,
    who: &Who,
    work: impl FnOnce(&Commerce) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let shop = server.shop.clone();
    lane.run(&who.client(), move || work(&shop)).await
}

/// Answers what is neither operation nor query.
async fn told(
    server: &Arc<Server>,
    route: &Route,
    parts: &Parts,
    id: &HeaderValue,
    who: &Who,
    said: Said,
) -> Result<Response<Body>, Problem> {
    fields::none(said)?;
    let Does::Tell(page) = route.does else { return Err(Problem::NotFound) };
    let zip = zip::taken(&parts.headers);
    Ok(match page {
        Page::Events => {
            let body = stream::open(server, parts, shown(id), who).await?;
            answer::of(StatusCode::OK, "text/event-stream", body)
        }
        Page::OpenApi => server.document.shared(zip),
        Page::Docs => answer::of(StatusCode::OK, "text/html; charset=utf-8", docs::PAGE.into()),
        Page::Live => answer::json(StatusCode::OK, Bytes::from_static(br#"{"status":"ok"}"#)),
        Page::Ready => {
            if *server.phase.borrow() != Phase::Serving {
                return Err(Error::Busy("the server is shutting down").into());
            }
            let Ready { outbox, ahead } = server.health.ready(&server.shop).await?;
            let ready =
                json!({ "status": "ok", "outbox": outbox, "clock_ahead_seconds": ahead.by().as_secs() });
            answer::json(StatusCode::OK, ready.to_string().into())
        }
        Page::Metrics => {
            let figures = server.clone();
            let figures = apart(server, &server.figures, who, move |shop| figures.metrics.text(shop)).await?;
            let figures = answer::counted(server, who, figures.into())?;
            answer::of(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", figures.into())
        }
    })
}

impl Ids {
    pub(crate) fn new() -> Self {
        let (process, ..) = uuid::Uuid::new_v4().as_fields();
        Self { process, next: AtomicU64::new(1) }
    }

    /// The id that the client gave, if it is one, or a new one.
    fn of(&self, parts: &Parts) -> HeaderValue {
        let usable = |id: &&HeaderValue| {
            (1..=128).contains(&id.len()) && id.as_bytes().iter().all(u8::is_ascii_graphic)
        };
        if let Some(id) = parts.headers.get(&REQUEST_ID).filter(usable) {
            return id.clone();
        }
        let id = format!("{:08x}-{:x}", self.process, self.next.fetch_add(1, Ordering::Relaxed));
        // Hexadecimal digits are a header's value.
        HeaderValue::try_from(id).unwrap_or(HeaderValue::from_static("none"))
    }
}
