//! One request from its head to its answer, the same way for every route: who asks, may they, what do they
//! say, do it, tell the outcome.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::http::{Response, StatusCode};
use commerce_core::{Commerce, Error, outbox};
use serde_json::{Map, Value, json};
use tokio::sync::{Semaphore, watch};

use crate::access::Access;
use crate::etag::{self, Answer, Answers};
use crate::fields;
use crate::health::Health;
use crate::listen::Phase;
use crate::metrics::Metrics;
use crate::options::Limits;
use crate::problem::Problem;
use crate::rate::Rate;
use crate::route::{Asked, Cost, Does, Page, ROUTES, Reach, Route, Tag};
use crate::{docs, stream};

/// What all requests share.
pub(crate) struct Server {
    pub(crate) shop: Commerce,
    pub(crate) access: Access,
    pub(crate) rate: Rate,
    pub(crate) answers: Answers,
    pub(crate) metrics: Metrics,
    pub(crate) health: Health,
    pub(crate) limits: Limits,
    pub(crate) log_requests: bool,
    /// The document that describes the API.
    pub(crate) document: Bytes,
    /// Bounds the queries that keep a thread, and a connection to the store, for long.
    pub(crate) large: Arc<Semaphore>,
    pub(crate) phase: watch::Receiver<Phase>,
    pub(crate) ids: Ids,
}

/// Where a request came from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
    /// Whether it came through a loopback address.
    pub(crate) local: bool,
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
    let id = server.ids.of(&parts);
    let done = match ROUTES.get(place) {
        Some(route) => work(&server, route, &mut parts, body).await,
        None => Err(Problem::NotFound),
    };
    finish(&server, place, &parts, id, started, done)
}

/// Answers a request to a route that does not take its method.
pub(crate) async fn wrong_method(server: Arc<Server>, request: Request) -> Response<Body> {
    let (parts, _) = request.into_parts();
    let id = server.ids.of(&parts);
    finish(&server, ROUTES.len(), &parts, id, Instant::now(), Err(Problem::MethodNotAllowed))
}

fn finish(
    server: &Server,
    place: usize,
    parts: &Parts,
    id: HeaderValue,
    started: Instant,
    done: Result<Response<Body>, Problem>,
) -> Response<Body> {
    // Ids are visible ASCII, whoever made them.
    let shown = id.to_str().unwrap_or_default();
    let mut response = done.unwrap_or_else(|problem| {
        server.metrics.refuse(problem.coded().0);
        problem.response(shown)
    });
    let (status, took) = (response.status(), started.elapsed());
    server.metrics.count(place, status, took);
    if server.log_requests {
        let (method, path) = (&parts.method, parts.uri.path());
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        tracing::info!(request_id = shown, %method, path, status = status.as_u16(), micros, "request");
    }
    response.headers_mut().insert(&REQUEST_ID, id);
    response
}

async fn work(
    server: &Arc<Server>,
    route: &'static Route,
    parts: &mut Parts,
    body: Body,
) -> Result<Response<Body>, Problem> {
    if route.reach == Reach::Open {
        let fields = fields::read(route, parts, body, &server.limits).await?;
        return told(server, route, parts, &fields).await;
    }
    let peer = parts.extensions.get::<Peer>().copied();
    // Who came no known way is nobody's neighbour.
    let peer = peer.unwrap_or(Peer { address: IpAddr::from([0, 0, 0, 0]), local: false });
    let (caller, version) = server.access.caller(&parts.headers, peer.local)?;
    server.rate.count(&caller, peer.address)?;
    caller.admitted(route.reach)?;
    let mut fields = fields::read(route, parts, body, &server.limits).await?;
    server.access.own(&caller, route.reach, &mut fields)?;
    match route.does {
        Does::Submit(submit) => {
            let (reply, replayed) = submit(&server.shop, &Value::Object(fields))?.await?;
            let mut response = json(route.status, reply);
            if replayed {
                response.headers_mut().insert(&REPLAYED, HeaderValue::from_static("true"));
            }
            Ok(response)
        }
        Does::Ask { read, cost, tag: Tag::No } => {
            let asked = read(&Value::Object(fields))?;
            Ok(json(route.status, run(server, cost, asked).await?))
        }
        Does::Ask { read, cost, tag } => {
            let asked = read(&Value::Object(fields))?;
            tagged(server, parts, (cost, tag), version, asked).await
        }
        Does::Tell(_) => told(server, route, parts, &fields).await,
    }
}

/// Runs a query: a small one here, since handing it to another thread costs more than it does itself; a
/// large one where it keeps nobody from being answered.
async fn run(server: &Server, cost: Cost, asked: Asked) -> Result<Vec<u8>, Error> {
    if cost == Cost::Small {
        return asked(&server.shop);
    }
    large(server, move |shop| asked(&shop)).await
}

/// Runs what may take long on a thread of its own.
pub(crate) async fn large<T: Send + 'static>(
    server: &Server,
    work: impl FnOnce(Commerce) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let gone = |_| Error::Closed;
    let permit = server.large.clone().acquire_owned().await.map_err(gone)?;
    let shop = server.shop.clone();
    let done = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        work(shop)
    });
    done.await.map_err(|panic| Error::Store(panic.to_string()))?
}

/// An answer with a tag, or the news that the client has it. The version was taken before anything was read.
async fn tagged(
    server: &Server,
    parts: &Parts,
    (cost, tag): (Cost, Tag),
    version: i64,
    asked: Asked,
) -> Result<Response<Body>, Problem> {
    let url = parts.uri.path_and_query().map_or("", |url| url.as_str());
    let known = if tag == Tag::Whole { server.answers.known(url, version) } else { None };
    let answer = match known {
        Some(known) => known,
        None => {
            let body = run(server, cost, asked).await?;
            let answer = Answer { tag: etag::tag_of(&body, tag), body: body.into() };
            // What also depends on the time of the question is not the same again.
            if tag == Tag::Whole {
                server.answers.learn(url, version, answer.clone());
            }
            answer
        }
    };
    let Answer { tag, body } = answer;
    Ok(match etag::has(&parts.headers, tag) {
        true => with_tag(Response::new(Body::empty()), StatusCode::NOT_MODIFIED, tag),
        false => with_tag(json(StatusCode::OK, body), StatusCode::OK, tag),
    })
}

fn with_tag(mut response: Response<Body>, status: StatusCode, tag: u64) -> Response<Body> {
    *response.status_mut() = status;
    // Hexadecimal digits in quotes are a header's value.
    if let Ok(tag) = HeaderValue::try_from(etag::shown(tag)) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}

/// Answers what is neither operation nor query.
async fn told(
    server: &Arc<Server>,
    route: &Route,
    parts: &Parts,
    fields: &Map<String, Value>,
) -> Result<Response<Body>, Problem> {
    if let Some(name) = fields.keys().next() {
        return Err(fields::unknown(name));
    }
    let Does::Tell(page) = route.does else { return Err(Problem::NotFound) };
    let text = |kind: &'static str, body: Body| {
        let mut response = Response::new(body);
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        response
    };
    Ok(match page {
        Page::Events => text("text/event-stream", stream::open(server, &parts.headers).await?),
        Page::OpenApi => text("application/json", server.document.clone().into()),
        Page::Docs => text("text/html; charset=utf-8", docs::PAGE.into()),
        Page::Live => json(StatusCode::OK, br#"{"status":"ok"}"#.to_vec()),
        Page::Ready => {
            if *server.phase.borrow() != Phase::Serving {
                return Err(Error::Busy("the server is shutting down").into());
            }
            server.health.ready(&server.shop).await?;
            let (outbox, ahead) =
                large(server, |shop| Ok((shop.query(&outbox::Lag)?, shop.ahead()?))).await?;
            let ready =
                json!({ "status": "ok", "outbox": outbox, "clock_ahead_seconds": ahead.by().as_secs() });
            json(StatusCode::OK, ready.to_string().into_bytes())
        }
        Page::Metrics => {
            let figures = server.clone();
            let figures = large(server, move |shop| figures.metrics.text(&shop)).await?;
            text("text/plain; version=0.0.4; charset=utf-8", figures.into())
        }
    })
}

fn json(status: StatusCode, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
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
