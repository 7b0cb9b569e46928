//! `POST /v1/queries/{query}`: any query by its name. The body holds its fields. Programs use it where people use the
//! query's own route, if it has one.

use axum::body::Body;
use axum::http::request::Parts;
use commerce_core::input::RawFields;
use commerce_core::{Answerable, Commerce, Error, Faults, TextQuery, registry};

use crate::access::Caller;
use crate::client::Client;
use crate::extract;
use crate::problem::Problem;
use crate::read::Read;
use crate::route::{Cost, DynQuery, EtagScope, Handler, Permission, ROUTES};
use crate::server::Server;

/// Reads the query of a request.
///
/// # Errors
/// `not_found` for what is not a query, `forbidden`, or `invalid_request`.
pub(crate) async fn read(
    server: &Server,
    caller: &Caller,
    parts: &mut Parts,
    body: Body,
    client: &Client,
) -> Result<Read, Problem> {
    let path = extract::path_parameters(parts).await?;
    let name = path.iter().next().map_or("", |(_, name)| name);
    let permission = Permission::Query(registry::query_access(name).ok_or(Problem::NotFound)?);
    caller.authorize(permission)?;
    let long = extract::parameters(parts, |fields| Some(fields.optional("long")?.unwrap_or(false)))?;
    // The memory of the body is free once its fields are read.
    let (object, _memory) = extract::collect_object(server, parts, body, client).await?;
    let mut fields = RawFields::new(object);
    let ownership = caller.restrict_to_own(permission, &mut fields)?;
    let query = registry::parse_raw_query(name, Faults::default(), &fields, long)?;
    Ok(Read::new(Box::new(NamedQuery(TextQuery(query))), (cost(name), EtagScope::None), ownership, parts))
}

/// A query that the path named.
struct NamedQuery(TextQuery);

impl DynQuery for NamedQuery {
    fn cache_key(&self) -> String {
        // An answer without an `ETag` is not cached.
        self.0.name().into()
    }

    fn answer(&self, shop: &Commerce) -> Result<Vec<u8>, Error> {
        shop.query(&self.0)
    }

    fn answer_with_version(&self, shop: &Commerce) -> Result<(Vec<u8>, i64), Error> {
        shop.query_with_version(&self.0)
    }
}

/// How long the query occupies a thread, as on its own route. One without a route may take long.
fn cost(name: &str) -> Cost {
    let of_route = ROUTES.iter().find_map(|route| match route.handler {
        Handler::Query { cost, .. } if route.name == name => Some(cost),
        _ => None,
    });
    of_route.unwrap_or(Cost::Heavy)
}
