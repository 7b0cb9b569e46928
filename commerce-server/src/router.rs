//! The route table as a router.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::Method;
use axum::routing::{MethodFilter, on};

use crate::cors;
use crate::dispatch::{Endpoint, Target};
use crate::error::ServeError;
use crate::server::Server;

/// A router with every route of the table.
///
/// # Errors
/// [`ServeError::Origin`] for a CORS origin that browsers do not send.
pub(crate) fn router(server: &Arc<Server>, cors_origins: &[String]) -> Result<Router, ServeError> {
    let handler = |target: Target, metrics| {
        let endpoint = Arc::new(Endpoint { server: server.clone(), target, metrics });
        move |request: Request| endpoint.clone().handle(request)
    };
    let mut router = Router::new();
    for (route, metrics) in server.metrics.routes() {
        let method = on(filter(&route.method), handler(Target::Route(route), metrics));
        router = router.route(route.path, method);
    }
    let unmatched = |target| handler(target, server.metrics.unmatched.clone());
    let router = router
        .fallback(unmatched(Target::UnknownPath))
        .method_not_allowed_fallback(unmatched(Target::UnsupportedMethod));
    Ok(match cors::layer(cors_origins)? {
        Some(cors) => router.layer(cors),
        None => router,
    })
}

fn filter(method: &Method) -> MethodFilter {
    match *method {
        Method::POST => MethodFilter::POST,
        Method::PUT => MethodFilter::PUT,
        Method::PATCH => MethodFilter::PATCH,
        Method::DELETE => MethodFilter::DELETE,
        _ => MethodFilter::GET,
    }
}
