//! `POST /v1/outbox/retry` with `{"all": true}`: retries every dead event, however many there are.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use commerce_core::input::Fields;
use commerce_core::{Commerce, Error, Key, outbox};
use serde_json::json;

use crate::client::Client;
use crate::extract::Extracted;
use crate::problem::Problem;
use crate::response;
use crate::server::Server;

/// Retries all events that are dead, and answers how many there were.
///
/// # Errors
/// `invalid_request`, [`Error::Busy`] when too much is under way, or the store's failure. What was retried before stays
/// retried.
pub(crate) async fn all(
    server: &Server,
    client: &Client,
    extracted: Extracted,
) -> Result<Response<Body>, Problem> {
    let key: Option<Key> = Fields::read_raw(extracted.faults, &extracted.fields, |fields| {
        let (key, all) = (fields.optional("key"), fields.required("all"));
        fields.test("all", all, |all| if *all { Ok(()) } else { Err("must be true, or left out") })?;
        key
    })?;
    let retry = move |shop: &Commerce| {
        let mut count = 0;
        outbox::retry_all(shop, key.as_ref(), |events| {
            count += events.len();
            Ok::<_, Error>(())
        })?;
        Ok(count)
    };
    let count = server.run_in(&server.pools.long_work, client, retry).await?;
    Ok(response::json(StatusCode::OK, json!({ "count": count }).to_string().into()))
}
