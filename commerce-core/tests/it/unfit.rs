//! Tests that what cannot be a store's server is told at the opening, soon, and without repeating what it says.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use commerce_core::{Commerce, Currency, Error, OpenError, Options, SystemClock, Warning};

use crate::sqld::{Sqld, free_port};

/// Opens a store at an address where none can be, in the time that the first answer may take and a margin. The operations
/// would wait for much longer.
#[track_caller]
fn refused(url: &str) -> OpenError {
    let begun = Instant::now();
    let options = Options::new(SystemClock).busy_timeout(Duration::from_secs(60));
    let outcome = Commerce::open(url.parse::<commerce_core::Location>().unwrap(), options);
    assert!(begun.elapsed() < Duration::from_secs(6), "{url}: it took {:?}", begun.elapsed());
    match outcome {
        Err(Error::Open(error)) => error,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was opened"),
    }
}

/// The port of a listener that gives this answer to each request.
fn answering(answer: impl Fn(&str) -> Vec<u8> + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut request = [0; 8_192];
            let Ok(length) = stream.read(&mut request) else { continue };
            // A client that has disconnected needs no answer.
            let _ = stream.write_all(&answer(&String::from_utf8_lossy(&request[..length])));
        }
    });
    port
}

fn http(status: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-type: text/html\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
        .into_bytes()
}

const PAGE: &str = "<!DOCTYPE html><html><head><title>Welcome</title></head><body>It works</body></html>";

#[test]
fn another_server_is_told_by_its_status_and_not_by_its_page() {
    for (status, part) in [
        ("200 OK", "not a libSQL server"),
        ("301 Moved Permanently", "301"),
        ("401 Unauthorized", "401"),
        ("403 Forbidden", "403"),
        ("404 Not Found", "404"),
        ("405 Method Not Allowed", "405"),
        ("500 Internal Server Error", "500"),
    ] {
        let port = answering(move |_| http(status, PAGE));
        let refusal = refused(&format!("http://127.0.0.1:{port}"));
        assert!(matches!(refusal, OpenError::NoServer { .. }), "{status}: {refusal:?}");
        let told = refusal.to_string();
        assert!(told.contains(part) && !told.contains('<') && !told.contains("works"), "{told}");
    }
    // JSON is no proof.
    let port = answering(|_| http("200 OK", r#"{"results":"none"}"#));
    assert!(matches!(refused(&format!("http://127.0.0.1:{port}")), OpenError::NoServer { .. }));
}

#[test]
fn a_server_behind_a_proxy_that_is_away_is_told_so() {
    for status in ["502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout"] {
        let port = answering(move |_| http(status, PAGE));
        let refusal = refused(&format!("http://127.0.0.1:{port}"));
        assert!(matches!(refusal, OpenError::Unreachable { .. }), "{status}: {refusal:?}");
        assert!(refusal.to_string().contains(status) && !refusal.to_string().contains('<'), "{refusal}");
    }
}

#[test]
fn what_never_answers_is_told_soon() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let refusal = refused(&format!("http://127.0.0.1:{port}"));
    assert!(matches!(refusal, OpenError::Unreachable { .. }), "{refusal:?}");
    assert!(refusal.to_string().contains("did not answer in time"), "{refusal}");
    // One that answers the first question only.
    let port = answering(|request| match request.starts_with("GET") {
        true => http("200 OK", "hello"),
        false => {
            std::thread::sleep(Duration::from_secs(60));
            Vec::new()
        }
    });
    let refusal = refused(&format!("http://127.0.0.1:{port}"));
    assert!(matches!(refusal, OpenError::Unreachable { .. }), "{refusal:?}");
    let refusal = refused(&format!("http://127.0.0.1:{}", free_port()));
    assert!(matches!(refusal, OpenError::Unreachable { .. }), "{refusal:?}");
}

#[test]
fn the_wrong_protocol_is_told_with_the_right_address() {
    // TLS where none is spoken.
    let server = Sqld::start();
    for url in
        [format!("https://localhost:{}", server.port), format!("libsql://localhost:{}?tls=1", server.port)]
    {
        let refusal = refused(&url);
        assert!(matches!(refusal, OpenError::NoServer { .. }), "{refusal:?}");
        assert!(refusal.to_string().contains("?tls=0"), "{refusal}");
    }
    // Servers of TLS answer a plain request with an alert, or with a page.
    const ALERT: [u8; 7] = [0x15, 3, 3, 0, 2, 2, 70];
    let port = answering(|_| ALERT.to_vec());
    let refusal = refused(&format!("libsql://localhost:{port}"));
    assert!(matches!(refusal, OpenError::NoServer { .. }), "{refusal:?}");
    assert!(refusal.to_string().contains("?tls=1"), "{refusal}");
    // Neither.
    let port = answering(|_| b"SSH-2.0-OpenSSH_9.6\r\n".to_vec());
    let refusal = refused(&format!("http://localhost:{port}"));
    assert!(matches!(refusal, OpenError::NoServer { .. }), "{refusal:?}");
}

#[test]
fn a_server_whose_answers_tell_nothing_of_others_is_refused() {
    let server = Sqld::start_with(&["--use-custom-wal", "libsql-wal"]);
    let at = server.url().parse::<commerce_core::Location>().unwrap();
    let currency = Currency::try_from("KRW").unwrap();
    let Err(refusal) = Commerce::create(at, currency, Options::new(SystemClock)) else {
        panic!("it was created")
    };
    for told in [refusal.to_string(), refused(&server.url()).to_string()] {
        assert!(told.contains("replication index") && told.contains("--use-custom-wal"), "{told}");
    }
}

#[test]
fn what_the_version_of_a_server_means_is_told_where_there_is_time_to_read_it() {
    let server = Sqld::start();
    let at = server.url().parse::<commerce_core::Location>().unwrap();
    let shop = Commerce::create(at, Currency::try_from("KRW").unwrap(), Options::new(SystemClock)).unwrap();
    let warnings = shop.warnings();
    let [log, sqlite] = &warnings[..] else { panic!("{warnings:?}") };
    assert!(matches!(log, Warning::UnsyncedReplicationLog { .. }) && !log.is_urgent(), "{log:?}");
    assert!(log.to_string().contains("0.24.32") && log.to_string().contains("0.24.33"), "{log}");
    assert!(matches!(sqlite, Warning::WalReset { .. }) && !sqlite.is_urgent(), "{sqlite:?}");
    assert!(sqlite.to_string().contains("3.45.1") && sqlite.to_string().contains("walresetbug"), "{sqlite}");
}
