//! `GET /v1/version`: the version of the store, and whose token asks. A client that gives the version which it knows waits
//! here for the next one.

use std::time::Duration;

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{Response, StatusCode};
use commerce_core::{Access, Error, Warning};
use tokio::time::{Instant, timeout_at};

use crate::access::Caller;
use crate::client::Client;
use crate::extract;
use crate::json::to_json;
use crate::phase::Phase;
use crate::problem::Problem;
use crate::remote::Tokens;
use crate::response;
use crate::route::Permission;
use crate::server::Server;
use crate::version_answer::VersionAnswer;

/// What the client knows, and how long it waits for something newer.
struct Known {
    version: Option<i64>,
    instance: Option<String>,
    wait: u16,
}

/// The longest wait, in seconds.
const MAX_WAIT: u16 = 60;

/// Answers with the version once it differs from the one that the client knows.
///
/// # Errors
/// `invalid_request`, the store's failure, or `unauthenticated` when the token was revoked meanwhile.
pub(crate) async fn wait(
    server: &Server,
    caller: &Caller,
    parts: &Parts,
    client: &Client,
) -> Result<Response<Body>, Problem> {
    let known = Known::of(parts)?;
    let until = Instant::now() + Duration::from_secs(known.wait.into());
    // Subscribed before the first look, so that no change in between is missed.
    let mut changes = server.version.subscribe();
    let mut has_waited = false;
    let version = loop {
        changes.mark_unchanged();
        let version = newest(server).await?;
        if known.is_outdated(version, server.request_ids.instance()) {
            break version;
        }
        has_waited = true;
        tokio::select! {
            changed = timeout_at(until, changes.changed()) => {
                if changed.is_err() {
                    break version;
                }
            }
            () = server.phase.reached(Phase::Draining) => break version,
        }
    };
    if has_waited {
        let caller = server.authenticate(parts, client, Tokens::Recent).await?.0;
        caller.authorize(Permission::AnyToken)?;
    }
    let is_told = caller.authorize(Permission::Query(Access::Operator)).is_ok();
    let mut warnings = if is_told { server.shop.warnings() } else { Vec::new() };
    // A client shows these before every command.
    warnings.retain(Warning::is_urgent);
    let answer = VersionAnswer {
        version,
        instance: server.request_ids.instance(),
        currency: server.shop.currency(),
        time: server.shop.clock().now(),
        role: caller.role(),
        token: caller.token.as_deref(),
        user: caller.user(),
        synced: server.shop.is_synced(),
        warnings: warnings.iter().map(ToString::to_string).collect(),
    };
    Ok(response::json(StatusCode::OK, to_json(&answer)?.into()))
}

impl Known {
    fn of(parts: &Parts) -> Result<Self, Problem> {
        extract::parameters(parts, |fields| {
            let (version, instance) = (fields.optional("after"), fields.optional("instance"));
            let wait = fields.optional::<i64>("wait");
            let wait = fields.test("wait", wait, |wait| match wait.unwrap_or(0) {
                0..=60 => Ok(()),
                other => Err(format!("must be 0 to {MAX_WAIT} seconds, got {other}")),
            });
            let wait = wait?.and_then(|wait| u16::try_from(wait).ok()).unwrap_or(0);
            Some(Self { version: version?, instance: instance?, wait })
        })
    }

    /// Whether the client does not know this version.
    fn is_outdated(&self, version: i64, instance: &str) -> bool {
        let is_same_instance = self.instance.as_deref().is_none_or(|known| known == instance);
        self.version != Some(version) || !is_same_instance
    }
}

/// The newest version.
///
/// # Errors
/// The store's failure.
async fn newest(server: &Server) -> Result<i64, Error> {
    match &server.remote {
        Some(remote) => remote.version().await,
        None => server.shop.version(),
    }
}
