//! Tests the limits on one client: it cannot use unlimited memory or time, nor block other clients.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use axum::http::Request;
use commerce_server::Limits;
use serde_json::{Value, json};

use crate::h2::{ask, speak};
use crate::server::{OwnProcess, TestServer};

/// The most bytes of an answer to an invalid request.
const ANSWER: usize = 16 << 10;

#[test]
fn answers_to_faults_are_short_and_list_twenty() {
    let server = TestServer::stocked();
    let mut client = server.client();
    let items =
        |item: &str, count: usize| format!("{{\"items\":[{}{item}]}}", format!("{item},").repeat(count));
    let unknown = |count: usize| (0..count).map(|n| format!("\"field-{n}\":0,")).collect::<String>();
    for (body, listed) in [
        (items("{\"x\":0}", 3_000), 20),
        (items("{}", 300_000), 1),
        (items("0", 9_000), 20),
        (format!("{{{}\"x\":0}}", unknown(40_000)), 1),
        (format!("{{{}\"x\":0}}", unknown(5_000)), 20),
        (format!("{{\"{}\":0}}", "\\u0001".repeat(100_000)), 3),
        (format!("{{\"user\":\"{}\"}}", "/".repeat(900_000)), 2),
        (format!("{{\"user\":\"u\",\"items\":[{{\"{}\":0}}]}}", "~".repeat(900_000)), 3),
        ("[".repeat(1_000_000), 1),
        (format!("{{\"{0}\":0,\"{0}\":0}}", "x".repeat(400_000)), 1),
    ] {
        let head = format!(
            "POST /v1/orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let answer = client.raw((head + &body).as_bytes(), false).unwrap();
        let case = format!("{}…: {answer:?}", &body[..40]);
        assert_eq!((answer.status, answer.code().as_str()), (400, "invalid_request"), "{case}");
        assert!(answer.body.len() < ANSWER - 1_000, "{} bytes for {case}", answer.body.len());
        assert_eq!(answer.json()["errors"].as_array().map(Vec::len), Some(listed), "{case}");
        assert_eq!(listed == 20, answer.json()["more"].is_u64(), "{case}");
    }
    let long = "%01".repeat(4_900);
    for path in [
        format!("/v1/products?{long}=1"),
        format!("/v1/products/{long}"),
        format!("/v1/products?limit={long}"),
        format!("/v1/products/mug?{}", "x=1&".repeat(3_000)),
        format!("/{long}"),
    ] {
        let answer = server.client().get(&path);
        assert!([400, 404].contains(&answer.status) && answer.body.len() < ANSWER, "{answer:?}");
    }
}

#[test]
fn conflicts_between_path_and_body_are_reported_with_all_other_faults() {
    let server = TestServer::stocked();
    let body = json!({ "user": "alice", "key": "k", "amount": "much", "colour": "red" });
    let answer = server.client().post("/v1/users/alice/charges?at=1&amount=2", &body);
    let problem = answer.json();
    let faults = problem["errors"].as_array().unwrap();
    let mut pointers: Vec<_> = faults.iter().map(|fault| fault["pointer"].as_str().unwrap()).collect();
    pointers.sort_unstable();
    assert_eq!(pointers, ["/amount", "/amount", "/at", "/colour", "/key", "/user"], "{problem}");
    let answer = server.client().get("/v1/products/mug?product=pen&limit=1&limit=2&x=1");
    let faults = answer.json();
    let faults: Vec<&Value> =
        faults["errors"].as_array().unwrap().iter().map(|fault| &fault["pointer"]).collect();
    assert_eq!(faults, ["/limit", "/product", "/limit", "/x"]);
}

#[test]
fn heads_hold_16_kb_on_both_protocols() {
    let server = TestServer::stocked();
    let long = |length: usize| "x".repeat(length);
    let many: String = (0..200).map(|n| format!("X-{n}: 1\r\n")).collect();
    for (text, status) in [
        (format!("GET /livez HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n\r\n", long(16_000)), 200),
        (format!("GET /livez HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n\r\n", long(17_000)), 431),
        (format!("GET /livez HTTP/1.1\r\nHost: x\r\nX-Long: {}", long(1_000_000)), 431),
        (format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", long(17_000)), 431),
        (format!("GET /livez HTTP/1.1\r\nHost: x\r\n{many}\r\n"), 431),
    ] {
        let mut client = server.client();
        // The server may stop reading before everything is written.
        let _ = client.write(text.as_bytes());
        // After too much input the server closes the connection, and its answer may be lost.
        let told = client.read(false).map(|answer| answer.status);
        assert!(
            told.as_ref().map_or(text.len() > 100_000, |told| *told == status),
            "{told:?} is not {status}"
        );
    }
    speak(server.address, 65_535, async |mut client| {
        for (length, status) in [(16_000, 200), (17_000, 431)] {
            let request = Request::get("http://localhost/livez").header("x-long", long(length)).body(());
            // A closed connection without an answer is also correct.
            let told = ask(&mut client, request.unwrap()).await.map_or(431, |(told, ..)| told);
            assert_eq!(told, status, "{length}");
        }
    });
}

#[test]
fn the_host_is_named_once_and_is_this_machine_where_there_are_no_tokens() {
    let server = TestServer::stocked();
    let path = "/v1/users/alice/balance";
    for (text, status) in [
        (format!("GET {path} HTTP/1.1\r\n\r\n"), 400),
        ("GET /livez HTTP/1.1\r\n\r\n".to_owned(), 400),
        ("GET /nothing HTTP/1.1\r\n\r\n".to_owned(), 400),
        ("BREW /livez HTTP/1.1\r\n\r\n".to_owned(), 400),
        (format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n"), 400),
        (format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n"), 400),
        (format!("GET {path} HTTP/1.1\r\nHost: \r\n\r\n"), 400),
        (format!("GET {path} HTTP/1.1\r\nHost: a b\r\n\r\n"), 400),
        (format!("GET {path} HTTP/1.1\r\nHost: \u{e9}\r\n\r\n"), 400),
        (format!("GET http://evil.example{path} HTTP/1.1\r\nHost: localhost\r\n\r\n"), 400),
        (format!("GET http://localhost{path} HTTP/1.1\r\nHost: evil.example\r\n\r\n"), 400),
        (format!("GET http://evil.example{path} HTTP/1.1\r\nHost: evil.example\r\n\r\n"), 401),
        (format!("GET http://localhost{path} HTTP/1.1\r\nHost: localhost\r\n\r\n"), 200),
        (format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"), 200),
        (format!("GET {path} HTTP/1.0\r\n\r\n"), 200),
    ] {
        let answer = server.client().raw(text.as_bytes(), false).unwrap();
        assert_eq!(answer.status, status, "{text}: {answer:?}");
        assert_eq!(answer.header("content-type").map(|kind| kind.contains("problem")), Some(status != 200));
    }
    speak(server.address, 65_535, async |mut client| {
        for (authority, host, status) in [
            ("localhost", None, 200),
            ("127.0.0.1:80", None, 200),
            ("evil.example", None, 401),
            ("evil.example", Some("localhost"), 400),
            ("localhost", Some("evil.example"), 400),
        ] {
            let mut request = Request::get(format!("http://{authority}{path}"));
            if let Some(host) = host {
                request = request.header("host", host);
            }
            let (told, _, body) = ask(&mut client, request.body(()).unwrap()).await.unwrap();
            assert_eq!(told, status, "{authority} {host:?}: {}", String::from_utf8_lossy(&body));
        }
    });
}

#[test]
fn two_hundred_connections_that_sent_a_byte_cost_nothing() {
    let server = OwnProcess::start();
    let waiting: Vec<TcpStream> = (0..200)
        .map(|_| {
            let mut stream = TcpStream::connect(server.address).unwrap();
            // This may become HTTP/2, or POST.
            stream.write_all(b"P").unwrap();
            stream
        })
        .collect();
    std::thread::sleep(Duration::from_millis(500));
    let before = server.processor_time();
    std::thread::sleep(Duration::from_secs(3));
    let spent = server.processor_time() - before;
    assert!(spent < Duration::from_millis(150), "{spent:?} of 3 s");
    // The server still handles each connection by its protocol.
    for mut stream in waiting.into_iter().take(3) {
        stream.write_all(b"OST /livez HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut told = [0; 12];
        stream.read_exact(&mut told).unwrap();
        assert_eq!(&told, b"HTTP/1.1 405");
    }
    server.end_well();
}

#[test]
fn a_client_that_does_not_read_is_disconnected() {
    let write_timeout = Duration::from_millis(700);
    let server = TestServer::with(|options| options.limits(Limits { write_timeout, ..Limits::default() }));
    server.stock();
    // Many long answers and events: more than the system buffers for a connection.
    for number in 0..400 {
        let name = "x".repeat(200);
        server.submit(&json!({ "op": "product.add", "product": format!("p{number}"), "name": name, "price": 0, "stock": 1_000_000 }));
    }
    let items: Vec<_> =
        (0..400).map(|number| json!({ "product": format!("p{number}"), "quantity": 1 })).collect();
    for _ in 0..80 {
        server.submit(&json!({ "op": "order.place", "user": "alice", "items": items }));
    }
    let open = |text: &str| {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
        while stream.write_all(text.as_bytes()).is_ok() && text.contains("products") {}
        stream
    };
    let _pages = open("GET /v1/products?limit=100 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let _events = open("GET /v1/events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 0\r\n\r\n");
    alone(&server);
    // An HTTP/2 client may leave no window for an answer although it reads its connection and answers pings.
    speak(server.address, 0, async |mut client| {
        let request = || Request::get("http://localhost/v1/products/mug").body(()).unwrap();
        let (coming, _) = client.send_request(request(), true).unwrap();
        let (_, mut body) = coming.await.unwrap().into_parts();
        assert!(body.data().await.unwrap().is_err(), "the connection ends");
    });
    alone(&server);
    // A client that reads slowly gets everything.
    let mut slow = server.client();
    slow.write(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 0\r\n\r\n").unwrap();
    for _ in 0..10 {
        std::thread::sleep(write_timeout / 3);
        slow.exactly(20_000);
    }
}

/// Waits until the server has no connection but this test's.
fn alone(server: &TestServer) {
    let begun = Instant::now();
    let mut client = server.client();
    loop {
        let figures = String::from_utf8(client.get("/metrics").body).unwrap();
        if figures.lines().any(|line| line == "commerce_connections 1") {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "they stay: {figures}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
