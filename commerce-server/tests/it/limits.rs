//! Tests slow, idle, numerous and endless clients: each gets the right answer or none, and others are served.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use commerce_server::Limits;
use serde_json::json;

use crate::http::Client;
use crate::server::{OwnProcess, TestServer};

/// A server with short time-outs.
fn short() -> TestServer {
    let (header_timeout, body_timeout) = (Duration::from_millis(300), Duration::from_millis(300));
    let server = TestServer::with(|options| {
        options.limits(Limits {
            header_timeout,
            body_timeout,
            max_body_bytes: 10_000,
            max_connections: 8,
            ..Limits::default()
        })
    });
    server.stock();
    server
}

/// Reads a connection until the server closes it.
fn rest(mut stream: TcpStream) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut told = Vec::new();
    match stream.read_to_end(&mut told) {
        Ok(_) => {}
        // The server closed the connection with unread input.
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {}
        Err(error) => panic!("the connection stays open: {error}"),
    }
    String::from_utf8_lossy(&told).into_owned()
}

#[test]
fn an_unfinished_head_closes_the_connection() {
    let server = short();
    for begin in [
        "",
        "G",
        "PRI * HTT",
        "PRI * HTTP/2.0\r\n\r\n",
        "GET /livez HTTP/1.1\r\n",
        "GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
    ] {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.write_all(begin.as_bytes()).unwrap();
        let told = rest(stream);
        assert!(told.is_empty() || told.starts_with("HTTP/1.1 4"), "{begin:?}: {told}");
    }
    // A byte from time to time does not extend the time-out.
    let mut stream = TcpStream::connect(server.address).unwrap();
    let mut dripped = 0;
    while stream.write_all(b"G").is_ok() && dripped < 1_000 {
        std::thread::sleep(Duration::from_millis(20));
        dripped += 1;
    }
    assert!(dripped < 1_000, "the connection stays open");
    // Nor does one valid request.
    let mut client = server.client();
    assert_eq!(client.get("/livez").status, 200);
    assert!(client.line().is_err(), "an idle connection is closed");
    assert_eq!(server.client().get("/livez").status, 200);
}

#[test]
fn an_unfinished_body_gets_an_error_and_closes_the_connection() {
    let server = short();
    for body in ["", "{\"user\":"] {
        let mut stream = TcpStream::connect(server.address).unwrap();
        let head = "POST /v1/users HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n";
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        let told = rest(stream);
        assert!(told.starts_with("HTTP/1.1 408 "), "{told}");
        assert!(
            told.contains("\"code\":\"request_timeout\"") && told.contains("\"retryable\":true"),
            "{told}"
        );
    }
}

#[test]
fn bodies_that_are_too_long_are_refused_without_reading_them() {
    let server = short();
    let head = "POST /v1/users HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    let mut client = server.client();
    let told = client.raw(format!("{head}Content-Length: 99999999999\r\n\r\n").as_bytes(), false).unwrap();
    assert_eq!((told.status, told.code().as_str()), (413, "too_large"));
    let mut client = server.client();
    client.write(format!("{head}Transfer-Encoding: chunked\r\n\r\n").as_bytes()).unwrap();
    let chunk = format!("1000\r\n{}\r\n", " ".repeat(0x1000));
    for _ in 0..4 {
        // The server may have closed the connection already.
        let _ = client.write(chunk.as_bytes());
    }
    assert_eq!(client.read(false).unwrap().status, 413);
    let almost = json!({ "user": "long", "name": "x".repeat(9_000) });
    assert_eq!(server.client().post("/v1/users", &almost).status, 400, "within the bound it is read");
}

#[test]
fn bodies_that_end_early_do_nothing() {
    let server = short();
    for head in ["Content-Length: 500", "Transfer-Encoding: chunked"] {
        let mut client = server.client();
        let text = format!(
            "POST /v1/users/alice/charges HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{head}\r\n\r\n{}",
            "{\"amount\":1}"
        );
        client.write(text.as_bytes()).unwrap();
        client.finish().unwrap();
        // A client that has disconnected needs no answer.
        if let Ok(told) = client.read(false) {
            assert_eq!(told.status, 400, "{told:?}");
        }
    }
    assert_eq!(server.client().get("/v1/users/alice/balance").json()["balance"], 100_000);
}

#[test]
fn at_the_limit_of_connections_others_wait() {
    let server =
        TestServer::with(|options| options.limits(Limits { max_connections: 3, ..Limits::default() }));
    let mut held: Vec<Client> = (0..3).map(|_| server.client()).collect();
    for client in &mut held {
        assert_eq!(client.get("/livez").status, 200);
    }
    let mut waiting = server.client();
    waiting.set_timeout(Duration::from_millis(300));
    let waits = waiting.send("GET", "/livez", &[], None).unwrap_err().kind();
    assert!(matches!(waits, std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut), "{waits}");
    drop(held.pop());
    waiting.set_timeout(Duration::from_secs(60));
    assert_eq!(waiting.read(false).unwrap().status, 200);
}

#[test]
fn five_thousand_idle_connections_cost_little_and_keep_nobody_out() {
    const IDLE: usize = 5_000;
    let needed = IDLE as u64 + 1_000;
    let raised = rlimit::increase_nofile_limit(needed).expect("a limit of descriptors");
    assert!(raised >= needed, "this test needs {needed} descriptors: raise the hard limit (ulimit -Hn)");
    let server = OwnProcess::start();
    // Allocations that happen once do not count for a connection.
    drop((0..64).map(|_| asked(&server)).collect::<Vec<_>>());
    for open in [|server: &OwnProcess| TcpStream::connect(server.address).unwrap(), asked] {
        let before = server.resident();
        let idle: Vec<TcpStream> = (0..IDLE).map(|_| open(&server)).collect();
        let mut client = Client::connect(server.address).unwrap();
        assert_eq!(client.get("/v1/products/mug").status, 200);
        let each = server.resident().saturating_sub(before) / IDLE;
        println!("{each} bytes of memory for each idle connection");
        assert!(each <= 21 * 1024, "{each} bytes for each idle connection");
        drop(idle);
    }
    server.end_well();
}

/// A connection that is idle after one request.
fn asked(server: &OwnProcess) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.write_all(b"GET /v1/products/mug HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut answer = [0; 1_024];
    assert!(stream.read(&mut answer).unwrap() > 0);
    stream
}
