//! Tests TLS with a root of one's own: a whole session with a libSQL server, and events to a receiver over HTTPS.

use std::io::{BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::proxy::message;
use crate::shop::{Shop, stderr};
use crate::tls_proxy::TlsProxy;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A server behind a proxy with TLS, and the address of the proxy.
fn behind_tls(name: &str) -> (Shop, String) {
    let shop = Shop::on_server();
    let proxy = TlsProxy::to(shop.server.as_ref().unwrap().port, name);
    shop.file("root.pem", &proxy.root);
    (shop, format!("libsql://localhost:{}?tls=1", proxy.port))
}

#[test]
fn a_session_goes_through_a_proxy_with_a_private_root() {
    let (shop, url) = behind_tls("localhost");
    let run = |arguments: &[&str]| {
        let output = shop.program(arguments).args(["--db", &url, "--ca-file", "root.pem"]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    run(&["init", "--sample"]);
    run(&["user", "add", "alice"]);
    run(&["charge", "alice", "50000"]);
    run(&["buy", "alice", "mug-white:2"]);
    let listed: Value = serde_json::from_str(&run(&["order", "list", "--output", "json"])).unwrap();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    run(&["verify"]);
    run(&["backup", "copy.db"]);
    run(&["restore", "copy.db", "--yes"]);
    // The variables do what the option does.
    for name in ["SSL_CERT_FILE", "COMMERCE_CA_FILE"] {
        let output = shop
            .program(&["balance", "alice", "--db", &url, "--output", "json"])
            .env(name, shop.path("root.pem"))
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{name}: {}", stderr(&output));
    }
}

#[test]
fn certificates_that_are_not_trusted_are_reported_with_the_remedy() {
    let (shop, url) = behind_tls("localhost");
    shop.file("empty.pem", "");
    let told = shop.fails(4, &["--db", &url, "top"]);
    assert!(told.contains("not trusted") && told.contains("--ca-file"), "{told}");
    for (file, fault) in [("empty.pem", "no certificate"), ("none.pem", "cannot be read")] {
        let told = shop.fails(2, &["--db", &url, "--ca-file", file, "top"]);
        assert!(told.contains(file) && told.contains("--ca-file") && told.contains(fault), "{told}");
    }
    let output = shop.program(&["--db", &url, "top"]).env("SSL_CERT_FILE", "none.pem").output().unwrap();
    assert!(output.status.code() == Some(2) && stderr(&output).contains("SSL_CERT_FILE"), "{output:?}");
    // Roots are read only where TLS is spoken.
    shop.ok(&["init", "--ca-file", "none.pem"]);

    let (shop, url) = behind_tls("shop.example");
    let told = shop.fails(4, &["--db", &url, "--ca-file", "root.pem", "top"]);
    assert!(told.contains("not valid for name \"localhost\"") && told.contains("shop.example"), "{told}");
}

#[test]
fn events_go_to_a_receiver_with_a_private_root() {
    let (receiver, events) = receiver();
    let proxy = TlsProxy::to(receiver, "localhost");
    let shop = Shop::stocked();
    shop.file("root.pem", &proxy.root);
    shop.file("secret", SECRET);
    let sink = format!("https://localhost:{}/events", proxy.port);
    let relay =
        ["events", "relay", "--once", "--sink-allow-private", "--sink-secret-file", "secret", "--sink"];
    let told = shop.fails(1, &[&relay[..], &[&sink]].concat());
    assert!(told.contains("--ca-file"), "{told}");
    assert_eq!(*events.lock().unwrap(), [Value::Null; 0]);
    let done = shop.json(&[&relay[..], &[&sink, "--ca-file", "root.pem"]].concat());
    assert_eq!(done, json!({ "delivered": 1, "refused": 0, "pending": 0, "dead": 0 }));
    assert_eq!(events.lock().unwrap()[0]["type"], "WalletCharged");
}

/// A receiver of events over plain HTTP, which takes them all.
fn receiver() -> (u16, Arc<Mutex<Vec<Value>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (port, events) = (listener.local_addr().unwrap().port(), Arc::<Mutex<Vec<Value>>>::default());
    let taken = events.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut requests = BufReader::new(&stream);
            while let Ok(Some(request)) = message(&mut requests) {
                let text = String::from_utf8(request).unwrap();
                let (_, body) = text.split_once("\r\n\r\n").unwrap();
                taken.lock().unwrap().push(serde_json::from_str(body).unwrap());
                (&stream).write_all(b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n").unwrap();
            }
        }
    });
    (port, events)
}
