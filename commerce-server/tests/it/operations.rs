//! Tests operations that come as lines: their results, their order, and what becomes of them when clients misbehave.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use commerce_core::{Options as StoreOptions, SystemClock};
use commerce_server::Limits;
use serde_json::{Value, json};

use crate::http::Client;
use crate::server::{OwnProcess, TestServer};

/// Lines that hold these values.
fn lines<'a>(values: impl IntoIterator<Item = &'a Value>) -> String {
    values.into_iter().map(|value| format!("{value}\n")).collect()
}

/// What happened to a line: its number, and `ok`, `refused`, `invalid`, or the code of the failure.
fn outcome(result: &Value) -> (u64, String) {
    let number = result["line"].as_u64().unwrap();
    let kinds = ["ok", "refused", "invalid"];
    let kind = kinds.into_iter().find(|kind| result[kind].is_object());
    let code = || result["failed"]["code"].as_str().unwrap().to_owned();
    (number, kind.map_or_else(code, str::to_owned))
}

fn pen(user: &str) -> Value {
    json!({ "op": "order.place", "user": user, "items": [{ "product": "pen", "quantity": 1 }] })
}

#[test]
fn each_line_has_a_result_as_in_apply() {
    let server = TestServer::stocked();
    let text = lines(&[
        json!({ "op": "wallet.charge", "user": "alice", "amount": 5, "key": "k" }),
        json!({ "op": "wallet.charge", "user": "nobody", "amount": 5 }),
    ]) + "\n  \r\n{\"op\":\"wallet.charge\",\"user\":\"alice\"}\nnot json\n"
        + &lines(&[
            json!({ "op": "wallet.charge", "user": "alice", "amount": 5, "key": "k" }),
            json!({ "op": "token.create", "name": "x", "role": "operator", "digest": "0".repeat(64) }),
            json!({ "op": "user.add", "user": "carol", "at": "2020-01-01" }),
        ]);
    let answer = server.client().lines("/v1/operations", &text);
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/jsonl")));
    let results = answer.json_lines();
    let outcomes: Vec<_> = results.iter().map(outcome).collect();
    let expected = [
        (1, "ok"),
        (2, "refused"),
        (5, "invalid"),
        (6, "invalid"),
        (7, "ok"),
        (8, "invalid"),
        (9, "invalid"),
    ];
    assert_eq!(outcomes, expected.map(|(number, kind)| (number, kind.to_owned())));
    assert_eq!(
        (&results[0]["ok"]["balance"], &results[0]["ok"]["replayed"]),
        (&json!(100_005), &Value::Null)
    );
    assert_eq!(results[1]["refused"]["code"], "user_not_found");
    assert_eq!(results[2]["invalid"]["errors"][0]["pointer"], "/amount");
    assert_eq!(
        (&results[4]["ok"]["balance"], &results[4]["ok"]["replayed"]),
        (&json!(100_005), &json!(true))
    );
    assert!(results[5]["invalid"]["detail"].as_str().unwrap().contains("tokens"), "{}", results[5]);
    assert_eq!(results[6]["invalid"]["errors"][0]["pointer"], "/at");
}

#[test]
fn lines_share_commits_and_keep_their_order() {
    let server = TestServer::stocked();
    let before = server.shop.stats().commits;
    let orders = vec![pen("alice"); 300];
    let results = server.client().lines("/v1/operations", &lines(&orders)).json_lines();
    let placed: Vec<_> = results.iter().map(|result| result["ok"]["order"].as_u64()).collect();
    assert_eq!(placed, (1..=300).map(Some).collect::<Vec<_>>());
    let commits = server.shop.stats().commits - before;
    assert!(commits <= 30, "{commits} commits for 300 orders");
}

#[test]
fn lines_stop_as_they_are_told_to() {
    let server = TestServer::stocked();
    let charge = |user: &str, amount: i64| json!({ "op": "wallet.charge", "user": user, "amount": amount });
    let text = lines(&[charge("bob", 1), charge("nobody", 1), charge("bob", 2)]);
    let mut client = server.client();
    let outcomes = |client: &mut Client, path: &str, text: &str| -> Vec<_> {
        client.lines(path, text).json_lines().iter().map(outcome).collect()
    };
    let [ok, refused, invalid] = ["ok", "refused", "invalid"].map(str::to_owned);
    let all = [(1, ok.clone()), (2, refused.clone()), (3, ok.clone())];
    assert_eq!(outcomes(&mut client, "/v1/operations", &text), all);
    assert_eq!(outcomes(&mut client, "/v1/operations?independent=true", &text), all);
    assert_eq!(outcomes(&mut client, "/v1/operations?stop_on_error=true", &text), all[..2]);
    let text = lines(&[charge("bob", 1), charge("bob", 0), charge("bob", 2)]);
    let stopped = outcomes(&mut client, "/v1/operations?stop_on_error=true", &text);
    assert_eq!(stopped, [(1, ok), (2, invalid)]);
    assert_eq!(client.get("/v1/users/bob/balance").json()["balance"], 3 + 3 + 1 + 1);
}

#[test]
fn a_faulty_request_does_nothing() {
    let server = TestServer::stocked();
    let line = json!({ "op": "user.add", "user": "carol" }).to_string();
    for (path, code) in [
        ("/v1/operations?trust_time=yes", "invalid_request"),
        ("/v1/operations?stop_on_error=true&independent=true", "invalid_request"),
        ("/v1/operations?other=true", "invalid_request"),
        ("/v1/operations?independent=true&independent=true", "invalid_request"),
    ] {
        assert_eq!(server.client().lines(path, &line).code(), code, "{path}");
    }
    let mut client = server.client();
    client.headers.push(("Idempotency-Key".into(), "k".into()));
    assert_eq!(client.lines("/v1/operations", &line).code(), "invalid_request");
    let head = "POST /v1/operations HTTP/1.1\r\nHost: localhost\r\n";
    for (kind, status) in [
        ("Content-Type: text/plain", 415),
        ("Content-Type: application/jsonl\r\nContent-Encoding: gzip", 415),
        ("X-Nothing: 1", 415),
    ] {
        let length = line.len();
        let text = format!("{head}{kind}\r\nContent-Length: {length}\r\n\r\n{line}");
        assert_eq!(server.client().raw(text.as_bytes(), false).unwrap().status, status, "{kind}");
    }
    // A body that is too long, or that ends early.
    let mut client = server.client();
    let kind = "Content-Type: application/x-ndjson\r\n";
    client.write(format!("{head}{kind}Transfer-Encoding: chunked\r\n\r\n").as_bytes()).unwrap();
    let chunk = format!("{line}\n{}", "\n".repeat(0x1000 - line.len() - 1));
    for _ in 0..300 {
        // The server may have closed the connection already.
        let _ = client.write(format!("1000\r\n{chunk}\r\n").as_bytes());
    }
    assert_eq!(client.read(false).unwrap().status, 413);
    for framing in ["Content-Length: 500", "Transfer-Encoding: chunked"] {
        let body = if framing.starts_with('T') {
            format!("{:x}\r\n{line}\n\r\n", line.len() + 1)
        } else {
            line.clone()
        };
        let mut client = server.client();
        client.write(format!("{head}{kind}{framing}\r\n\r\n{body}").as_bytes()).unwrap();
        client.finish().unwrap();
        // A client that has disconnected needs no answer.
        if let Ok(told) = client.read(false) {
            assert_eq!(told.status, 400, "{told:?}");
        }
    }
    assert_eq!(server.client().get("/v1/users/carol").code(), "user_not_found");
}

#[test]
fn strange_bodies_have_a_result_for_each_line() {
    let server = TestServer::stocked();
    let mut client = server.client();
    assert_eq!(client.lines("/v1/operations", "").json_lines(), [Value::Null; 0]);
    let after = client.lines("/v1/operations", &format!("{}{}", "\n".repeat(100_000), pen("alice")));
    assert_eq!(after.json_lines().iter().map(outcome).collect::<Vec<_>>(), [(100_001, "ok".to_owned())]);
    // Long lines, one of which holds an operation, between short ones.
    let padded = pen("alice").to_string().replacen('{', &format!("{{{}", " ".repeat(200_000)), 1);
    let text = format!("{}\n{padded}\n[{}\n{}", pen("alice"), "[".repeat(500_000), pen("alice"));
    let outcomes: Vec<_> =
        client.lines("/v1/operations", &text).json_lines().iter().map(|result| outcome(result).1).collect();
    assert_eq!(outcomes, ["ok", "ok", "invalid", "ok"]);
    let faults = client.lines("/v1/operations", &"{}\n".repeat(50_000)).json_lines();
    assert_eq!(faults.len(), 50_000);
}

/// Waits until the server has decided so many operations in all.
fn wait_for(server: &TestServer, operations: u64) {
    let until = Instant::now() + Duration::from_secs(120);
    while server.shop.stats().operations < operations {
        assert!(Instant::now() < until, "{} of {operations}", server.shop.stats().operations);
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_client_that_goes_away_loses_results_and_no_effects() {
    let mut server = TestServer::stocked();
    let charge = json!({ "op": "wallet.charge", "user": "bob", "amount": 1 });
    let text = format!("{charge}\n").repeat(10_000);
    let before = server.shop.stats().operations;
    let mut client = server.client();
    client.write_lines("/v1/operations", &text).unwrap();
    client.head().unwrap();
    drop(client);
    wait_for(&server, before + 10_000);
    assert_eq!(server.client().get("/v1/users/bob/balance").json()["balance"], 10_000);
    // A shutdown waits for lines whose client is gone.
    let mut client = server.client();
    client.write_lines("/v1/operations", &text).unwrap();
    client.head().unwrap();
    drop(client);
    server.stop();
    let balance = commerce_core::wallet::Balance { user: "bob".parse().unwrap() };
    assert_eq!(server.shop.query(&balance).unwrap().balance.get(), 20_000);
}

/// How many lines of a client may be in the engine.
const IN_ENGINE: u64 = 1_024;

#[test]
fn clients_at_once_keep_their_orders_and_leave_room_for_others() {
    let server = TestServer::stocked();
    server.submit(&json!({ "op": "wallet.charge", "user": "bob", "amount": 10_000_000 }));
    server.submit(&json!({ "op": "wallet.charge", "user": "alice", "amount": 10_000_000 }));
    let tokens = [("alice", server.token("one", None)), ("bob", server.token("two", None))];
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let clients = tokens.each_ref().map(|(user, secret)| {
            let server = &server;
            scope.spawn(move || {
                let text = format!("{}\n", pen(user)).repeat(5_000);
                let results = server.client().bearer(secret).lines("/v1/operations", &text).json_lines();
                let lines: Vec<_> = results.iter().map(|result| result["line"].as_u64().unwrap()).collect();
                assert_eq!(lines, (1..=5_000).collect::<Vec<_>>());
                let orders: Vec<_> =
                    results.iter().map(|result| result["ok"]["order"].as_u64().unwrap()).collect();
                assert!(orders.is_sorted(), "in the order of the lines");
                assert!(results.iter().all(|result| result["ok"]["user"] == *user));
            })
        });
        let watch = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let queued = server.shop.stats().queued;
                assert!(queued <= 2 * IN_ENGINE, "{queued} operations in the queue");
                std::thread::sleep(Duration::from_micros(200));
            }
        });
        clients.into_iter().for_each(|client| client.join().unwrap());
        done.store(true, Ordering::Relaxed);
        watch.join().unwrap();
    });
    assert_eq!(server.shop.verify().unwrap(), []);
}

/// Operations that make a large cart, and 2,000 changes of it, each of which has a reply of more than 20 kB.
fn large_cart() -> (Vec<Value>, String) {
    let mut made = Vec::new();
    for number in 0..200 {
        let (id, name) = (format!("product-{number}"), "N".repeat(100));
        made.push(json!({ "op": "product.add", "product": id, "name": name, "price": 1, "stock": 9 }));
        made.push(json!({ "op": "cart.set", "user": "bob", "product": id, "quantity": 1 }));
    }
    let change = json!({ "op": "cart.set", "user": "bob", "product": "mug", "quantity": 2 });
    (made, format!("{change}\n").repeat(2_000))
}

fn with_large_cart(server: &TestServer) -> String {
    let (made, changes) = large_cart();
    made.iter().for_each(|operation| drop(server.submit(operation)));
    changes
}

#[test]
fn clients_that_do_not_read_use_bounded_memory() {
    const CLIENTS: usize = 8;
    let server = OwnProcess::start();
    let connect = || Client::connect(server.address).unwrap();
    let (made, changes) = large_cart();
    assert_eq!(connect().lines("/v1/operations", &lines(&made)).json_lines().len(), made.len());
    let before = server.resident();
    let write = |mut client: Client| {
        client.write_lines("/v1/operations", &changes).unwrap();
        client
    };
    let clients: Vec<_> = (0..CLIENTS).map(|_| write(connect())).collect();
    // Time enough to make all results, 400 MB of them.
    std::thread::sleep(Duration::from_secs(5));
    let grown = server.resident().saturating_sub(before) >> 20;
    println!("{grown} MB for {CLIENTS} clients that do not read");
    assert!(grown < 100, "{grown} MB");
    assert_eq!(connect().get("/v1/products/mug").status, 200);
    drop(clients);
    server.end_well();
}

#[test]
fn results_come_as_they_are_made_and_wait_for_the_reader() {
    let server = TestServer::stocked();
    let text = with_large_cart(&server);
    let before = server.shop.stats().operations;
    let mut client = server.client();
    client.write_lines("/v1/operations", &text).unwrap();
    client.head().unwrap();
    let first = client.chunk().unwrap().unwrap();
    assert!(first.starts_with(b"{\"line\":1,\"ok\":"), "{}", String::from_utf8_lossy(&first[..99]));
    // Of 60 MB of results most find no room on the way, and so most lines are not performed.
    std::thread::sleep(Duration::from_millis(500));
    let done = server.shop.stats().operations - before;
    assert!(done < 1_900, "{done} lines were performed although nobody reads");
    let mut rest = first;
    while let Some(chunk) = client.chunk().unwrap() {
        rest.extend(chunk);
    }
    assert_eq!(rest.iter().filter(|byte| **byte == b'\n').count(), 2_000);
}

#[test]
fn a_client_that_does_not_read_is_cut_and_its_lines_are_done() {
    let limits = Limits { write_timeout: Duration::from_millis(500), ..Limits::default() };
    let server = TestServer::with(|options| options.limits(limits));
    server.stock();
    let text = with_large_cart(&server);
    let before = server.shop.stats().operations;
    let mut client = server.client();
    client.write_lines("/v1/operations", &text).unwrap();
    wait_for(&server, before + 2_000);
    let mut read = 0;
    let cut = loop {
        match client.line() {
            Ok(line) => read += line.len(),
            Err(_) => break read,
        }
    };
    assert!(cut < 50_000_000, "{cut} bytes were sent to a client that does not read");
}

#[test]
fn a_full_queue_fails_single_lines_or_ends_the_run() {
    let store = StoreOptions::new(SystemClock).queue(8).readers(commerce_server::readers(2));
    let server = TestServer::on(store, |options| options);
    server.stock();
    let text = format!("{}\n", json!({ "op": "wallet.charge", "user": "bob", "amount": 1 })).repeat(1_000);
    let balance = || server.client().get("/v1/users/bob/balance").json()["balance"].as_u64().unwrap();
    let results = server.client().lines("/v1/operations?independent=true", &text).json_lines();
    let outcomes: Vec<_> = results.iter().map(outcome).collect();
    assert_eq!(outcomes.iter().map(|(line, _)| *line).collect::<Vec<_>>(), (1..=1_000).collect::<Vec<_>>());
    let failed = results.iter().filter(|result| result["failed"].is_object());
    for failed in failed.clone() {
        assert_eq!(
            (&failed["failed"]["code"], &failed["failed"]["retryable"]),
            (&json!("busy"), &json!(true))
        );
    }
    let (failed, done) = (failed.count() as u64, balance());
    assert!(failed > 0, "the queue was never full");
    assert_eq!(failed + done, 1_000);
    // In a chain all lines before the failed one are done, and none after it.
    let results = server.client().lines("/v1/operations", &text).json_lines();
    let outcomes: Vec<_> = results.iter().map(outcome).collect();
    let (last, ok) = outcomes.split_last().unwrap();
    assert!(ok.iter().zip(1..).all(|(found, line)| *found == (line, "ok".to_owned())), "{outcomes:?}");
    assert_eq!(*last, (ok.len() as u64 + 1, "busy".to_owned()));
    assert_eq!(balance(), done + ok.len() as u64);
}
