//! Performs the operation of a request, and answers with its reply.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Response;
use axum::http::header::{HeaderName, HeaderValue};

use crate::access::Caller;
use crate::client::Client;
use crate::etag::Etag;
use crate::extract::Extracted;
use crate::problem::Problem;
use crate::response;
use crate::route::{EtagScope, Extension, Route, SubmitOperation};
use crate::server::Server;
use crate::{new_secret, retry_events};

static REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Performs an operation.
///
/// # Errors
/// `invalid_request`, a refusal, or why the operation was not performed.
pub(crate) async fn perform(
    server: &Arc<Server>,
    route: &Route,
    submit: SubmitOperation,
    caller: &Caller,
    client: &Client,
    mut extracted: Extracted,
) -> Result<Response<Body>, Problem> {
    caller.imply_user(route.permission, &mut extracted.fields);
    let secret = match route.extension {
        Extension::AllEvents if extracted.fields.contains("all") => {
            return Box::pin(retry_events::all(server, client, extracted)).await;
        }
        Extension::Secret => new_secret::give(&mut extracted.fields)?,
        _ => None,
    };
    // The fields are dropped before the commit is awaited; the memory of the body stays reserved.
    let Extracted { fields, faults, body_memory } = extracted;
    let reply = submit(&server.shop, caller.submitter(), &fields, faults)?;
    drop(fields);
    let (mut reply, is_replay) = reply.await?;
    drop(body_memory);
    if let Some(secret) = secret {
        secret.append_to(&mut reply);
    }
    let etag = Etag::of(
        &reply,
        if route.extension == Extension::IfMatch { EtagScope::Body } else { EtagScope::None },
    );
    let reply = response::counted_unchecked(&server.memory.general, client, reply.into());
    let mut response = response::json(route.status, reply);
    if let Some(etag) = etag {
        response = response::tagged(response, etag);
    }
    if is_replay {
        response.headers_mut().insert(&REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}
