//! Tests what HTTP adds to operations and queries: tags, ids, compression, TLS, rate limits, other origins, and an orderly
//! shutdown.

use std::sync::Arc;
use std::time::Duration;

use commerce_core::{Options as StoreOptions, SystemClock};
use commerce_server::TlsFiles;
use serde_json::json;

use crate::http::{Answer, Client};
use crate::server::TestServer;

fn with(client: &mut Client, path: &str, name: &str, value: &str) -> Answer {
    client.send("GET", path, &[(name, value)], None).expect("an answer")
}

#[test]
fn a_client_with_the_current_answer_gets_304() {
    let server = TestServer::stocked();
    server.submit(
        &json!({ "op": "order.place", "user": "alice", "items": [{ "product": "mug", "quantity": 1 }] }),
    );
    let mut client = server.client();
    let paths = ["/v1/products/mug", "/v1/products?limit=1", "/v1/products/top", "/v1/users/alice/cart"];
    for (number, path) in paths.into_iter().enumerate() {
        let tag = client.get(path).header("etag").expect("a tag").to_owned();
        for round in 0..3 {
            let answer = with(&mut client, path, "If-None-Match", &tag);
            assert_eq!((answer.status, answer.body.len()), (304, 0), "{path}, round {round}");
            assert_eq!(answer.header("etag"), Some(tag.as_str()));
        }
        assert_eq!(with(&mut client, path, "If-None-Match", "W/\"0\"").status, 200);
        // Any commit may change the answer. Only a commit that does changes the tag.
        server.submit(&json!({ "op": "user.add", "user": format!("u{number}") }));
        assert_eq!(with(&mut client, path, "If-None-Match", &tag).status, 304, "{path}");
        server.submit(&json!({ "op": "cart.add", "user": "alice", "product": "mug", "quantity": 1 }));
        server.submit(
            &json!({ "op": "order.place", "user": "alice", "items": [{ "product": "mug", "quantity": 1 }] }),
        );
        let answer = with(&mut client, path, "If-None-Match", &tag);
        assert_eq!(answer.status, 200, "{path}");
        assert_ne!(answer.header("etag"), Some(tag.as_str()));
    }
    let gone = with(&mut client, "/v1/products/no", "If-None-Match", "*");
    assert_eq!(gone.status, 404);
}

#[test]
fn requests_have_ids() {
    let server = TestServer::new();
    let mut client = server.client();
    assert_eq!(with(&mut client, "/livez", "X-Request-Id", "mine-1").header("x-request-id"), Some("mine-1"));
    let problem = with(&mut client, "/v1/nothing", "X-Request-Id", "mine-2");
    assert_eq!(problem.json()["request_id"], "mine-2");
    let made: Vec<_> =
        (0..3).map(|_| client.get("/livez").header("x-request-id").expect("an id").to_owned()).collect();
    assert!(made[0] != made[1] && made[1] != made[2], "{made:?}");
    for bad in ["a b", "", &"x".repeat(129)] {
        let given = with(&mut client, "/livez", "X-Request-Id", bad);
        assert!(given.header("x-request-id").is_some_and(|id| id != bad && !id.is_empty()), "{bad}");
    }
}

#[test]
fn the_same_key_is_answered_the_same() {
    let server = TestServer::stocked();
    let mut client = server.client();
    let order = json!({ "user": "alice", "items": [{ "product": "mug", "quantity": 2 }] });
    let mut place = |body: &serde_json::Value| {
        client.send("POST", "/v1/orders", &[("Idempotency-Key", "k-1")], Some(body)).unwrap()
    };
    let (first, again) = (place(&order), place(&order));
    assert_eq!((first.status, &first.body), (201, &again.body));
    assert_eq!((again.status, again.header("idempotent-replayed")), (201, Some("true")));
    assert_eq!(first.header("idempotent-replayed"), None);
    let other = place(&json!({ "user": "alice", "items": [{ "product": "mug", "quantity": 3 }] }));
    assert_eq!((other.status, other.code().as_str()), (422, "key_reused"));
    let twice = client.send(
        "POST",
        "/v1/orders",
        &[("Idempotency-Key", "a"), ("Idempotency-Key", "b")],
        Some(&order),
    );
    assert_eq!(twice.unwrap().status, 400);
    let in_body = client.post("/v1/orders", &json!({ "user": "alice", "items": [], "key": "k" }));
    assert_eq!(in_body.json()["errors"][0]["pointer"], "/key");
}

#[test]
fn only_what_is_long_is_compressed() {
    let server = TestServer::new();
    for number in 0..100 {
        let name = format!("Product number {number}");
        server.submit(&json!({ "op": "product.add", "product": format!("p{number}"), "name": name, "price": 1, "stock": 1 }));
    }
    let mut client = server.client();
    let long = with(&mut client, "/v1/products?limit=100", "Accept-Encoding", "gzip");
    assert_eq!(long.header("content-encoding"), Some("gzip"));
    for path in ["/v1/products?limit=1", "/v1/products/p1"] {
        assert_eq!(with(&mut client, path, "Accept-Encoding", "gzip").header("content-encoding"), None);
    }
}

#[test]
fn pages_of_configured_origins_may_call() {
    let preflight = |server: &TestServer, origin: &str| {
        let headers = [("Origin", origin), ("Access-Control-Request-Method", "POST")];
        server.client().send("OPTIONS", "/v1/orders", &headers, None).unwrap()
    };
    let usual = TestServer::new();
    let refused = preflight(&usual, "https://shop.example");
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (405, None));
    let server = TestServer::with(|options| options.cors_origins(vec!["https://shop.example".into()]));
    let allowed = preflight(&server, "https://shop.example");
    assert_eq!(allowed.header("access-control-allow-origin"), Some("https://shop.example"));
    assert_eq!(allowed.header("access-control-max-age"), Some("600"));
    assert_eq!(preflight(&server, "https://evil.example").header("access-control-allow-origin"), None);
}

#[test]
fn a_client_that_asks_too_often_waits_and_others_do_not() {
    let server = TestServer::with(|options| options.rate_limit(5));
    server.stock();
    let (alice, bob) = (server.token("alice1", Some("alice")), server.token("bob1", Some("bob")));
    let mut client = server.client().bearer(&alice);
    let answers: Vec<_> = (0..50).map(|_| client.get("/v1/products/mug")).collect();
    let late = answers.iter().find(|answer| answer.status == 429).expect("a limit");
    assert_eq!((late.code().as_str(), late.header("retry-after")), ("rate_limited", Some("1")));
    assert_eq!(late.json()["retryable"], true);
    assert_eq!(answers[0].status, 200);
    assert_eq!(server.client().bearer(&bob).get("/v1/products/mug").status, 200);
    let strangers: Vec<_> = (0..50).map(|_| server.client().get("/v1/products/mug").status).collect();
    assert!(strangers.contains(&401) && strangers.contains(&429), "{strangers:?}");
    assert_eq!(server.client().get("/livez").status, 200, "health is never counted");
}

#[test]
fn a_full_queue_is_reported_at_once() {
    let server = TestServer::on(StoreOptions::new(SystemClock).queue(0), |options| options);
    let answer = server.client().post("/v1/users", &json!({ "user": "alice" }));
    assert_eq!((answer.status, answer.code().as_str()), (503, "busy"));
    assert_eq!((answer.header("retry-after"), &answer.json()["retryable"]), (Some("1"), &json!(true)));
    assert_eq!(server.client().get("/readyz").status, 503);
    assert_eq!(server.client().get("/livez").status, 200);
}

#[test]
fn a_request_that_failed_is_found_in_the_log_by_its_id_with_the_token_and_the_address() {
    let log = crate::server::log();
    let server = TestServer::on(StoreOptions::new(SystemClock), |options| options);
    let secret = server.token("office", None);
    server.stock();
    let mut client = server.client().bearer(&secret);
    let mut ask = |id: &str| client.send("GET", "/v1/users/alice", &[("X-Request-Id", id)], None).unwrap();
    assert_eq!(ask("went-well-1").status, 200);
    // Corrupts a row, as a faulty disk does.
    let store = rusqlite::Connection::open(server.path()).unwrap();
    store.execute_batch("PRAGMA foreign_keys = OFF; ALTER TABLE users RENAME TO people").unwrap();
    let failed = ask("went-wrong-1");
    assert_eq!((failed.status, failed.code().as_str()), (500, "internal"));
    assert!(!String::from_utf8_lossy(&failed.body).contains("users"), "{failed:?}");
    let log = String::from_utf8(log.lock().unwrap().clone()).unwrap();
    let line = log.lines().find(|line| line.contains("went-wrong-1")).unwrap_or_else(|| panic!("{log}"));
    for part in ["request failed", "GET", "/v1/users/alice", "500", "office", "127.0.0.1", "no such table"] {
        assert!(line.contains(part), "{part} is not in {line}");
    }
    assert!(!log.contains(&secret) && !log.contains("went-well-1"), "{log}");
}

#[test]
fn a_request_that_is_turned_away_is_in_the_log_too() {
    let log = crate::server::log();
    let server = TestServer::on(StoreOptions::new(SystemClock).queue(0), |options| options);
    let body = json!({ "user": "alice" });
    let answer =
        server.client().send("POST", "/v1/users", &[("X-Request-Id", "too-much-1")], Some(&body)).unwrap();
    assert_eq!((answer.status, answer.code().as_str()), (503, "busy"));
    let log = String::from_utf8(log.lock().unwrap().clone()).unwrap();
    assert!(log.lines().any(|line| line.contains("too-much-1") && line.contains("503")), "{log}");
}

#[test]
fn metrics_count_requests_and_operations() {
    let server = TestServer::stocked();
    let mut client = server.client();
    for _ in 0..3 {
        client.get("/v1/products/mug");
    }
    client.get("/v1/products/no");
    let text = String::from_utf8(client.get("/metrics").body).unwrap();
    for line in [
        "commerce_http_requests_total{method=\"GET\",route=\"/v1/products/{product}\",status=\"2xx\"} 3",
        "commerce_http_request_seconds_count{method=\"GET\",route=\"/v1/products/{product}\"} 4",
        "commerce_problems_total{code=\"product_not_found\"} 1",
        "commerce_operations_total 5",
        "commerce_group_operations_count 5",
        "commerce_commit_seconds_count 5",
        "commerce_queue_depth 0",
        "commerce_busy_total 0",
        "commerce_connections 1",
        "commerce_outbox_dead 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
    assert!(text.contains("commerce_outbox_lag_seconds "), "{text}");
}

#[test]
fn readiness_writes_but_not_more_than_once_a_second() {
    let server = TestServer::new();
    let mut client = server.client();
    let asked = std::time::Instant::now();
    for _ in 0..50 {
        assert_eq!(client.get("/readyz").status, 200);
    }
    let commits = server.shop.stats().commits;
    assert!(commits >= 1 && commits <= 1 + asked.elapsed().as_secs() + 1, "{commits}");
}

#[test]
fn requests_in_flight_are_answered_before_shutdown() {
    let mut server = TestServer::stocked();
    let (mut busy, mut idle) = (server.client(), server.client());
    assert_eq!(idle.get("/livez").status, 200);
    let body = json!({ "user": "alice", "items": [{ "product": "mug", "quantity": 1 }] }).to_string();
    let head = format!(
        "POST /v1/orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    busy.write(head.as_bytes()).unwrap();
    // Gives the server time to start with the request.
    std::thread::sleep(Duration::from_millis(200));
    server.begin_to_stop();
    assert!(idle.line().is_err(), "who rests is sent away");
    let refused = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        Client::connect(server.address).is_err()
    });
    assert!(refused, "nobody else is let in");
    let answer = busy.raw(body.as_bytes(), false).expect("an answer");
    assert_eq!((answer.status, &answer.json()["order"]), (201, &json!(1)));
    server.stop();
}

#[test]
fn http2_is_spoken_without_tls_too() {
    let server = TestServer::new();
    let mut client = server.client();
    client.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").unwrap();
    // The first frame of a server is its settings (RFC 9113, section 3.4).
    assert_eq!(client.exactly(9)[3], 4);
}

#[test]
fn tls_is_spoken_with_a_certificate_and_a_key() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio_rustls::rustls::crypto::ring;
    use tokio_rustls::rustls::pki_types::ServerName;
    use tokio_rustls::rustls::{ClientConfig, RootCertStore};

    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".into()]).unwrap();
    let (certificates, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificates, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let server = TestServer::with(|options| options.tls(TlsFiles { certificates, key }));

    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let told = runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
        let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
        let name = ServerName::try_from("localhost").unwrap();
        let mut stream = connector.connect(name, stream).await.expect("a handshake");
        let request = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut told = String::new();
        stream.read_to_string(&mut told).await.unwrap();
        told
    });
    assert!(told.starts_with("HTTP/1.1 200 OK"), "{told}");
    let mut plain = server.client();
    assert!(plain.send("GET", "/livez", &[], None).is_err(), "nothing is said in clear");
}
