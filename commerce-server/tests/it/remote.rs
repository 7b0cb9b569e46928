//! Tests a server on a libSQL server: how many requests each request costs, and that answers and rights are as fresh as
//! promised, whichever instance changed what they depend on.

use std::time::{Duration, Instant};

use commerce_core::outbox::{Lag, Relay, relay, sink};
use commerce_core::token::{Create, Digest, Revoke, TokenName};
use commerce_core::{Commerce, Currency, Options, SystemClock};
use serde_json::json;

use crate::http::{Answer, Client};
use crate::proxy::Proxy;
use crate::server::TestServer;
use crate::sqld::{Sqld, free_port};
use crate::system::until;

/// A server whose store is on a libSQL server, with a proxy between them that counts requests.
pub struct Remote {
    pub server: TestServer,
    pub proxy: Proxy,
    pub sqld: Sqld,
}

impl Remote {
    pub fn stocked() -> Self {
        Self::with(|store| store, |options| options)
    }

    pub fn with(
        store: impl FnOnce(Options) -> Options,
        options: impl FnOnce(commerce_server::Options) -> commerce_server::Options,
    ) -> Self {
        let sqld = Sqld::start();
        let proxy = Proxy::to(sqld.port);
        let won = Currency::try_from("KRW").unwrap();
        let store = store(Options::new(SystemClock).readers(commerce_server::readers(2)));
        let server = TestServer::of(Commerce::create(location(&proxy.url()), won, store).unwrap(), options);
        server.stock();
        Self { server, proxy, sqld }
    }

    /// Another instance on the same store.
    fn other(&self) -> Commerce {
        Commerce::open(location(&self.sqld.url()), Options::new(SystemClock)).unwrap()
    }

    /// How many requests the server sends to the libSQL server for each of many repetitions, without those that it sends
    /// however few requests it gets.
    fn cost(&self, mut repeat: impl FnMut(usize)) -> usize {
        const TIMES: usize = 60;
        let (before, begun) = (self.proxy.requests(), Instant::now());
        (0..TIMES).for_each(&mut repeat);
        let (requests, idle) = (self.proxy.requests() - before, idle_requests(begun.elapsed()));
        assert!(idle < TIMES / 2, "too slow to tell the requests apart");
        assert!(requests % TIMES <= idle, "{requests} requests for {TIMES}, and at most {idle} of its own");
        requests / TIMES
    }
}

fn location(url: &str) -> commerce_core::Location {
    url.parse().unwrap()
}

/// The most requests that a server sends of its own in a time: two a second, and what is on its way at the ends.
fn idle_requests(time: Duration) -> usize {
    (time.as_millis() / 500) as usize + 2
}

fn ok(answer: &Answer) {
    assert!((200..300).contains(&answer.status) || answer.status == 304, "{answer:?}");
}

#[test]
fn each_request_costs_its_round_trips() {
    let remote = Remote::stocked();
    let server = &remote.server;
    let order = |client: &mut Client, round: usize| {
        let body = json!({ "user": "alice", "items": [{ "product": "pen", "quantity": 1 }] });
        let key = format!("{round}-{}", client.headers.len());
        ok(&client.send("POST", "/v1/orders", &[("Idempotency-Key", &key)], Some(&body)).unwrap());
    };
    for case in ["without a token", "with a token"] {
        let mut client = server.client();
        if case == "with a token" {
            let token = server.token("office", None);
            client = client.bearer(&token);
            ok(&client.get("/v1/products/mug"));
        }
        assert_eq!(remote.cost(|round| order(&mut client, round)), 2, "an order {case}");
        for path in [
            "/v1/products/mug",
            "/v1/products",
            "/v1/products?search=mug&limit=3",
            "/v1/users/alice",
            "/v1/users/alice/balance",
            "/v1/users/alice/cart",
            "/v1/orders",
            "/v1/orders/1",
        ] {
            assert_eq!(remote.cost(|_| ok(&client.get(path))), 1, "{path} {case}");
        }
        let etag = client.get("/v1/products/mug").header("etag").unwrap().to_owned();
        let known = |client: &mut Client| {
            client.send("GET", "/v1/products/mug", &[("If-None-Match", &etag)], None).unwrap().status
        };
        assert_eq!(remote.cost(|_| assert_eq!(known(&mut client), 304)), 1, "304 {case}");
        let changed = remote.cost(|round| {
            let body = json!({ "quantity": round % 9 + 1 });
            ok(&client.send("PUT", "/v1/users/alice/cart/items/pen", &[], Some(&body)).unwrap());
            let cart = client.get("/v1/users/alice/cart").json();
            assert_eq!(cart["lines"][0]["quantity"], round % 9 + 1, "{cart}");
        });
        assert_eq!(changed, 3, "a change of the cart and a look at it {case}");
    }
    let mut shopper = server.client().bearer(&server.token("alice1", Some("alice")));
    ok(&shopper.get("/v1/orders/1"));
    for path in ["/v1/orders/1", "/v1/orders", "/v1/users/alice/cart", "/v1/products/mug"] {
        assert_eq!(remote.cost(|_| ok(&shopper.get(path))), 1, "{path} for a shopper");
    }
    // Lines share groups, each of which costs two requests or a few.
    let line = json!({ "op": "cart.set", "user": "alice", "product": "pen", "quantity": 1 });
    let (text, before) = (format!("{line}\n").repeat(300), remote.proxy.requests());
    assert_eq!(shopper.lines("/v1/operations", &text).json_lines().len(), 300);
    let requests = remote.proxy.requests() - before;
    assert!(requests < 60, "{requests} requests for 300 lines");
    // Whose the order is belongs to the decision.
    let cancelled = remote.cost(|_| {
        let body = json!({ "items": [{ "product": "pen", "quantity": 1 }] });
        let order = shopper.post("/v1/orders", &body).json()["order"].to_string();
        ok(&shopper.send("POST", &format!("/v1/orders/{order}/cancel"), &[], None).unwrap());
    });
    assert_eq!(cancelled, 4, "an order and its cancelling for a shopper");
}

#[test]
fn requests_in_flight_share_their_questions() {
    const CLIENTS: usize = 64;
    let remote = Remote::stocked();
    let address = remote.server.address;
    let mut first = remote.server.client();
    ok(&first.get("/v1/products/mug"));
    // Repeated, since the version is known only once it was asked for.
    ok(&first.get("/v1/products/mug"));
    let before = remote.proxy.requests();
    remote.sqld.freeze();
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..CLIENTS)
            .map(|_| scope.spawn(move || Client::connect(address).unwrap().get("/v1/products/mug").status))
            .collect();
        std::thread::sleep(Duration::from_millis(500));
        remote.sqld.thaw();
        assert!(all.into_iter().all(|client| client.join().unwrap() == 200));
    });
    let requests = remote.proxy.requests() - before;
    assert!(requests < CLIENTS / 4, "{requests} requests for {CLIENTS} at the same time");
}

#[test]
fn answers_show_what_another_instance_has_just_committed() {
    let remote = Remote::stocked();
    let other = TestServer::of(remote.other(), |options| options);
    changes_show_at_once(&remote.server, &other);
}

#[test]
fn answers_from_a_replica_show_what_another_instance_has_just_committed() {
    let grpc = format!("127.0.0.1:{}", free_port());
    let primary = Sqld::start_with(&["--grpc-listen-addr", &grpc]);
    let replica = Sqld::start_unconfigured(&["--primary-grpc-url", &format!("http://{grpc}")]);
    let won = Currency::try_from("KRW").unwrap();
    let shop = Commerce::create(location(&primary.url()), won, Options::new(SystemClock)).unwrap();
    let server = TestServer::of(shop, |options| options);
    server.stock();
    let way = Proxy::to(replica.port);
    let other = location(&primary.url()).read_from(&way.url()).unwrap();
    let other = TestServer::of(Commerce::open(other, Options::new(SystemClock)).unwrap(), |options| options);
    changes_show_at_once(&server, &other);
    assert!(way.requests() > 0, "nobody asked the replica");
}

/// Changes a product by one server, and reads it by the other, in turns.
fn changes_show_at_once(one: &TestServer, two: &TestServer) {
    let (mut one, mut two) = (one.client(), two.client());
    for price in 1..=60 {
        let (from, to) = if price % 2 == 0 { (&mut one, &mut two) } else { (&mut two, &mut one) };
        // Cached on the side that will be asked.
        ok(&to.get("/v1/products/mug"));
        let known = to.get("/v1/products/mug").header("etag").unwrap().to_owned();
        let body = json!({ "price": price });
        ok(&from.send("PATCH", "/v1/products/mug", &[], Some(&body)).unwrap());
        // Never asked before, and asked before.
        let listed = to.get(&format!("/v1/products?search=mug&limit={price}")).json();
        assert_eq!(listed["items"][0]["price"], price, "{listed}");
        let seen = to.send("GET", "/v1/products/mug", &[("If-None-Match", &known)], None).unwrap();
        assert_eq!((seen.status, &seen.json()["price"]), (200, &json!(price)));
    }
}

#[test]
fn a_token_that_another_instance_revokes_is_refused_in_time() {
    let remote = Remote::stocked();
    let secret = remote.server.token("office", None);
    let mut client = remote.server.client().bearer(&secret);
    ok(&client.get("/v1/users/alice/balance"));
    let name = TokenName::try_from("office").unwrap();
    let mut live = stream(remote.server.client().bearer(&secret));
    remote.other().submit(Revoke { name }).wait().unwrap();
    refused_in_time(&mut client);
    while live.line().expect("an orderly end") != "0" {}
}

#[test]
fn the_first_token_of_another_instance_ends_local_access_in_time() {
    let remote = Remote::stocked();
    let mut client = remote.server.client();
    ok(&client.get("/v1/users/alice/balance"));
    let mut live = stream(remote.server.client());
    let create = Create::operator(TokenName::try_from("first").unwrap(), Digest::of("secret"));
    remote.other().submit(create).wait().unwrap();
    refused_in_time(&mut client);
    while live.line().expect("an orderly end") != "0" {}
}

/// Waits until a client is refused, which takes a second at the most, and the time that a slow machine adds.
fn refused_in_time(client: &mut Client) {
    let begun = Instant::now();
    until("the client is refused", || client.get("/v1/users/alice/balance").status == 401);
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

#[test]
fn a_token_that_is_not_known_is_looked_up_once() {
    let remote = Remote::stocked();
    remote.server.token("office", None);
    let mut stranger = remote.server.client().bearer("unknown-unknown-unknown-unknown-unknown-123");
    until("the first token counts", || stranger.get("/v1/users/alice").code() == "unauthenticated");
    let asked = remote.cost(|_| assert_eq!(stranger.get("/v1/users/alice").status, 401));
    assert_eq!(asked, 0);
    // A token that is made later is known at once, if nobody has tried it before.
    let secret = remote.server.token("desk", None);
    ok(&remote.server.client().bearer(&secret).get("/v1/users/alice"));
}

#[test]
fn an_idle_server_with_streams_and_a_relay_sends_two_requests_a_second() {
    let remote = Remote::stocked();
    let folder = tempfile::tempdir().unwrap();
    let to = format!("file:{}", folder.path().join("events.jsonl").display());
    let sink = sink::open(&to, &sink::Settings::default()).unwrap().unwrap();
    let _relay = Relay::start(&remote.server.shop, sink, relay::Options::default()).unwrap();
    until("everything is delivered", || remote.server.shop.query(&Lag).unwrap().pending == 0);
    let _streams: Vec<_> = (0..3).map(|_| stream(remote.server.client())).collect();
    // Each stream has looked for events, and the relay has let go of its lease.
    std::thread::sleep(Duration::from_secs(2));
    let (before, begun) = (remote.proxy.requests(), Instant::now());
    std::thread::sleep(Duration::from_secs(6));
    let (requests, most) = (remote.proxy.requests() - before, idle_requests(begun.elapsed()));
    assert!(requests <= most, "{requests} requests in {:?}", begun.elapsed());
    assert!(requests > most / 4, "the server still looks for what others commit: {requests} requests");
}

#[test]
fn streams_ask_twice_a_second_however_much_is_committed() {
    let remote = Remote::stocked();
    let _streams: Vec<_> = (0..3).map(|_| stream(remote.server.client())).collect();
    let mut client = remote.server.client();
    std::thread::sleep(Duration::from_secs(1));
    let (before, begun, mut rounds) = (remote.proxy.requests(), Instant::now(), 0);
    while begun.elapsed() < Duration::from_secs(3) {
        ok(&client.post("/v1/users/bob/charges", &json!({ "amount": 1 })));
        // The second is answered from the cache, for which the server asks for the version.
        (0..2).for_each(|_| ok(&client.get("/v1/products/mug")));
        rounds += 1;
    }
    let requests = remote.proxy.requests() - before;
    // A look for events is two requests, for each of three streams, and one question for the version serves all. Streams
    // that looked at each commit would send six more a round; half a request is left to groups that are sent again.
    let most = 4 * rounds + rounds / 2 + 7 * idle_requests(begun.elapsed());
    assert!(requests <= most, "{requests} requests, of which {} are the client's", 4 * rounds);
}

/// Opens a stream of events.
pub fn stream(mut client: Client) -> Client {
    let own: String = client.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    client.write(format!("GET /v1/events HTTP/1.1\r\nHost: localhost\r\n{own}\r\n").as_bytes()).unwrap();
    let head = client.head().unwrap();
    assert_eq!(head.status, 200, "{head:?}");
    client
}
