//! Who may do what: every operation and every query, by every kind of caller, through every way. The table states what must
//! hold, and does not derive it from the code.

use std::collections::BTreeSet;

use commerce_core::registry;
use commerce_core::token::{Create, Digest, Revoke, Role, TokenName};
use commerce_core::{Time, UserId};
use commerce_server::route::{Permission, ROUTES};
use serde_json::{Value, json};

use crate::http::{Answer, Client};
use crate::server::TestServer;

/// Who is allowed, besides an operator.
#[derive(Clone, Copy, Debug)]
enum Allowed {
    /// Everybody with a token.
    All,
    /// Viewers, and the shopper whose user it is.
    OwnUser,
    /// Viewers, and the shopper who placed the order.
    OwnOrder,
    /// Viewers.
    Viewers,
    /// The shopper whose user it is, and no viewer.
    ChangesOwnUser,
    /// The shopper who placed the order, and no viewer.
    ChangesOwnOrder,
    /// Nobody.
    Operators,
}
use Allowed::{All, ChangesOwnOrder, ChangesOwnUser, Operators, OwnOrder, OwnUser, Viewers};

/// An operation or a query, who may use it, its route if it has one, and its fields. `{new}` is new each time, and
/// `{placed}` a new order of alice. What is not in the path of the route goes into its query or its body.
type Case = (&'static str, Allowed, Option<&'static str>, &'static str);

const OPERATIONS: [Case; 15] = [
    ("user.add", Operators, Some("POST /v1/users"), r#"{"user":"{new}"}"#),
    ("wallet.charge", Operators, Some("POST /v1/users/{user}/charges"), r#"{"user":"alice","amount":5}"#),
    (
        "product.add",
        Operators,
        Some("POST /v1/products"),
        r#"{"product":"{new}","name":"N","price":1,"stock":1}"#,
    ),
    ("product.update", Operators, Some("PATCH /v1/products/{product}"), r#"{"product":"mug","price":1200}"#),
    ("stock.adjust", Operators, Some("POST /v1/products/{product}/stock"), r#"{"product":"mug","delta":1}"#),
    (
        "cart.add",
        ChangesOwnUser,
        Some("POST /v1/users/{user}/cart/items"),
        r#"{"user":"alice","product":"mug","quantity":1}"#,
    ),
    (
        "cart.set",
        ChangesOwnUser,
        Some("PUT /v1/users/{user}/cart/items/{product}"),
        r#"{"user":"alice","product":"mug","quantity":2}"#,
    ),
    (
        "cart.remove",
        ChangesOwnUser,
        Some("DELETE /v1/users/{user}/cart/items/{products}"),
        r#"{"user":"alice","products":["mug"]}"#,
    ),
    ("cart.clear", ChangesOwnUser, Some("DELETE /v1/users/{user}/cart"), r#"{"user":"alice"}"#),
    (
        "order.place",
        ChangesOwnUser,
        Some("POST /v1/orders"),
        r#"{"user":"alice","items":[{"product":"pen","quantity":1}]}"#,
    ),
    ("cart.checkout", ChangesOwnUser, Some("POST /v1/users/{user}/cart/checkout"), r#"{"user":"alice"}"#),
    ("order.cancel", ChangesOwnOrder, Some("POST /v1/orders/{order}/cancel"), r#"{"order":{placed}}"#),
    ("event.retry", Operators, Some("POST /v1/outbox/retry"), r#"{"events":[999999]}"#),
    ("token.create", Operators, Some("POST /v1/tokens"), r#"{"name":"{new}","role":"viewer"}"#),
    ("token.revoke", Operators, Some("DELETE /v1/tokens/{name}"), r#"{"name":"spare"}"#),
];

const QUERIES: [Case; 17] = [
    ("user.get", OwnUser, Some("GET /v1/users/{user}"), r#"{"user":"alice"}"#),
    ("user.list", Viewers, Some("GET /v1/users"), "{}"),
    ("wallet.balance", OwnUser, Some("GET /v1/users/{user}/balance"), r#"{"user":"alice"}"#),
    ("wallet.history", OwnUser, Some("GET /v1/users/{user}/ledger"), r#"{"user":"alice"}"#),
    ("product.list", All, Some("GET /v1/products"), "{}"),
    ("product.get", All, Some("GET /v1/products/{product}"), r#"{"product":"mug"}"#),
    ("stock.history", Viewers, Some("GET /v1/products/{product}/stock"), r#"{"product":"mug"}"#),
    ("cart.get", OwnUser, Some("GET /v1/users/{user}/cart"), r#"{"user":"alice"}"#),
    ("order.get", OwnOrder, Some("GET /v1/orders/{order}"), r#"{"order":1}"#),
    ("order.list", OwnUser, Some("GET /v1/orders"), r#"{"user":"alice"}"#),
    ("sales.top", All, Some("GET /v1/products/top"), "{}"),
    ("sales.series", Viewers, None, r#"{"step":"day","count":3}"#),
    ("event.list", Viewers, Some("GET /v1/outbox"), "{}"),
    ("event.since", Viewers, None, "{}"),
    ("event.newest", Viewers, None, "{}"),
    ("event.lag", Viewers, None, "{}"),
    ("token.list", Viewers, Some("GET /v1/tokens"), "{}"),
];

/// What is neither: its route, and who may use it. The lines and the named query of these routes are allowed to all.
const BUILTINS: [(&str, &str, &str, Allowed); 10] = [
    ("operations", "POST", "/v1/operations", All),
    ("queries", "POST", "/v1/queries/product.list", All),
    ("version", "GET", "/v1/version", All),
    ("verify", "GET", "/v1/verify", Viewers),
    ("events", "GET", "/v1/events", Viewers),
    ("metrics", "GET", "/metrics", Viewers),
    ("openapi", "GET", "/openapi.json", All),
    ("docs", "GET", "/docs", All),
    ("livez", "GET", "/livez", All),
    ("readyz", "GET", "/readyz", All),
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Who {
    WithoutToken,
    Malformed,
    Unknown,
    Revoked,
    Expired,
    Bob,
    Alice,
    Viewer,
    Operator,
}

const CALLERS: [Who; 9] = [
    Who::WithoutToken,
    Who::Malformed,
    Who::Unknown,
    Who::Revoked,
    Who::Expired,
    Who::Bob,
    Who::Alice,
    Who::Viewer,
    Who::Operator,
];

impl Who {
    fn client(self, server: &TestServer) -> Client {
        let secret = match self {
            Self::WithoutToken => return server.client(),
            Self::Malformed => "short".into(),
            Self::Unknown => "u".repeat(43),
            Self::Revoked => secret("revoked"),
            Self::Expired => secret("expired"),
            Self::Bob => secret("bob1"),
            Self::Alice => secret("alice1"),
            Self::Viewer => secret("audit"),
            Self::Operator => secret("office"),
        };
        server.client().bearer(&secret)
    }

    /// What happens, where `done` happens to those who are allowed.
    fn expected(self, allowed: Allowed, done: &'static str) -> &'static str {
        match (self, allowed) {
            (Self::WithoutToken | Self::Malformed | Self::Unknown | Self::Revoked | Self::Expired, _) => {
                "unauthenticated"
            }
            (Self::Operator, _) | (_, All) => done,
            (Self::Viewer, OwnUser | OwnOrder | Viewers) => done,
            (Self::Viewer, ChangesOwnUser | ChangesOwnOrder | Operators) => "forbidden",
            (Self::Alice, OwnUser | OwnOrder | ChangesOwnUser | ChangesOwnOrder) => done,
            (Self::Bob, OwnUser | ChangesOwnUser) => "user_not_found",
            (Self::Bob, OwnOrder | ChangesOwnOrder) => "order_not_found",
            (Self::Alice | Self::Bob, Viewers | Operators) => "forbidden",
        }
    }
}

fn secret(name: &str) -> String {
    format!("{name:-<43}")
}

/// A shop with every kind of token, and an order of alice.
fn shop() -> TestServer {
    let server = TestServer::stocked();
    server.submit(
        &json!({ "op": "order.place", "user": "alice", "items": [{ "product": "pen", "quantity": 1 }] }),
    );
    let token = |name: &str, role, user: Option<&str>| {
        let user = user.map(|user| UserId::try_from(user).unwrap());
        Create::new(TokenName::try_from(name).unwrap(), role, user, Digest::of(&secret(name))).unwrap()
    };
    for create in [
        token("office", Role::Operator, None),
        token("audit", Role::Viewer, None),
        token("alice1", Role::Shopper, Some("alice")),
        token("bob1", Role::Shopper, Some("bob")),
        token("spare", Role::Viewer, None),
        token("revoked", Role::Operator, None),
        token("expired", Role::Operator, None).expires(Time::from_millis(1)),
    ] {
        server.shop.submit(create).wait().unwrap();
    }
    server.shop.submit(Revoke { name: TokenName::try_from("revoked").unwrap() }).wait().unwrap();
    server
}

/// The fields of a case. What the operation needs is made before.
fn prepared(server: &TestServer, fields: &str, number: &mut u32) -> Value {
    *number += 1;
    let cart = json!({ "op": "cart.set", "user": "alice", "product": "mug", "quantity": 1 });
    let order =
        json!({ "op": "order.place", "user": "alice", "items": [{ "product": "pen", "quantity": 1 }] });
    server.submit(&cart);
    let mut fields = fields.replace("{new}", &format!("new{number}"));
    if fields.contains("{placed}") {
        fields = fields.replace("{placed}", &server.submit(&order)["order"].to_string());
    }
    serde_json::from_str(&fields).unwrap()
}

/// What an answer says: `ok`, or the code of the problem.
fn told(answer: &Answer) -> String {
    if answer.status < 300 { "ok".into() } else { answer.code() }
}

/// Sends a request to the route of an operation or a query.
fn by_route(client: &mut Client, route: &str, fields: &Value) -> String {
    let (method, template) = route.split_once(' ').unwrap();
    let mut fields = fields.as_object().cloned().unwrap();
    let mut path = String::new();
    for part in template.split('/').skip(1) {
        let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
        let value = name.map(|name| match fields.remove(name).unwrap() {
            Value::String(text) => text,
            Value::Array(list) => list[0].as_str().unwrap().to_owned(),
            other => other.to_string(),
        });
        path = format!("{path}/{}", value.as_deref().unwrap_or(part));
    }
    if method == "GET" {
        let pairs: Vec<_> =
            fields.iter().map(|(name, value)| format!("{name}={}", value.as_str().unwrap())).collect();
        return told(&client.get(&format!("{path}?{}", pairs.join("&"))));
    }
    let body = Value::Object(fields);
    told(&client.send(method, &path, &[], Some(&body).filter(|body| **body != json!({}))).unwrap())
}

/// Sends an operation as a line.
fn by_line(client: &mut Client, name: &str, fields: &Value) -> String {
    let mut line = fields.clone();
    line["op"] = name.into();
    let answer = client.lines("/v1/operations", &line.to_string());
    if answer.status != 200 {
        return told(&answer);
    }
    let [result] = answer.json_lines().try_into().unwrap();
    let code = |kind: &str| result[kind]["code"].as_str().map(str::to_owned);
    code("refused").or_else(|| code("invalid")).or_else(|| code("failed")).unwrap_or_else(|| {
        assert!(result["ok"].is_object(), "{result}");
        "ok".into()
    })
}

#[test]
fn an_operation_is_allowed_or_not_whatever_way_it_comes() {
    let server = shop();
    let mut number = 0;
    for (name, allowed, route, fields) in OPERATIONS {
        let done = if name == "event.retry" { "event_not_found" } else { "ok" };
        for who in CALLERS {
            let expected = who.expected(allowed, done);
            let client = &mut who.client(&server);
            if let Some(route) = route {
                let fields = prepared(&server, fields, &mut number);
                assert_eq!(by_route(client, route, &fields), expected, "{name} by {who:?} through {route}");
            }
            let fields = prepared(&server, fields, &mut number);
            // Tokens have only routes of their own.
            let is_token = name.starts_with("token.") && expected != "unauthenticated";
            let expected = if is_token { "invalid_request" } else { expected };
            assert_eq!(by_line(client, name, &fields), expected, "{name} by {who:?} as a line");
        }
    }
}

#[test]
fn a_query_is_allowed_or_not_whatever_way_it_comes() {
    let server = shop();
    for (name, allowed, route, fields) in QUERIES {
        let fields: Value = serde_json::from_str(fields).unwrap();
        for who in CALLERS {
            let expected = who.expected(allowed, "ok");
            let client = &mut who.client(&server);
            if let Some(route) = route {
                assert_eq!(by_route(client, route, &fields), expected, "{name} by {who:?} through {route}");
            }
            let named = told(&client.post(&format!("/v1/queries/{name}"), &fields));
            assert_eq!(named, expected, "{name} by {who:?} by name");
        }
    }
}

#[test]
fn what_is_neither_an_operation_nor_a_query_is_allowed_or_not() {
    let server = shop();
    for (name, method, path, allowed) in BUILTINS {
        let route = ROUTES.iter().find(|route| route.name == name).unwrap();
        for who in CALLERS {
            let expected = match route.permission {
                Permission::Public => "ok",
                _ => who.expected(allowed, "ok"),
            };
            let mut client = who.client(&server);
            let found = match name {
                // A stream has no end.
                "events" => {
                    let own: String =
                        client.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
                    client.write(format!("GET {path} HTTP/1.1\r\nHost: x\r\n{own}\r\n").as_bytes()).unwrap();
                    let head = client.head().unwrap();
                    let length = head.header("content-length").map_or(0, |length| length.parse().unwrap());
                    told(&Answer { body: client.exactly(length), ..head })
                }
                _ => told(&client.send(method, path, &[], None).unwrap()),
            };
            assert_eq!(found, expected, "{name} by {who:?}");
        }
    }
}

#[test]
fn a_shopper_may_leave_out_the_own_user_whatever_way_it_comes() {
    let server = shop();
    let client = &mut Who::Alice.client(&server);
    let items = json!([{ "product": "pen", "quantity": 1 }]);
    assert_eq!(client.post("/v1/orders", &json!({ "items": items })).json()["user"], "alice");
    let line = json!({ "op": "order.place", "items": items });
    let result = client.lines("/v1/operations", &line.to_string()).json_lines();
    assert_eq!(result[0]["ok"]["user"], "alice", "{result:?}");
    assert_eq!(client.get("/v1/orders").json()["items"].as_array().unwrap().len(), 3);
    let named = client.post("/v1/queries/order.list", &json!({})).json();
    assert_eq!(named["items"].as_array().unwrap().len(), 3);
    // Nobody else has a user of their own.
    for who in [Who::Operator, Who::Viewer] {
        assert_eq!(who.client(&server).post("/v1/queries/cart.get", &json!({})).code(), "invalid_request");
    }
    // Neither does a shopper have a wrong one: it is refused as one that does not exist.
    for user in ["bob", "nobody"] {
        let line = json!({ "op": "cart.clear", "user": user });
        assert_eq!(by_line(client, "cart.clear", &line), "user_not_found", "{user}");
    }
}

#[test]
fn times_are_for_operators() {
    let server = shop();
    let line = json!({ "op": "user.add", "user": "old", "at": "2999-01-01T00:00:00Z" }).to_string();
    for (who, expected) in
        [(Who::Alice, "forbidden"), (Who::Viewer, "forbidden"), (Who::WithoutToken, "unauthenticated")]
    {
        let answer = who.client(&server).lines("/v1/operations?trust_time=true", &line);
        assert_eq!(told(&answer), expected, "{who:?}");
    }
    let [result] = Who::Operator
        .client(&server)
        .lines("/v1/operations?trust_time=true", &line)
        .json_lines()
        .try_into()
        .unwrap();
    assert_eq!(
        result["invalid"]["errors"][0]["detail"].as_str().unwrap().split(',').next(),
        Some("must not be in the future")
    );
}

#[test]
fn the_table_has_every_operation_every_query_and_every_route() {
    let names = |cases: &[Case]| cases.iter().map(|case| case.0).collect::<BTreeSet<_>>();
    let tokens = ["token.create", "token.revoke"];
    assert_eq!(names(&OPERATIONS), registry::operation_names().chain(tokens).collect());
    assert_eq!(names(&QUERIES), registry::query_names().collect());
    let mut routes: BTreeSet<_> = ROUTES.iter().map(|route| route.name).collect();
    for (name, _, route, _) in OPERATIONS.iter().chain(&QUERIES) {
        assert_eq!(routes.remove(name), route.is_some(), "{name}");
    }
    assert_eq!(routes, BUILTINS.iter().map(|builtin| builtin.0).collect());
}
