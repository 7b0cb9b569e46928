//! Handles one request from its head to its response: authenticates and authorizes the caller, extracts the fields, runs
//! the operation or query, and turns its answer or failure into a response. Every request goes through here.

use std::sync::Arc;
use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::header::HeaderValue;
use axum::http::request::Parts;
use axum::http::{Response, StatusCode};
use commerce_core::{Commerce, Error};
use serde_json::json;

use crate::access::Caller;
use crate::answer::answer;
use crate::client::Client;
use crate::extract::{self, extract};
use crate::health::Readiness;
use crate::metrics::RouteMetrics;
use crate::perform::perform;
use crate::problem::Problem;
use crate::read::Read;
use crate::remote::Tokens;
use crate::response;
use crate::route::{Builtin, Handler, Permission, Route};
use crate::server::{REQUEST_ID, Server, id_text};
use crate::{events, gzip, headers, named_query, operations, verify, version_wait};

/// What the router calls for the requests to one route, or for those that match none.
pub(crate) struct Endpoint {
    pub(crate) server: Arc<Server>,
    pub(crate) target: Target,
    pub(crate) metrics: Arc<RouteMetrics>,
}

/// What a request is for.
pub(crate) enum Target {
    Route(&'static Route),
    /// The path is unknown.
    UnknownPath,
    /// The path is known, but not with this method.
    UnsupportedMethod,
}

impl Endpoint {
    /// Handles a request.
    pub(crate) async fn handle(self: Arc<Self>, request: Request) -> Response<Body> {
        let started = Instant::now();
        let (mut parts, body) = request.into_parts();
        let (id, mut client) = (self.server.request_ids.of(&parts), Client::of(&parts));
        let result = match self.target {
            Target::Route(route) => respond(&self.server, route, &mut parts, body, &id, &mut client).await,
            Target::UnknownPath => headers::host(&parts).and(Err(Problem::NotFound)),
            Target::UnsupportedMethod => headers::host(&parts).and(Err(Problem::MethodNotAllowed)),
        };
        self.finish(&parts, id, &client, started, result)
    }

    /// Counts and logs the request, and adds its id to the response.
    fn finish(
        &self,
        parts: &Parts,
        id: HeaderValue,
        client: &Client,
        started: Instant,
        result: Result<Response<Body>, Problem>,
    ) -> Response<Body> {
        let request_id = id_text(&id);
        let detail = result.as_ref().err().map(Problem::detail);
        let mut response = result.unwrap_or_else(|problem| {
            self.server.metrics.count_problem(problem.code());
            problem.response(request_id)
        });
        let (status, duration) = (response.status(), started.elapsed());
        self.metrics.count(status, duration);
        if status.is_server_error() || self.server.log_requests {
            let (method, path, status) = (&parts.method, parts.uri.path(), status.as_u16());
            let (token, address) = (client.token.as_deref(), client.address);
            let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
            match (status, detail) {
                (500.., Some(error)) => {
                    tracing::error!(request_id, %method, path, status, micros, token, %address, error, "request failed");
                }
                _ => {
                    tracing::info!(request_id, %method, path, status, micros, token, %address, "request")
                }
            }
        }
        self.server.rate_limit.tell(response.headers_mut(), client);
        response.headers_mut().insert(&REQUEST_ID, id);
        response
    }
}

async fn respond(
    server: &Arc<Server>,
    route: &'static Route,
    parts: &mut Parts,
    body: Body,
    id: &HeaderValue,
    client: &mut Client,
) -> Result<Response<Body>, Problem> {
    headers::host(parts)?;
    let authenticated = match route.permission {
        Permission::Public => None,
        permission => {
            // Metrics are needed most while the store is away.
            let tokens = match route.handler {
                Handler::Builtin(Builtin::Metrics) => Tokens::AsLastKnown,
                _ => Tokens::Recent,
            };
            let (caller, version) = server.authenticate(parts, client, tokens).await?;
            client.token.clone_from(&caller.token);
            server.rate_limit.check(client)?;
            caller.authorize(permission)?;
            Some((caller, version))
        }
    };
    // Only what everybody may have is answered without a caller.
    let (caller, version) = authenticated.unwrap_or_else(|| (Caller::anybody(), None));
    match route.handler {
        Handler::Operation(submit) => {
            let extracted = extract(server, route, parts, body, client).await?;
            perform(server, route, submit, &caller, client, extracted).await
        }
        Handler::Query { parse, cost, etag } => {
            let mut extracted = extract(server, route, parts, body, client).await?;
            let ownership = caller.restrict_to_own(route.permission, &mut extracted.fields)?;
            let query = parse(&extracted.fields, extracted.faults)?;
            answer(server, client, parts, version, Read::new(query, (cost, etag), ownership, parts)).await
        }
        Handler::Operations => Box::pin(operations::answer(server, &caller, parts, body, id, client)).await,
        Handler::NamedQuery => {
            let read = Box::pin(named_query::read(server, &caller, parts, body, client)).await?;
            answer(server, client, parts, version, read).await
        }
        Handler::Builtin(resource) => {
            if resource != Builtin::Version {
                extract::no_fields(extract(server, route, parts, body, client).await?)?;
            }
            builtin(server, resource, &caller, parts, id, client).await
        }
    }
}

/// Serves a resource that is neither an operation nor a query.
async fn builtin(
    server: &Arc<Server>,
    resource: Builtin,
    caller: &Caller,
    parts: &Parts,
    id: &HeaderValue,
    client: &Client,
) -> Result<Response<Body>, Problem> {
    let text = |media_type, body: Body| response::with_type(StatusCode::OK, media_type, body);
    Ok(match resource {
        Builtin::Events => {
            let body = events::open(server, parts, id_text(id), client).await?;
            text("text/event-stream", body)
        }
        Builtin::Verify => text("application/jsonl", verify::open(server, client)?),
        Builtin::Version => version_wait::wait(server, caller, parts, client).await?,
        Builtin::OpenApi => server.document.to_shared_response(gzip::is_accepted(&parts.headers)),
        Builtin::Docs => server.docs.response(),
        Builtin::Livez => response::json(StatusCode::OK, Bytes::from_static(br#"{"status":"ok"}"#)),
        Builtin::Readyz => {
            if !server.phase.is_serving() {
                return Err(Error::Busy("the server is shutting down".into()).into());
            }
            let ready = server.health.check(|| server.remote.as_ref()?.silence()).await?;
            let ahead = ready.ahead.ahead_by().as_secs();
            let mut ready = json!({
                "status": "ok",
                "outbox": ready.outbox,
                "clock_ahead_seconds": ahead,
                "synced": server.shop.is_synced(),
            });
            if let Some(offset) = server.shop.clock_offset() {
                ready["clock_offset_seconds"] = json!(offset.seconds());
            }
            response::json(StatusCode::OK, ready.to_string().into())
        }
        Builtin::Metrics => {
            let metrics = match &server.remote {
                None => {
                    let own = server.clone();
                    let read = move |shop: &Commerce| {
                        Ok(own.metrics.text(shop, Some(&Readiness::read(shop)?), None))
                    };
                    server.run_in(&server.pools.metrics, client, read).await?
                }
                Some(remote) => {
                    let state = remote.state(&server.pools.metrics).await;
                    server.metrics.text(&server.shop, state.as_deref(), remote.silence())
                }
            };
            let metrics = response::counted(&server.memory.general, client, metrics.into())?;
            text("text/plain; version=0.0.4; charset=utf-8", metrics.into())
        }
    })
}
