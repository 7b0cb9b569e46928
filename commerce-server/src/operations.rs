//! `POST /v1/operations`: operations as lines. The lines of a request are submitted together, so that they share groups, and
//! their results are sent in order as the groups commit. A client that goes away loses results, not effects: each request
//! has a task of its own, which performs all lines.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::HeaderValue;
use axum::http::request::Parts;
use axum::http::{Response, StatusCode};
use commerce_core::{Access, Error};
use http_body_util::channel::Channel;

use crate::access::Caller;
use crate::client::Client;
use crate::extract;
use crate::headers::single;
use crate::line::Lines;
use crate::line_mode::Mode;
use crate::line_run::{self, LineRun, Sent};
use crate::problem::{Problem, invalid};
use crate::response;
use crate::route::Permission;
use crate::server::Server;

/// Performs the lines of a body.
///
/// # Errors
/// A problem when the request itself is faulty or the server has no room for it. Nothing is done then.
pub(crate) async fn answer(
    server: &Arc<Server>,
    caller: &Caller,
    parts: &Parts,
    body: Body,
    id: &HeaderValue,
    client: &Client,
) -> Result<Response<Body>, Problem> {
    let (mode, numbered) = Mode::of(parts)?;
    if mode.trust_time && caller.authorize(Permission::Operation(Access::Operator)).is_err() {
        return Err(Problem::Forbidden("only an operator may give times"));
    }
    if single(&parts.headers, &extract::IDEMPOTENCY_KEY)?.is_some() {
        return Err(invalid(
            "",
            "the header Idempotency-Key is not accepted here; each line has its own key",
        ));
    }
    let (text, body_memory) = extract::collect(server, parts, body, client, &MEDIA_TYPES).await?;
    let permit = server.lines.requests.clone().try_acquire_owned();
    let permit = permit.map_err(|_| Error::Busy("too many requests of lines are under way".into()))?;
    let place = match numbered {
        Some((sender, number)) => {
            Some(server.lines.senders.begin(sender, number).ok_or_else(line_run::overtaken)?)
        }
        None => None,
    };
    let (sender, body) = Channel::new(1);
    let sent = Sent {
        server: server.clone(),
        client: client.clone(),
        caller: caller.clone(),
        request_id: id.clone(),
        mode,
        place,
        permit,
    };
    tokio::spawn(LineRun::new(sent, Lines::new(text), body_memory, sender).run());
    Ok(response::with_type(StatusCode::OK, MEDIA_TYPES[0], Body::new(body)))
}

/// The media types of lines; the first one is that of the results.
const MEDIA_TYPES: [&str; 3] = ["application/jsonl", "application/x-ndjson", "application/json"];
