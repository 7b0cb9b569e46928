//! Answers a query: from the cache, with 304, or from the store.

use axum::body::Body;
use axum::http::Response;
use axum::http::header;
use axum::http::request::Parts;
use commerce_core::Commerce;

use crate::client::Client;
use crate::link;
use crate::problem::Problem;
use crate::read::Read;
use crate::response::{self, Representation};
use crate::route::Cost;
use crate::server::Server;

/// Answers a query. `version` is the version of a store in a file before anything was read; without it nothing is cached.
pub(crate) async fn answer(
    server: &Server,
    client: &Client,
    parts: &Parts,
    version: Option<i64>,
    read: Read,
) -> Result<Response<Body>, Problem> {
    let cost = read.cost;
    let representation = match &server.remote {
        Some(remote) => {
            let pool = match cost {
                Cost::Light => &remote.light_queries,
                Cost::Heavy => &server.pools.heavy_queries,
            };
            Box::pin(remote.answer(&server.cache, pool, client, read)).await?
        }
        None => answer_from_file(server, client, version, read).await?,
    };
    if let Some(etag) = representation.etag().filter(|etag| etag.is_known_to(&parts.headers)) {
        return Ok(response::not_modified(etag));
    }
    let next_page = link::next_page(parts, &representation.body);
    let mut response = representation.into_response(&server.memory.general, client)?;
    if let Some(next_page) = next_page {
        response.headers_mut().insert(header::LINK, next_page);
    }
    if cost == Cost::Heavy {
        response::vary_by_encoding(&mut response);
    }
    Ok(response)
}

async fn answer_from_file(
    server: &Server,
    client: &Client,
    version: Option<i64>,
    read: Read,
) -> Result<Representation, Problem> {
    let cached = version.and_then(|version| Some((read.cache_key()?, version)));
    if let Some((key, version)) = &cached
        && let Some(hit) = server.cache.get(key, *version)
    {
        return Ok(read.of_cached(hit));
    }
    let representation = match read.cost {
        // A change of threads would cost more than the query.
        Cost::Light => read.answer(&server.shop)?,
        Cost::Heavy => {
            let answer = move |shop: &Commerce| read.answer(shop);
            server.run_in(&server.pools.heavy_queries, client, answer).await?
        }
    };
    if let Some((key, version)) = cached {
        server.cache.insert(key, version, representation.without_gzip());
    }
    Ok(representation)
}
