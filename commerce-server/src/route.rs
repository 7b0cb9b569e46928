//! The route table: which method and path runs which operation or query, who may use it, and which status means
//! success. The router, the OpenAPI document, the metrics and the tests are derived from it.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

use axum::http::{Method, StatusCode};
use commerce_core::input::{Fields, RawFields};
use commerce_core::{
    Access, Caller, Commerce, Error, Faults, Invalid, Operation, Query, Submission, cart, catalog, order,
    outbox, sales, token, user, wallet,
};
use schemars::JsonSchema;

use crate::describe::{self, Description, Schemas};
use crate::json::to_json;

/// A row of the table.
pub struct Route {
    /// The HTTP method.
    pub method: Method,
    /// The path. A segment in braces is a parameter, which gives the field of the same name to the operation or query.
    pub path: &'static str,
    /// The name of the operation or query, or of a built-in resource.
    pub name: &'static str,
    /// Who may use the route.
    pub permission: Permission,
    /// The status of a successful answer.
    pub status: StatusCode,
    pub(crate) handler: Handler,
    /// A path parameter and the field that it gives, where their names differ.
    alias: Option<(&'static str, &'static str)>,
    /// Whether the header `If-Match` gives the field `if_match`, and the reply is what the route of the same path answers to
    pub(crate) extension: Extension,
    pub(crate) describe: fn(&mut Schemas) -> Description,
}

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Everybody, without a token.
    Public,
    /// Everybody with a token. Whether a caller may do what the request names is decided when it is known.
    AnyToken,
    /// Whoever may perform such operations.
    Operation(Access),
    /// Whoever may ask such queries.
    Query(Access),
}

/// How a route answers.
#[derive(Clone, Copy)]
pub(crate) enum Handler {
    /// Runs an operation. The fields are the operation's, and optionally `key`.
    Operation(SubmitOperation),
    /// Runs a query.
    Query { parse: fn(&RawFields, Faults) -> Result<BoxedQuery, Invalid>, cost: Cost, etag: EtagScope },
    /// Performs the operations in the lines of the body.
    Operations,
    /// Answers the query that the path names.
    NamedQuery,
    /// Serves a resource of the server's own.
    Builtin(Builtin),
}

/// Submits an operation.
pub(crate) type SubmitOperation = fn(&Commerce, Caller, &RawFields, Faults) -> Result<ReplyFuture, Invalid>;

/// A submitted operation: resolves to its reply as JSON, and to whether the reply is a replay.
pub(crate) type ReplyFuture = Pin<Box<dyn Future<Output = Result<(Vec<u8>, bool), Error>> + Send>>;

/// A parsed query of any type.
pub(crate) type BoxedQuery = Box<dyn DynQuery + Send>;

/// A query whose type is known only to its route.
pub(crate) trait DynQuery {
    /// A key that is equal for equal queries, however they were written.
    fn cache_key(&self) -> String;

    /// The answer as JSON.
    ///
    /// # Errors
    /// The query's refusal, or the store's failure.
    fn answer(&self, shop: &Commerce) -> Result<Vec<u8>, Error>;

    /// The answer as JSON, and the version of the store as long as which it holds.
    ///
    /// # Errors
    /// The query's refusal, or the store's failure.
    fn answer_with_version(&self, shop: &Commerce) -> Result<(Vec<u8>, i64), Error>;
}

impl<Q: Query + Debug> DynQuery for Q {
    fn cache_key(&self) -> String {
        format!("{} {self:?}", Q::NAME)
    }

    fn answer(&self, shop: &Commerce) -> Result<Vec<u8>, Error> {
        to_json(&shop.query(self)?)
    }

    fn answer_with_version(&self, shop: &Commerce) -> Result<(Vec<u8>, i64), Error> {
        let (answer, version) = shop.query_with_version(self)?;
        Ok((to_json(&answer)?, version))
    }
}

/// How long a query occupies a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cost {
    /// Microseconds: it reads a few rows by key.
    Light,
    /// Possibly many milliseconds.
    Heavy,
}

/// Which part of an answer its `ETag` covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EtagScope {
    /// There is no `ETag`.
    None,
    /// The whole answer.
    Body,
    /// The list `items`. The time window beside it differs with every request.
    Items,
}

/// What the route of an operation takes or answers besides the operation's own fields and reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extension {
    None,
    /// The header `If-Match`, and an `ETag`.
    IfMatch,
    /// `{"all": true}`, in place of the events.
    AllEvents,
    /// The secret of a token, in place of its digest.
    Secret,
}

/// A resource that is neither an operation nor a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Builtin {
    Events,
    Version,
    Verify,
    OpenApi,
    Docs,
    Livez,
    Readyz,
    Metrics,
}

/// All routes.
pub static ROUTES: [Route; 38] = [
    operation::<user::Add>(Method::POST, "/v1/users", StatusCode::CREATED),
    query::<user::Get>("/v1/users/{user}", Cost::Light, EtagScope::None),
    operation::<wallet::Charge>(Method::POST, "/v1/users/{user}/charges", StatusCode::CREATED),
    query::<wallet::Balance>("/v1/users/{user}/balance", Cost::Light, EtagScope::None),
    query::<wallet::History>("/v1/users/{user}/ledger", Cost::Heavy, EtagScope::None),
    query::<catalog::List>("/v1/products", Cost::Heavy, EtagScope::Body),
    query::<sales::Top>("/v1/products/top", Cost::Heavy, EtagScope::Items),
    query::<catalog::Get>("/v1/products/{product}", Cost::Light, EtagScope::Body),
    operation::<catalog::Add>(Method::POST, "/v1/products", StatusCode::CREATED),
    operation::<catalog::Update>(Method::PATCH, "/v1/products/{product}", StatusCode::OK).with_if_match(),
    operation::<catalog::Adjust>(Method::POST, "/v1/products/{product}/stock", StatusCode::OK),
    query::<catalog::StockHistory>("/v1/products/{product}/stock", Cost::Heavy, EtagScope::None),
    query::<cart::Get>("/v1/users/{user}/cart", Cost::Light, EtagScope::Body),
    operation::<cart::Clear>(Method::DELETE, "/v1/users/{user}/cart", StatusCode::OK),
    operation::<cart::Add>(Method::POST, "/v1/users/{user}/cart/items", StatusCode::OK),
    operation::<cart::Set>(Method::PUT, "/v1/users/{user}/cart/items/{product}", StatusCode::OK),
    operation::<cart::Remove>(Method::DELETE, "/v1/users/{user}/cart/items/{product}", StatusCode::OK)
        // The path names one product; the operation takes several.
        .with_alias("product", "products"),
    operation::<cart::Checkout>(Method::POST, "/v1/users/{user}/cart/checkout", StatusCode::CREATED),
    operation::<order::Place>(Method::POST, "/v1/orders", StatusCode::CREATED),
    query::<order::List>("/v1/orders", Cost::Heavy, EtagScope::None),
    query::<order::Get>("/v1/orders/{order}", Cost::Light, EtagScope::None),
    operation::<order::Cancel>(Method::POST, "/v1/orders/{order}/cancel", StatusCode::OK),
    query::<user::List>("/v1/users", Cost::Heavy, EtagScope::None),
    query::<outbox::List>("/v1/outbox", Cost::Heavy, EtagScope::None),
    operation::<outbox::Retry>(Method::POST, "/v1/outbox/retry", StatusCode::OK)
        .with(Extension::AllEvents, describe::retry_events),
    operation::<token::Create>(Method::POST, "/v1/tokens", StatusCode::CREATED)
        .with(Extension::Secret, describe::create_token),
    query::<token::List>("/v1/tokens", Cost::Heavy, EtagScope::None),
    operation::<token::Revoke>(Method::DELETE, "/v1/tokens/{name}", StatusCode::OK),
    door("/v1/operations", "operations", Handler::Operations, describe::operations),
    door("/v1/queries/{query}", "queries", Handler::NamedQuery, describe::named_query),
    builtin("/v1/version", "version", Permission::AnyToken, Builtin::Version, describe::version),
    builtin("/v1/verify", "verify", Permission::Query(Access::Operator), Builtin::Verify, describe::verify),
    builtin("/v1/events", "events", Permission::Query(Access::Operator), Builtin::Events, describe::events),
    builtin("/openapi.json", "openapi", Permission::Public, Builtin::OpenApi, describe::openapi),
    builtin("/docs", "docs", Permission::Public, Builtin::Docs, describe::docs),
    builtin("/livez", "livez", Permission::Public, Builtin::Livez, describe::livez),
    builtin("/readyz", "readyz", Permission::Public, Builtin::Readyz, describe::readyz),
    builtin("/metrics", "metrics", Permission::Query(Access::Operator), Builtin::Metrics, describe::metrics),
];

impl Route {
    /// The field that a path parameter gives.
    pub(crate) fn field<'a>(&self, parameter: &'a str) -> &'a str {
        match self.alias {
            Some((alias, field)) if alias == parameter => field,
            _ => parameter,
        }
    }

    const fn with_alias(mut self, parameter: &'static str, field: &'static str) -> Self {
        self.alias = Some((parameter, field));
        self
    }

    const fn with_if_match(mut self) -> Self {
        self.extension = Extension::IfMatch;
        self
    }

    const fn with(mut self, extension: Extension, describe: fn(&mut Schemas) -> Description) -> Self {
        (self.extension, self.describe) = (extension, describe);
        self
    }
}

const fn operation<O>(method: Method, path: &'static str, status: StatusCode) -> Route
where
    O: Operation + JsonSchema,
    O::Reply: JsonSchema,
{
    let handler = Handler::Operation(|shop, caller, fields, faults| {
        let submission = Fields::read_raw(faults, fields, |fields| {
            let (key, operation) = (fields.optional("key"), O::parse(fields));
            let mut submission = Submission::new(operation?).caller(caller);
            submission.key = key?;
            Some(submission)
        })?;
        let ticket = shop.submit(submission).into_future();
        Ok(Box::pin(async move {
            let answer = ticket.await?;
            Ok((to_json(&answer.reply)?, answer.replayed))
        }))
    });
    Route {
        method,
        path,
        name: O::NAME,
        permission: Permission::Operation(O::ACCESS),
        status,
        handler,
        alias: None,
        extension: Extension::None,
        describe: describe::operation::<O>,
    }
}

const fn query<Q>(path: &'static str, cost: Cost, etag: EtagScope) -> Route
where
    Q: Query + Debug + JsonSchema,
    Q::Answer: JsonSchema,
{
    let parse: fn(&RawFields, Faults) -> Result<BoxedQuery, Invalid> =
        |fields, faults| Ok(Box::new(Fields::read_raw(faults, fields, Q::parse)?));
    let handler = Handler::Query { parse, cost, etag };
    let (method, status) = (Method::GET, StatusCode::OK);
    Route {
        method,
        path,
        name: Q::NAME,
        permission: Permission::Query(Q::ACCESS),
        status,
        handler,
        alias: None,
        extension: Extension::None,
        describe: describe::query::<Q>,
    }
}

/// A route for whatever the request names.
const fn door(
    path: &'static str,
    name: &'static str,
    handler: Handler,
    describe: fn(&mut Schemas) -> Description,
) -> Route {
    let (method, permission, status) = (Method::POST, Permission::AnyToken, StatusCode::OK);
    Route {
        method,
        path,
        name,
        permission,
        status,
        handler,
        alias: None,
        extension: Extension::None,
        describe,
    }
}

const fn builtin(
    path: &'static str,
    name: &'static str,
    permission: Permission,
    builtin: Builtin,
    describe: fn(&mut Schemas) -> Description,
) -> Route {
    let (method, status) = (Method::GET, StatusCode::OK);
    let handler = Handler::Builtin(builtin);
    Route {
        method,
        path,
        name,
        permission,
        status,
        handler,
        alias: None,
        extension: Extension::None,
        describe,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::*;

    #[test]
    fn equal_queries_have_equal_cache_keys() {
        let parsed = |name: &str, fields: &RawFields| {
            let route = ROUTES.iter().find(|route| route.name == name).unwrap();
            let Handler::Query { parse, .. } = route.handler else { panic!("{name} is no query") };
            parse(fields, Faults::default()).ok().unwrap().cache_key()
        };
        let key = |name: &str, fields: Value| {
            let fields = fields.as_object().cloned().unwrap();
            parsed(name, &RawFields::new(fields))
        };
        let plain = key("product.list", json!({}));
        for same in
            [json!({ "limit": 20 }), json!({ "cursor": null, "sort": "id" }), json!({ "search": null })]
        {
            assert_eq!(key("product.list", same.clone()), plain, "{same}");
        }
        let mut text = RawFields::new(Map::new());
        text.set_text("limit", "20");
        assert_eq!(parsed("product.list", &text), plain);
        for other in [json!({ "limit": 21 }), json!({ "sort": "name" }), json!({ "search": "mug" })] {
            assert_ne!(key("product.list", other.clone()), plain, "{other}");
        }
        assert_ne!(
            key("product.get", json!({ "product": "a" })),
            key("product.get", json!({ "product": "b" }))
        );
        assert_ne!(key("cart.get", json!({ "user": "a" })), key("user.get", json!({ "user": "a" })));
    }
}
