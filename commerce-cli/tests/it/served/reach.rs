//! How a shop is reached: TLS, proxies, several addresses; and what is said when it is not.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use serde_json::{Value, json};

use super::login::unnamed;
use crate::network::Network;
use crate::process::Lines;
use crate::shop::{Shop, stderr};
use crate::sqld::Sqld;

#[test]
fn a_session_goes_over_tls_with_a_private_root() {
    let shop = Shop::stocked().serve_tls(None);
    let told = shop.fails(4, &["balance", "alice"]);
    assert!(told.contains("not trusted") && told.contains("--ca-file"), "{told}");
    for command in ["charge alice 500", "buy alice mug", "order list --all", "verify"] {
        shop.ok(&[&command.split(' ').collect::<Vec<_>>()[..], &["--ca-file", "root.pem"]].concat());
    }
    for name in ["SSL_CERT_FILE", "COMMERCE_CA_FILE"] {
        let output = shop.program(&["balance", "alice"]).env(name, shop.path("root.pem")).output().unwrap();
        assert!(output.status.success(), "{name}: {}", stderr(&output));
    }
}

#[test]
fn the_root_of_a_login_wins_over_that_of_the_machine_and_not_over_the_option() {
    let shop = Shop::stocked().serve_tls(None);
    let address = shop.address().to_owned();
    let logged_in = unnamed(&shop, &["login", &address, "--ca-file", "root.pem"]).output().unwrap();
    assert!(logged_in.status.success(), "{}", stderr(&logged_in));
    let mut top = unnamed(&shop, &["top"]);
    let output = top.env("SSL_CERT_FILE", shop.path("none.pem")).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let output = top.env("COMMERCE_CA_FILE", shop.path("none.pem")).output().unwrap();
    assert!(output.status.code() == Some(2) && stderr(&output).contains("--ca-file"), "{output:?}");
}

/// A proxy, which counts the connections that clients ask it for.
struct Proxy {
    port: u16,
    asked: Arc<AtomicUsize>,
}

impl Proxy {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, asked) = (listener.local_addr().unwrap().port(), Arc::<AtomicUsize>::default());
        let count = asked.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let count = count.clone();
                // A client whose connection ends opens another.
                std::thread::spawn(move || forward(&client, &count));
            }
        });
        Self { port, asked }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// Connects a client to the host that it names: by `CONNECT`, or by the whole address in each request.
fn forward(client: &TcpStream, asked: &AtomicUsize) -> Option<()> {
    let mut from = BufReader::new(client.try_clone().ok()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        (from.read_line(&mut head).ok()? > 0).then_some(())?;
    }
    asked.fetch_add(1, Ordering::SeqCst);
    let target = head.split(' ').nth(1)?;
    let host = target.strip_prefix("http://").unwrap_or(target).split('/').next()?;
    let server = TcpStream::connect(host).ok()?;
    if head.starts_with("CONNECT ") {
        (&*client).write_all(b"HTTP/1.1 200 OK\r\n\r\n").ok()?;
    } else {
        (&server).write_all(head.replacen(&format!("http://{host}"), "", 1).as_bytes()).ok()?;
    }
    let (mut there, mut back) = (server.try_clone().ok()?, client.try_clone().ok()?);
    let returning = std::thread::spawn(move || std::io::copy(&mut server.try_clone()?, &mut back));
    std::io::copy(&mut from, &mut there).ok()?;
    there.shutdown(std::net::Shutdown::Write).ok()?;
    returning.join().ok()?.ok().map(drop)
}

#[test]
fn the_proxies_of_the_usual_variables_are_used() {
    let (plain, tls) = (Shop::stocked().serve(None), Shop::stocked().serve_tls(None));
    let proxy = Proxy::start();
    let mut used = 0;
    for (shop, variable, value, is_used) in [
        (&plain, "HTTP_PROXY", proxy.url(), true),
        (&plain, "http_proxy", proxy.url(), true),
        (&plain, "ALL_PROXY", format!("127.0.0.1:{}", proxy.port), true),
        (&plain, "HTTPS_PROXY", proxy.url(), false),
        (&tls, "HTTPS_PROXY", proxy.url(), true),
        (&tls, "all_proxy", proxy.url(), true),
        (&tls, "http_proxy", proxy.url(), false),
    ] {
        for except in ["", "shop.example", "127.0.0.1,localhost", "*"] {
            let is_used = is_used && !["127.0.0.1,localhost", "*"].contains(&except);
            let mut command = shop.program(&["balance", "alice"]);
            command.env(variable, &value).env("NO_PROXY", except).env("SSL_CERT_FILE", shop.path("root.pem"));
            let output = command.output().unwrap();
            assert!(output.status.success(), "{variable}: {}", stderr(&output));
            let now = proxy.asked();
            assert_eq!(now > used, is_used, "{variable}={value} NO_PROXY={except}");
            used = now;
        }
    }
    for (value, code) in [("http://127.0.0.1:1", 5), ("socks5://127.0.0.1:1", 2), ("http://", 2)] {
        let output = plain.program(&["balance", "alice"]).env("HTTP_PROXY", value).output().unwrap();
        let told = stderr(&output);
        assert!(output.status.code() == Some(code) && told.contains("proxy"), "{value}: {told}");
    }
    // A proxy is for a shop that is served. A file has none.
    let file = Shop::stocked();
    assert!(file.program(&["top"]).env("HTTP_PROXY", "socks5://x").output().unwrap().status.success());
}

#[test]
fn the_next_address_is_used_when_one_does_not_answer() {
    let shop = Shop::stocked().serve(None);
    let (_, living) = shop.address().split_once("://").unwrap();
    for addresses in [format!("127.0.0.1:1,{living}"), format!("{living},127.0.0.1:1")] {
        let place = format!("commerce+http://{addresses}");
        for command in ["balance alice", "charge alice 5", "order list"] {
            let arguments: Vec<&str> = ["--db", &place].into_iter().chain(command.split(' ')).collect();
            shop.ok(&arguments);
        }
    }
    assert_eq!(shop.json(&["balance", "alice"])["balance"], 50_010);
}

#[test]
fn a_shop_that_is_away_is_told_within_the_deadline() {
    let folder = Shop::bare();
    // Nothing listens at the first address. The second one accepts connections and never says anything.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    for address in ["127.0.0.1:1".to_owned(), silent.local_addr().unwrap().to_string()] {
        let place = format!("commerce+http://{address}");
        let begun = Instant::now();
        let told = folder.fails(5, &["--db", &place, "balance", "alice"]);
        assert!(told.contains(&place) && told.contains("cannot be reached"), "{told}");
        assert!(begun.elapsed().as_secs() < 30, "{:?}", begun.elapsed());
        assert_eq!(told.lines().count(), 1, "{told}");
    }
    let told =
        folder.fails(5, &["--db", "commerce+http://127.0.0.1:1", "balance", "alice", "--output", "json"]);
    let problem: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&problem["code"], &problem["retryable"]), (&json!("cannot_open"), &json!(true)));
}

#[test]
fn an_outcome_that_cannot_be_learnt_is_told_with_its_key() {
    let shop = Shop::stocked().serve(None);
    for (key, output) in [(None, "table"), (Some("k-1"), "table"), (None, "json"), (Some("k-2"), "json")] {
        let way = Network::to(shop.served.as_ref().unwrap().server.address.port(), 1);
        let mut apply = shop.program(&["apply", "-", "--output", output]);
        apply.env("COMMERCE_DB", format!("commerce+http://127.0.0.1:{}", way.port));
        let mut apply = Lines::start(apply);
        let charge = |key: Option<&str>| {
            let mut line = json!({ "op": "wallet.charge", "user": "alice", "amount": 1 });
            key.inspect(|key| line["key"] = (*key).into());
            line
        };
        assert!(apply.send(&charge(None))["ok"].is_object());
        // From now on nothing arrives, so nobody can say whether the next line was performed.
        way.change(|weather| weather.silent = true);
        let begun = Instant::now();
        let result = apply.send(&charge(key));
        assert_eq!(result["error"]["code"], "unknown", "{result}");
        let output_of = apply.process.finish();
        assert!(begun.elapsed().as_secs() < 40, "{:?}", begun.elapsed());
        let told = stderr(&output_of);
        assert_eq!(output_of.status.code(), Some(5), "{told}");
        let told_key = match output {
            "json" => {
                let problem = told.lines().find_map(|line| serde_json::from_str::<Value>(line).ok()).unwrap();
                assert_eq!(
                    (&problem["code"], &problem["retryable"]),
                    (&json!("busy"), &json!(true)),
                    "{problem}"
                );
                problem["key"].as_str().unwrap().to_owned()
            }
            _ => {
                let (_, after) = told.split_once("the key is ").unwrap_or_else(|| panic!("{told}"));
                after.split(|c: char| c.is_whitespace() || ");,".contains(c)).next().unwrap().to_owned()
            }
        };
        assert!(key.is_none_or(|key| key == told_key), "{told}");
        // With that key the outcome is learnt, and it is done once.
        way.change(|weather| weather.silent = false);
        let again = shop.json(&["charge", "alice", "1", "--key", &told_key]);
        assert!(again["balance"].as_u64().is_some(), "{again}");
        drop(way);
    }
    assert_eq!(shop.json(&["balance", "alice"])["balance"], 50_008, "each of the eight lines once");
}

#[test]
fn a_server_of_another_kind_is_told_apart() {
    let sqld = Sqld::start();
    let tls = Shop::stocked().serve_tls(None);
    let plain = Shop::stocked().serve(None);
    let other = answering("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    let page = answering("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello");
    let port = |shop: &Shop| shop.served.as_ref().unwrap().server.address.port();
    for (place, part) in [
        (format!("commerce+http://127.0.0.1:{}", sqld.port), "not the server of a shop"),
        (format!("commerce+http://127.0.0.1:{other}"), "not the server of a shop"),
        (format!("commerce+http://127.0.0.1:{page}"), "not the server of a shop"),
        (format!("commerce+http://127.0.0.1:{}", port(&tls)), "commerce://"),
        (format!("commerce://127.0.0.1:{}", port(&plain)), "commerce+http://"),
        (format!("libsql://127.0.0.1:{}", port(&plain)), "no libSQL database"),
    ] {
        let told = plain.fails(4, &["--db", &place, "balance", "alice"]);
        assert!(told.contains(part), "{place}: {told}");
    }
    let told = plain.fails(4, &["--read-url", "libsql://127.0.0.1:1", "balance", "alice"]);
    assert!(told.contains("replicas"), "{told}");
}

/// A server that answers every request with the same bytes. Returns its port.
fn answering(answer: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut client in listener.incoming().map_while(Result::ok) {
            // A request that is not read to its end would reset the connection.
            let _ = client.read(&mut [0; 4_096]);
            let _ = client.write_all(answer.as_bytes());
        }
    });
    port
}
