//! THE table: which method and path is which operation or query, who may, and what success is called.
//! Everything else, the router, the document that describes it and the tests, is read off this table.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

use axum::http::{Method, StatusCode};
use commerce_core::input::Fields;
use commerce_core::{
    Commerce, Error, Faults, Invalid, Operation, Query, Submission, cart, catalog, order, sales, user, wallet,
};
use schemars::JsonSchema;
use serde_json::Value;

use crate::openapi::{self, Described};

/// One row of the table.
pub struct Route {
    /// The HTTP method.
    pub method: Method,
    /// The path; what stands in braces is a field of the operation or query.
    pub path: &'static str,
    /// The operation or query, or what else is answered.
    pub name: &'static str,
    /// Who may.
    pub reach: Reach,
    /// What success is called.
    pub status: StatusCode,
    pub(crate) does: Does,
    pub(crate) describe: fn(&mut openapi::Schemas) -> Described,
}

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Everybody, without a token.
    Open,
    /// Everybody with a token.
    Bearer,
    /// An operator, and a shopper as the user that the field `user` names.
    OwnUser,
    /// An operator, and the shopper who placed the order that the field `order` names.
    OwnOrder,
    /// An operator.
    Operator,
}

/// What a route does.
#[derive(Clone, Copy)]
pub(crate) enum Does {
    /// The fields are the operation's, and perhaps `key`.
    Submit(fn(&Commerce, &Value, Faults) -> Result<Coming, Invalid>),
    Ask {
        read: fn(&Value, Faults) -> Result<Asked, Invalid>,
        cost: Cost,
        tag: Tag,
    },
    Tell(Page),
}

/// An operation on its way: the reply as JSON, and whether it was given before.
pub(crate) type Coming = Pin<Box<dyn Future<Output = Result<(Vec<u8>, bool), Error>> + Send>>;

/// A query that was read.
pub(crate) type Asked = Box<dyn Ask + Send>;

/// A query of any type.
pub(crate) trait Ask {
    /// The same for queries that ask the same, however they were worded.
    fn key(&self) -> String;

    /// The answer as JSON.
    fn answer(&self, shop: &Commerce) -> Result<Vec<u8>, Error>;
}

impl<Q: Query + Debug> Ask for Q {
    fn key(&self) -> String {
        format!("{} {self:?}", Q::NAME)
    }

    fn answer(&self, shop: &Commerce) -> Result<Vec<u8>, Error> {
        json(&shop.query(self)?)
    }
}

/// How long a query keeps a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cost {
    /// Microseconds: a few rows by their keys.
    Small,
    /// Perhaps many milliseconds.
    Large,
}

/// What is neither operation nor query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    Events,
    OpenApi,
    Docs,
    Live,
    Ready,
    Metrics,
}

/// Every route there is.
pub static ROUTES: [Route; 27] = [
    submit::<user::Add>(Method::POST, "/v1/users", Reach::Operator, StatusCode::CREATED),
    ask::<user::Get>("/v1/users/{user}", Reach::OwnUser, Cost::Small, Tag::No),
    submit::<wallet::Charge>(Method::POST, "/v1/users/{user}/charges", Reach::Operator, StatusCode::CREATED),
    ask::<wallet::Balance>("/v1/users/{user}/balance", Reach::OwnUser, Cost::Small, Tag::No),
    ask::<wallet::History>("/v1/users/{user}/ledger", Reach::OwnUser, Cost::Large, Tag::No),
    ask::<catalog::List>("/v1/products", Reach::Bearer, Cost::Large, Tag::Whole),
    ask::<sales::Top>("/v1/products/top", Reach::Bearer, Cost::Large, Tag::Items),
    ask::<catalog::Get>("/v1/products/{product}", Reach::Bearer, Cost::Small, Tag::Whole),
    submit::<catalog::Add>(Method::POST, "/v1/products", Reach::Operator, StatusCode::CREATED),
    submit::<catalog::Update>(Method::PATCH, "/v1/products/{product}", Reach::Operator, StatusCode::OK),
    submit::<catalog::Adjust>(Method::POST, "/v1/products/{product}/stock", Reach::Operator, StatusCode::OK),
    ask::<cart::Get>("/v1/users/{user}/cart", Reach::OwnUser, Cost::Small, Tag::Whole),
    submit::<cart::Clear>(Method::DELETE, "/v1/users/{user}/cart", Reach::OwnUser, StatusCode::OK),
    submit::<cart::Add>(Method::POST, "/v1/users/{user}/cart/items", Reach::OwnUser, StatusCode::OK),
    submit::<cart::Set>(Method::PUT, "/v1/users/{user}/cart/items/{product}", Reach::OwnUser, StatusCode::OK),
    submit::<cart::Remove>(
        Method::DELETE,
        "/v1/users/{user}/cart/items/{product}",
        Reach::OwnUser,
        StatusCode::OK,
    ),
    submit::<cart::Checkout>(
        Method::POST,
        "/v1/users/{user}/cart/checkout",
        Reach::OwnUser,
        StatusCode::CREATED,
    ),
    submit::<order::Place>(Method::POST, "/v1/orders", Reach::OwnUser, StatusCode::CREATED),
    ask::<order::List>("/v1/orders", Reach::OwnUser, Cost::Large, Tag::No),
    ask::<order::Get>("/v1/orders/{order}", Reach::OwnOrder, Cost::Small, Tag::No),
    submit::<order::Cancel>(Method::POST, "/v1/orders/{order}/cancel", Reach::OwnOrder, StatusCode::OK),
    tell("/v1/events", "events", Reach::Operator, Page::Events, openapi::events),
    tell("/openapi.json", "openapi", Reach::Open, Page::OpenApi, openapi::this),
    tell("/docs", "docs", Reach::Open, Page::Docs, openapi::docs),
    tell("/livez", "livez", Reach::Open, Page::Live, openapi::alive),
    tell("/readyz", "readyz", Reach::Open, Page::Ready, openapi::ready),
    tell("/metrics", "metrics", Reach::Operator, Page::Metrics, openapi::metrics),
];

/// Whether an answer is worth a tag by which a client asks whether it changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    No,
    /// The whole answer counts.
    Whole,
    /// The items count; the window of time around them moves with every question.
    Items,
}

const fn submit<O>(method: Method, path: &'static str, reach: Reach, status: StatusCode) -> Route
where
    O: Operation + JsonSchema,
    O::Reply: JsonSchema,
{
    let does = Does::Submit(|shop, fields, faults| {
        let submission = Fields::read_beside(faults, fields, |fields| {
            let (key, operation) = (fields.optional("key"), O::parse(fields));
            let mut submission = Submission::new(operation?);
            submission.key = key?;
            Some(submission)
        })?;
        let coming = shop.submit(submission).into_future();
        Ok(Box::pin(async move {
            let answer = coming.await?;
            Ok((json(&answer.reply)?, answer.replayed))
        }))
    });
    Route { method, path, name: O::NAME, reach, status, does, describe: openapi::operation::<O> }
}

const fn ask<Q>(path: &'static str, reach: Reach, cost: Cost, tag: Tag) -> Route
where
    Q: Query + Debug + JsonSchema,
    Q::Answer: JsonSchema,
{
    let read: fn(&Value, Faults) -> Result<Asked, Invalid> =
        |fields, faults| Ok(Box::new(Fields::read_beside(faults, fields, Q::parse)?));
    let does = Does::Ask { read, cost, tag };
    let (method, status) = (Method::GET, StatusCode::OK);
    Route { method, path, name: Q::NAME, reach, status, does, describe: openapi::query::<Q> }
}

const fn tell(
    path: &'static str,
    name: &'static str,
    reach: Reach,
    page: Page,
    describe: fn(&mut openapi::Schemas) -> Described,
) -> Route {
    let (method, status) = (Method::GET, StatusCode::OK);
    Route { method, path, name, reach, status, does: Does::Tell(page), describe }
}

fn json(value: &impl serde::Serialize) -> Result<Vec<u8>, Error> {
    let mut text = Vec::with_capacity(256);
    serde_json::to_writer(&mut text, value).map_err(|e| Error::Store(e.to_string()))?;
    Ok(text)
}

/// The field that a value in the path gives to this route's operation or query.
pub(crate) fn path_field(route: &Route, name: &str, text: &str) -> (String, Value) {
    // One product in the path is a list of one for the operation that removes several.
    if route.name == cart::Remove::NAME && name == "product" {
        return ("products".into(), Value::Array(vec![text.into()]));
    }
    (name.into(), url_value(name, text))
}

/// A value that stands in a URL, where everything is text, as the JSON value of that field. A field's name
/// means the same everywhere, and so does its type. What is not of the type stays text, to be refused as such.
pub(crate) fn url_value(name: &str, text: &str) -> Value {
    match name {
        "order" | "limit" | "days" => match text.parse::<i64>() {
            // Only in the one usual form, so that no number has two addresses.
            Ok(number) if number.to_string() == text => number.into(),
            _ => text.into(),
        },
        "active" => match text {
            "true" => true.into(),
            "false" => false.into(),
            _ => text.into(),
        },
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn queries_that_ask_the_same_have_the_same_key() {
        let key = |name: &str, fields: Value| {
            let route = ROUTES.iter().find(|route| route.name == name).unwrap();
            let Does::Ask { read, .. } = route.does else { panic!("{name} asks nothing") };
            read(&fields, Faults::default()).ok().unwrap().key()
        };
        let plain = key("product.list", json!({}));
        for same in
            [json!({ "limit": 20 }), json!({ "cursor": null, "sort": "id" }), json!({ "search": null })]
        {
            assert_eq!(key("product.list", same.clone()), plain, "{same}");
        }
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
