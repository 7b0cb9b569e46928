//! Tests invalid requests, hand-written and random: each gets the right status, none panics, and no memory stays
//! allocated.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use crate::http::Client;
use crate::server::{OwnProcess, TestServer};

#[test]
fn each_fault_has_its_status() {
    let server = TestServer::stocked();
    let json = "Content-Type: application/json\r\n";
    for (method, path, headers, body, status, code) in [
        ("POST", "/v1/users", "", "{\"user\":\"x\"}", 415, "unsupported_media_type"),
        ("POST", "/v1/users", "Content-Type: text/plain\r\n", "{}", 415, "unsupported_media_type"),
        (
            "POST",
            "/v1/users",
            "Content-Type: application/json-patch+json\r\n",
            "{}",
            415,
            "unsupported_media_type",
        ),
        (
            "POST",
            "/v1/users",
            "Content-Type: application/json; charset=latin1\r\n",
            "{}",
            415,
            "unsupported_media_type",
        ),
        (
            "POST",
            "/v1/users",
            "Content-Type: application/json; charset=UTF-8\r\n",
            "{}",
            400,
            "invalid_request",
        ),
        ("POST", "/v1/users", "Content-Type: APPLICATION/JSON\r\n", "{}", 400, "invalid_request"),
        (
            "POST",
            "/v1/users",
            "Content-Type: application/json\r\nContent-Encoding: gzip\r\n",
            "{}",
            415,
            "unsupported_media_type",
        ),
        (
            "POST",
            "/v1/users",
            "Content-Type: application/json\r\nContent-Type: application/json\r\n",
            "{}",
            400,
            "invalid_request",
        ),
        ("POST", "/v1/users", "Content-Type: \u{e9}\r\n", "{}", 400, "invalid_request"),
        ("POST", "/v1/users", json, "", 400, "invalid_request"),
        ("POST", "/v1/users", json, "[]", 400, "invalid_request"),
        ("POST", "/v1/users", json, "null", 400, "invalid_request"),
        ("POST", "/v1/users", json, "{\"user\":\"x\"", 400, "invalid_request"),
        ("POST", "/v1/users", json, "{\"user\":\"x\"} {}", 400, "invalid_request"),
        ("POST", "/v1/users", json, "{\"user\":\"x\",\"user\":\"y\"}", 400, "invalid_request"),
        ("POST", "/v1/users", json, "{\"user\":\"x\",\"op\":\"user.add\"}", 400, "invalid_request"),
        (
            "POST",
            "/v1/users",
            json,
            "{\"user\":\"x\",\"at\":\"2020-01-01T00:00:00Z\"}",
            400,
            "invalid_request",
        ),
        ("POST", "/v1/users", json, "{\"user\":\"\u{0}\"}", 400, "invalid_request"),
        ("POST", "/v1/users?user=x", json, "{\"user\":\"x\"}", 400, "invalid_request"),
        (
            "POST",
            "/v1/users/alice/charges",
            json,
            "{\"user\":\"alice\",\"amount\":1}",
            400,
            "invalid_request",
        ),
        ("POST", "/v1/users/alice/charges", json, "{\"amount\":1e99}", 400, "invalid_request"),
        (
            "POST",
            "/v1/orders",
            json,
            "{\"user\":\"alice\",\"items\":[{\"product\":\"no\",\"quantity\":1}]}",
            404,
            "product_not_found",
        ),
        (
            "POST",
            "/v1/orders",
            json,
            "{\"user\":\"bob\",\"items\":[{\"product\":\"pen\",\"quantity\":1}]}",
            402,
            "insufficient_balance",
        ),
        (
            "PUT",
            "/v1/users/alice/cart/items/mug",
            json,
            "{\"items\":[{\"product\":\"pen\",\"quantity\":1}]}",
            400,
            "invalid_request",
        ),
        ("DELETE", "/v1/users/alice/cart", json, "{\"products\":[\"mug\"]}", 400, "invalid_request"),
        ("GET", "/v1/products?limit=0", "", "", 400, "invalid_request"),
        ("GET", "/v1/products?limit=01", "", "", 400, "invalid_request"),
        ("GET", "/v1/products?limit=%2B5", "", "", 400, "invalid_request"),
        ("GET", "/v1/products?limit=5&limit=5", "", "", 400, "invalid_request"),
        ("GET", "/v1/products?limit=%zz", "", "", 400, "invalid_request"),
        ("GET", "/v1/products?limit=%ff", "", "", 400, "invalid_request"),
        ("GET", "/v1/products?active=1", "", "", 400, "invalid_request"),
        ("GET", "/v1/products?cursor=abc", "", "", 400, "invalid_request"),
        ("GET", "/v1/products?colour=red", "", "", 400, "invalid_request"),
        ("GET", "/v1/products/mug?x", "", "", 400, "invalid_request"),
        ("GET", "/v1/products/mug?product=pen", "", "", 400, "invalid_request"),
        ("GET", "/livez?x=1", "", "", 400, "invalid_request"),
        ("GET", "/v1/orders/0", "", "", 400, "invalid_request"),
        ("GET", "/v1/orders/1.0", "", "", 400, "invalid_request"),
        ("GET", "/v1/orders/01", "", "", 400, "invalid_request"),
        ("GET", "/v1/orders/99999999999999999999", "", "", 400, "invalid_request"),
        ("GET", "/v1/users/a%20b", "", "", 400, "invalid_request"),
        ("GET", "/v1/users/%00", "", "", 400, "invalid_request"),
        ("GET", "/v1/users/%ff", "", "", 400, "invalid_request"),
        ("GET", "/v1/users/a%2Fcart", "", "", 400, "invalid_request"),
        ("GET", "/v1/users/..%2Falice", "", "", 400, "invalid_request"),
        ("GET", "/v1/users/alice/../bob", "", "", 404, "not_found"),
        ("GET", "/v1/users/..", "", "", 404, "user_not_found"),
        ("GET", "//v1/users/alice", "", "", 404, "not_found"),
        ("GET", "/v1//users/alice", "", "", 404, "not_found"),
        ("GET", "/v1/users/alice/", "", "", 404, "not_found"),
        ("GET", "/v1/users/", "", "", 404, "not_found"),
        ("GET", "/V1/users/alice", "", "", 404, "not_found"),
        ("GET", "/v1/users/alice;x=1", "", "", 400, "invalid_request"),
        ("GET", "/", "", "", 404, "not_found"),
        ("GET", "/etc/passwd", "", "", 404, "not_found"),
        ("PUT", "/v1/users", json, "{}", 405, "method_not_allowed"),
        ("BREW", "/v1/users", "", "", 405, "method_not_allowed"),
        ("TRACE", "/v1/products/mug", "", "", 405, "method_not_allowed"),
        ("DELETE", "/livez", "", "", 405, "method_not_allowed"),
    ] {
        let text = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = server.client().raw(text.as_bytes(), false).unwrap_or_else(|e| panic!("{text}: {e}"));
        let case = format!("{method} {path} {headers:?} {body}: {answer:?}");
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{case}");
        let problem = answer.json();
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{case}");
        assert_eq!(problem["status"], status, "{case}");
        assert_eq!(problem["request_id"].as_str(), answer.header("x-request-id"), "{case}");
        assert_eq!(code == "invalid_request", problem["errors"][0]["pointer"].is_string(), "{case}");
        assert_eq!(status == 405, answer.header("allow").is_some(), "{case}");
    }
    // Input that is not HTTP gets the protocol's own error.
    for text in [
        "GET /livez\r\n\r\n",
        "GET /livez HTTP/9.9\r\n\r\n",
        "GET  /livez HTTP/1.1\r\n\r\n",
        "G\0T /livez HTTP/1.1\r\n\r\n",
        "GET /livez HTTP/1.1\r\nHost : x\r\n\r\n",
        "GET /livez HTTP/1.1\r\nX: a\r\n b\r\n\r\n",
        "POST /v1/users HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
        "POST /v1/users HTTP/1.1\r\nContent-Length: -1\r\n\r\n{}",
        "\x16\x03\x01\x02\0\x01\0\x01\u{fc}\x03\x03\r\n\r\n",
    ] {
        let answer = server.client().raw(text.as_bytes(), false);
        assert!(
            answer.as_ref().map_or(true, |answer| (400..=505).contains(&answer.status)),
            "{text:?}: {answer:?}"
        );
    }
    let long = format!("GET /livez HTTP/1.1\r\nX-Long: {}\r\n\r\n", "x".repeat(1 << 20));
    let mut client = server.client();
    // The server may stop reading before everything is written.
    let _ = client.write(long.as_bytes());
    assert!(client.read(false).map_or(true, |answer| answer.status == 431));
    assert_eq!(server.client().get("/v1/users/alice/balance").json()["balance"], 100_000);
}

/// Parts of requests, valid and invalid.
const METHODS: [&str; 8] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "BREW", "OPTIONS"];
const PATHS: [&str; 16] = [
    "/v1/orders",
    "/v1/products",
    "/v1/users",
    "/alice",
    "/mug",
    "/cart",
    "/items",
    "/%00",
    "/..",
    "/%C3%28",
    "?limit=",
    "99999999999999999999",
    "&",
    "=",
    "/v1/orders/1/cancel",
    "%",
];
const HEADERS: [&str; 12] = [
    "Content-Type: application/json",
    "Content-Type: text/html",
    "Authorization: Bearer ",
    "Authorization: Bearer x",
    "Idempotency-Key: k",
    "Idempotency-Key: \u{e9}",
    "If-None-Match: *",
    "Last-Event-ID: -1",
    "X-Request-Id: \u{e9}",
    "Accept-Encoding: gzip",
    "Expect: 200-ok",
    "Origin: null",
];
const BODIES: [&str; 14] = [
    "{\"user\":\"alice\"",
    ",\"items\":[{}]",
    "}",
    "[[[[[[[[[[[[[[[[",
    "null",
    "\u{0}",
    "\u{fffd}",
    "{\"amount\":1e999}",
    "\"",
    "{}",
    "{\"a\":1,\"a\":2}",
    "-",
    "{\"price\":-1,\"name\":\"\\ud800\"}",
    "1",
];

struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }

    fn some(&mut self, pieces: &[&str], most: usize) -> String {
        (0..self.below(most + 1)).map(|_| pieces[self.below(pieces.len())]).collect()
    }

    /// A request that is valid HTTP with random content.
    fn framed(&mut self) -> Vec<u8> {
        let method = METHODS[self.below(METHODS.len())];
        let (path, body) = (self.some(&PATHS, 4), self.some(&BODIES, 4));
        let headers: String =
            (0..self.below(4)).map(|_| self.some(&HEADERS, 1) + "\r\n").filter(|h| h.len() > 2).collect();
        format!(
            "{method} /{path} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    }

    /// A request with some bytes lost, changed or doubled.
    fn broken(&mut self) -> Vec<u8> {
        let mut text = self.framed();
        for _ in 0..=self.below(4) {
            let (place, other) = (self.below(text.len()), self.below(text.len()));
            match self.below(3) {
                0 => drop(text.remove(place)),
                1 => text[place] = self.below(256) as u8,
                _ => text.insert(place, text[other]),
            }
        }
        text
    }
}

/// Sends random requests, `at_a_time` on one connection, and returns the number of answers.
fn send(address: std::net::SocketAddr, seed: u64, requests: usize, at_a_time: usize) -> usize {
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut answered = 0;
    for _ in 0..requests / at_a_time {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let make = |random: &mut Random| if at_a_time == 1 { random.broken() } else { random.framed() };
        let text: Vec<u8> = (0..at_a_time).flat_map(|_| make(&mut random)).collect();
        // The server may close the connection at any time.
        let _ = stream.write_all(&text);
        let _ = stream.shutdown(Shutdown::Write);
        let mut told = Vec::new();
        let _ = stream.read_to_end(&mut told);
        let told = String::from_utf8_lossy(&told);
        assert!(
            !told.contains("HTTP/1.1 5"),
            "seed {seed}: {told}\nafter {}",
            String::from_utf8_lossy(&text)
        );
        answered += told.matches("HTTP/1.1 ").count();
    }
    answered
}

#[test]
fn a_hundred_thousand_malformed_requests_leave_no_trace() {
    let server = OwnProcess::start();
    let address = server.address;
    send(address, 1, 5_000, 50);
    let before = server.resident();
    let answered: usize = std::thread::scope(|scope| {
        let framed = (2..4).map(|seed| scope.spawn(move || send(address, seed, 45_000, 50)));
        let broken = (4..6).map(|seed| scope.spawn(move || send(address, seed, 5_000, 1)));
        let all: Vec<_> = framed.chain(broken).collect();
        all.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert!(answered > 60_000, "only {answered} were answered");
    let grown = server.resident().saturating_sub(before);
    assert!(grown < 32 << 20, "{grown} bytes more than before");
    let mut client = Client::connect(address).unwrap();
    assert_eq!(client.get("/v1/users/alice/balance").json()["balance"], 100_000);
    server.end_well();
}
