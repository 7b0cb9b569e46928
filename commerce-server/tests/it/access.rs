//! Tests the permissions of every route: with every token that is not allowed, and with those that are.

use commerce_core::Access;
use commerce_core::token::{Create, Digest, Revoke, Role, TokenName};
use commerce_server::route::{Permission, ROUTES, Route};
use serde_json::{Value, json};

use crate::http::{Answer, Client};
use crate::server::TestServer;

/// A request to a route, on this user and order, that succeeds for an operator.
fn request(route: &Route, user: &str, order: &str) -> (String, Option<Value>) {
    let path = route
        .path
        .replace("{query}", "product.list")
        .replace("{name}", "spare")
        .replace("{user}", user)
        .replace("{product}", "mug")
        .replace("{order}", order);
    let body = match route.name {
        "user.add" => json!({ "user": "carol" }),
        "wallet.charge" => json!({ "amount": 5 }),
        "product.add" => json!({ "product": "lamp", "name": "Lamp", "price": 1, "stock": 1 }),
        "product.update" => json!({ "price": 1_200 }),
        "stock.adjust" => json!({ "delta": 1 }),
        "cart.add" => json!({ "product": "mug", "quantity": 1 }),
        "cart.set" => json!({ "quantity": 2 }),
        "order.place" => json!({ "user": user, "items": [{ "product": "mug", "quantity": 1 }] }),
        "event.retry" => json!({ "all": true }),
        "token.create" => json!({ "name": "new", "role": "operator" }),
        "order.list" => return (format!("{path}?user={user}"), None),
        _ => return (path, None),
    };
    (path, Some(body))
}

fn ask(client: &mut Client, route: &Route, user: &str, order: &str) -> Answer {
    let (path, body) = request(route, user, order);
    let method = route.method.as_str();
    match route.name {
        // A stream never ends, so the test does not wait for its end.
        "events" => {
            client.write(head(client, &path).as_bytes()).unwrap();
            let answer = client.head().unwrap();
            match answer.status {
                200 => answer,
                _ => Answer { body: body_of(client, &answer), ..answer },
            }
        }
        _ => client.send(method, &path, &[], body.as_ref()).unwrap(),
    }
}

fn head(client: &Client, path: &str) -> String {
    let own: String = client.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{own}\r\n")
}

fn body_of(client: &mut Client, answer: &Answer) -> Vec<u8> {
    let length = answer.header("content-length").unwrap().parse().unwrap();
    client.exactly(length)
}

/// A shop with an order of alice, and the secrets of an operator, of alice and of bob.
fn shop() -> (TestServer, [String; 3]) {
    let server = TestServer::stocked();
    server.submit(
        &json!({ "op": "order.place", "user": "alice", "items": [{ "product": "mug", "quantity": 1 }] }),
    );
    server.token("spare", None);
    let tokens = [
        server.token("office", None),
        server.token("alice1", Some("alice")),
        server.token("bob1", Some("bob")),
    ];
    (server, tokens)
}

#[test]
fn requests_without_a_valid_token_are_refused() {
    let (server, [office, ..]) = shop();
    let revoked = server.token("gone", None);
    let name = TokenName::try_from("gone").unwrap();
    server.shop.submit(Revoke { name }).wait().unwrap();
    let before = server.shop.stats().operations;
    let long = "x".repeat(4_000);
    let bearer = |secret: &str| format!("Bearer {secret}");
    let presented = [
        None,
        Some(bearer(&revoked)),
        Some(bearer("unknown-unknown-unknown-unknown-unknown-123")),
        Some(bearer("")),
        Some(bearer("short")),
        Some(bearer(&long)),
        Some(bearer(&office[1..])),
        Some(bearer(&office.to_uppercase())),
        Some("Basic b2ZmaWNlOng=".into()),
        Some(office.clone()),
    ];
    for authorization in &presented {
        let mut client = server.client();
        client.headers.extend(authorization.iter().map(|value| ("Authorization".to_owned(), value.clone())));
        for route in &ROUTES {
            let answer = ask(&mut client, route, "alice", "1");
            let case = format!("{} {} with {authorization:?}: {answer:?}", route.method, route.path);
            if route.permission == Permission::Public {
                assert_eq!(answer.status, 200, "{case}");
                continue;
            }
            assert_eq!((answer.status, answer.code().as_str()), (401, "unauthenticated"), "{case}");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{case}");
            assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{case}");
        }
    }
    // `/readyz` performs an operation of its own, at most once a second.
    let done = server.shop.stats().operations - before;
    assert!(done < 60, "{done} operations were decided for strangers");
    assert_eq!(server.client().get("/v1/nothing").status, 404);
    let twice = format!(
        "GET /v1/products HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {office}\r\nAuthorization: Bearer {office}\r\n\r\n"
    );
    assert_eq!(server.client().raw(twice.as_bytes(), false).unwrap().status, 400);
}

#[test]
fn shoppers_see_only_their_own_data() {
    let (server, [_, alice, bob]) = shop();
    let mut client = server.client().bearer(&bob);
    for route in &ROUTES {
        let answer = ask(&mut client, route, "alice", "1");
        let case = format!("{} {} by bob: {answer:?}", route.method, route.path);
        let like_nothing = |client: &mut Client| {
            let none = ask(client, route, "nobody", "77");
            let plain = |answer: &Answer| {
                let mut problem = answer.json();
                problem["request_id"] = Value::Null;
                problem.to_string().replace("nobody", "alice").replace("77", "1")
            };
            assert_eq!((plain(&answer), answer.status), (plain(&none), 404), "{case} but {none:?}");
        };
        match route.permission {
            Permission::Public
            | Permission::AnyToken
            | Permission::Operation(Access::Catalogue)
            | Permission::Query(Access::Catalogue) => assert_eq!(answer.status, 200, "{case}"),
            Permission::Operation(Access::Operator) | Permission::Query(Access::Operator) => {
                assert_eq!((answer.status, answer.code().as_str()), (403, "forbidden"), "{case}");
            }
            Permission::Operation(Access::OwnUser) | Permission::Query(Access::OwnUser) => {
                assert_eq!(answer.code(), "user_not_found", "{case}");
                like_nothing(&mut client);
            }
            Permission::Operation(Access::OwnOrder) | Permission::Query(Access::OwnOrder) => {
                assert_eq!(answer.code(), "order_not_found", "{case}");
                like_nothing(&mut client);
            }
        }
    }
    assert_eq!(server.client().bearer(&bob).get("/v1/orders").json()["items"], json!([]));

    let mut client = server.client().bearer(&alice);
    for route in ROUTES.iter().filter(|route| {
        matches!(
            route.permission,
            Permission::Operation(Access::OwnUser | Access::OwnOrder)
                | Permission::Query(Access::OwnUser | Access::OwnOrder)
        )
    }) {
        // Restores the cart that the last request emptied.
        server.submit(&json!({ "op": "cart.set", "user": "alice", "product": "mug", "quantity": 1 }));
        let answer = ask(&mut client, route, "alice", "1");
        assert_eq!(answer.status, route.status.as_u16(), "{} by alice: {answer:?}", route.path);
    }
    let charge = client.post("/v1/users/alice/charges", &json!({ "amount": 1_000_000 }));
    assert_eq!(charge.status, 403, "nobody charges oneself");
    let placed = client.post("/v1/orders", &json!({ "items": [{ "product": "pen", "quantity": 1 }] }));
    assert_eq!(placed.json()["user"], "alice", "the user is implied");
    let own = client.get("/v1/orders").json();
    assert!(own["items"].as_array().unwrap().iter().all(|order| order["user"] == "alice"), "{own}");
}

#[test]
fn operators_may_do_everything() {
    let (server, [office, ..]) = shop();
    for route in &ROUTES {
        server.submit(&json!({ "op": "cart.set", "user": "alice", "product": "mug", "quantity": 1 }));
        let answer = ask(&mut server.client().bearer(&office), route, "alice", "1");
        assert_eq!(answer.status, route.status.as_u16(), "{} {}: {answer:?}", route.method, route.path);
    }
}

#[test]
fn viewers_read_everything_and_change_nothing() {
    let (server, [office, ..]) = shop();
    let secret = "v".repeat(43);
    let name = TokenName::try_from("audit").unwrap();
    let create = Create::new(name, Role::Viewer, None, Digest::of(&secret)).unwrap();
    server.shop.submit(create).wait().unwrap();
    let orders = |server: &TestServer| server.client().bearer(&office).get("/v1/orders").json();
    let before = orders(&server);
    for route in &ROUTES {
        let answer = ask(&mut server.client().bearer(&secret), route, "alice", "1");
        let case = format!("{} {}: {answer:?}", route.method, route.path);
        if let Permission::Operation(_) = route.permission {
            assert_eq!((answer.status, answer.code().as_str()), (403, "forbidden"), "{case}");
        } else {
            assert_eq!(answer.status, route.status.as_u16(), "{case}");
        }
    }
    assert_eq!(orders(&server), before);
}

#[test]
fn a_revoked_token_is_refused_at_once_also_where_it_was_just_used() {
    let (server, [_, alice, _]) = shop();
    let mut client = server.client().bearer(&alice);
    for round in 0..20 {
        assert_eq!(client.get("/v1/products/mug").status, 200, "round {round}");
    }
    // Through another handle on the same file, as another process would.
    let other = commerce_core::Commerce::open(
        server.shop.location().clone(),
        commerce_core::Options::new(commerce_core::SystemClock),
    )
    .unwrap();
    let name = commerce_core::token::TokenName::try_from("alice1").unwrap();
    other.submit(commerce_core::token::Revoke { name }).wait().unwrap();
    assert_eq!(client.get("/v1/products/mug").status, 401);
}

#[test]
fn without_tokens_this_machine_may_do_everything_but_no_page_of_another_origin() {
    let server = TestServer::stocked();
    let mut client = server.client();
    assert_eq!(client.get("/v1/users/alice/balance").status, 200);
    let own = format!("http://{}", server.address);
    for (name, value, status) in [
        ("Origin", "https://evil.example", 401),
        ("Origin", "null", 401),
        ("Origin", own.as_str(), 200),
        ("Authorization", "Bearer x", 401),
    ] {
        let answer = client.send("GET", "/v1/users/alice/balance", &[(name, value)], None).unwrap();
        assert_eq!(answer.status, status, "{name}: {value}");
    }
    for (host, status) in [("evil.example", 401), ("localhost", 200), ("[::1]:80", 200), ("127.0.0.1", 200)] {
        let text = format!("GET /v1/users/alice/balance HTTP/1.1\r\nHost: {host}\r\n\r\n");
        assert_eq!(client.raw(text.as_bytes(), false).unwrap().status, status, "{host}");
    }
    server.token("first", None);
    assert_eq!(client.get("/v1/users/alice/balance").status, 401, "from the first token on");
}

#[test]
fn without_a_token_the_server_listens_only_on_loopback() {
    let server = TestServer::new();
    let serve = |shop: &commerce_core::Commerce| {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let everywhere = std::net::SocketAddr::from(([0, 0, 0, 0], 0));
        let options = commerce_server::Options::new(shop.clone(), vec![everywhere]);
        runtime.block_on(commerce_server::serve(options, std::future::ready(())))
    };
    let told = serve(&server.shop).expect_err("a refusal to listen").to_string();
    assert!(told.contains("no token"), "{told}");
    server.token("first", None);
    serve(&server.shop).expect("to listen");
}

#[test]
fn an_impossible_order_number_is_invalid_everywhere() {
    let (server, [office, alice, _]) = shop();
    for secret in [&office, &alice] {
        let mut client = server.client();
        client.headers.push(("Authorization".into(), format!("Bearer {secret}")));
        for order in ["0", "-1", "x"] {
            assert_eq!(client.get(&format!("/v1/orders/{order}")).status, 400, "{order}");
            let path = format!("/v1/orders/{order}/cancel");
            assert_eq!(client.send("POST", &path, &[], None).unwrap().status, 400, "{order}");
        }
    }
}
