//! `GET /v1/verify`: audits the store, and tells how far the audit is, as lines of JSON.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use commerce_core::{Commerce, Error, Progress};
use http_body_util::channel::{Channel, Sender};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use crate::client::Client;
use crate::phase::Phase;
use crate::problem::Problem;
use crate::server::Server;

/// Starts an audit. Its last line holds the audit, or why it failed.
///
/// # Errors
/// [`Error::Busy`] while the server is shutting down.
pub(crate) fn open(server: &Arc<Server>, client: &Client) -> Result<Body, Problem> {
    if !server.phase.is_serving() {
        return Err(Error::Busy("the server is shutting down".into()).into());
    }
    let (sender, body) = Channel::new(1);
    tokio::spawn(run(server.clone(), client.clone(), sender));
    Ok(Body::new(body))
}

/// Runs the audit. It goes on without its client.
async fn run(server: Arc<Server>, client: Client, mut sender: Sender<Bytes, Error>) {
    let (told, mut progress) = watch::channel(None);
    let audit = server.run_in(&server.pools.long_work, &client, move |shop: &Commerce| {
        shop.audit(&mut |progress| {
            let _ = told.send(Some(progress));
        })
    });
    let mut audit = std::pin::pin!(audit);
    // A connection on which nothing happens is cut by some machines between client and server.
    let mut heartbeat = interval(server.limits.heartbeat_interval);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let result = loop {
        tokio::select! {
            biased;
            result = &mut audit => break result,
            () = server.phase.reached(Phase::Draining) => {
                break Err(Error::Busy("the server is shutting down".into()));
            }
            Ok(()) = progress.changed() => {}
            _ = heartbeat.tick() => {}
        }
        let line = line(progress.borrow_and_update().as_ref());
        if !send(&mut sender, &line).await {
            return;
        }
    };
    // A short audit ends before its progress was looked at.
    let unseen = {
        let progress = progress.borrow_and_update();
        progress.has_changed().then(|| line(progress.as_ref()))
    };
    if let Some(line) = unseen
        && !send(&mut sender, &line).await
    {
        return;
    }
    let last = match result {
        Ok(audit) => json!({ "audit": audit }),
        Err(error) => {
            let problem = Problem::from(error);
            tracing::error!(error = problem.detail(), "an audit failed");
            let (code, detail, retryable) = (problem.code(), problem.public_detail(), problem.retryable());
            json!({ "failed": { "code": code, "detail": detail, "retryable": retryable } })
        }
    };
    send(&mut sender, &last).await;
}

/// The progress as a line. An audit that waits for others has none yet.
fn line(progress: Option<&Progress>) -> Value {
    let (what, done, total) = progress.map_or(("", 0, 0), |now| (&*now.what, now.done, now.total));
    json!({ "progress": { "what": what, "done": done, "total": total } })
}

/// Sends a line. Returns false when the client is gone.
async fn send(sender: &mut Sender<Bytes, Error>, line: &Value) -> bool {
    sender.send_data(format!("{line}\n").into()).await.is_ok()
}
