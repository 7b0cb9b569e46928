//! The table as a router, with the layers that some routes or options ask for.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::Method;
use axum::http::header::{self, HeaderName};
use axum::routing::{MethodFilter, MethodRouter, on};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::call::{Server, answer, wrong_method};
use crate::route::{ROUTES, Route};
use crate::{ServeError, origin};

/// Every route of the table.
pub(crate) fn router(server: &Arc<Server>, origins: &[String]) -> Result<Router, ServeError> {
    let mut router = Router::new();
    for (place, route) in ROUTES.iter().enumerate() {
        router = router.route(route.path, one(server, place, route));
    }
    let (nowhere, otherwise) = (server.clone(), server.clone());
    let router = router
        .fallback(move |request: Request| answer(nowhere.clone(), ROUTES.len(), request))
        .method_not_allowed_fallback(move |request: Request| wrong_method(otherwise.clone(), request));
    Ok(match cors(origins)? {
        Some(cors) => router.layer(cors),
        None => router,
    })
}

fn one(server: &Arc<Server>, place: usize, route: &Route) -> MethodRouter {
    let filter = match route.method {
        Method::POST => MethodFilter::POST,
        Method::PUT => MethodFilter::PUT,
        Method::PATCH => MethodFilter::PATCH,
        Method::DELETE => MethodFilter::DELETE,
        _ => MethodFilter::GET,
    };
    let server = server.clone();
    on(filter, move |request: Request| answer(server.clone(), place, request))
}

/// How long a browser may keep what it was told about pages of other origins.
const KEPT: Duration = Duration::from_secs(600);

/// What browsers are told about pages of other origins; nothing unless there are any.
fn cors(origins: &[String]) -> Result<Option<CorsLayer>, ServeError> {
    if origins.is_empty() {
        return Ok(None);
    }
    let allowed = match origins {
        [any] if any == "*" => AllowOrigin::any(),
        named => {
            let named = named.iter().map(|origin| origin::checked(origin).map_err(ServeError::Origin));
            AllowOrigin::list(named.collect::<Result<Vec<_>, _>>()?)
        }
    };
    let name = HeaderName::from_static;
    let layer = CorsLayer::new()
        .allow_origin(allowed)
        .max_age(KEPT)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_NONE_MATCH,
            name("idempotency-key"),
            name("last-event-id"),
            name("x-request-id"),
        ])
        .expose_headers([
            header::ETAG,
            header::RETRY_AFTER,
            name("idempotent-replayed"),
            name("x-request-id"),
        ]);
    Ok(Some(layer))
}
