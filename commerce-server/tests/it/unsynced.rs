//! Tests what clients and monitors are told of a libSQL server that does not sync its commits, or whose clock differs.

use std::time::Duration;

use commerce_core::{Clock, Commerce, Currency, Options, SystemClock, Time};
use serde_json::{Value, json};

use crate::http::Client;
use crate::server::TestServer;
use crate::sqld::Sqld;
use crate::system::until;

const RELAXED: &str =
    r#"{"block_reads":false,"block_writes":false,"durability_mode":"relaxed","txn_timeout_s":5}"#;
const STRONG: &str =
    r#"{"block_reads":false,"block_writes":false,"durability_mode":"strong","txn_timeout_s":5}"#;

fn served(sqld: &Sqld, options: Options) -> TestServer {
    let at: commerce_core::Location = sqld.url().parse().unwrap();
    let shop = Commerce::create(at, Currency::try_from("KRW").unwrap(), options).unwrap();
    let server = TestServer::of(shop, |options| options);
    server.stock();
    server
}

fn metric(client: &mut Client, name: &str) -> Option<f64> {
    let text = String::from_utf8(client.get("/metrics").body).unwrap();
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.map(|value| value.parse().unwrap())
}

fn charge(client: &mut Client) -> crate::http::Answer {
    client.send("POST", "/v1/users/alice/charges", &[], Some(&json!({ "amount": 1 }))).unwrap()
}

/// What `readyz` answers once its last answer, which it repeats for a second, has this status.
fn ready(client: &mut Client, status: u16) -> Value {
    until("readyz has noticed", || client.get("/readyz").status == status);
    client.get("/readyz").json()
}

#[test]
fn changes_are_refused_while_the_libsql_server_does_not_sync() {
    let mut sqld = Sqld::start();
    let server = served(&sqld, Options::new(SystemClock));
    let mut client = server.client();
    assert_eq!(charge(&mut client).status, 201);
    assert_eq!(ready(&mut client, 200)["synced"], true);
    assert_eq!(metric(&mut client, "commerce_store_synced"), Some(1.0));

    // A server that forgets its mode when it restarts.
    sqld.kill_and_restart();
    sqld.configure(RELAXED);
    let refused = charge(&mut client);
    assert_eq!((refused.status, refused.code().as_str()), (503, "store_unavailable"));
    assert!(refused.header("retry-after").is_some(), "{refused:?}");
    let told = ready(&mut client, 503).to_string();
    assert!(told.contains("durability_mode") && told.contains("--enable-namespaces"), "{told}");
    assert_eq!(metric(&mut client, "commerce_store_synced"), Some(0.0));
    assert_eq!(client.get("/v1/users/alice/balance").json()["balance"], 100_001);

    sqld.configure(STRONG);
    assert_eq!(charge(&mut client).json()["balance"], 100_002);
    assert_eq!(ready(&mut client, 200)["synced"], true);
    assert_eq!(metric(&mut client, "commerce_store_synced"), Some(1.0));
}

#[test]
fn monitors_are_told_of_commits_that_are_not_synced_by_permission() {
    let sqld = Sqld::start_unconfigured(&[]);
    let server = served(&sqld, Options::new(SystemClock).allow_unsynced());
    let mut client = server.client();
    assert_eq!(charge(&mut client).status, 201);
    assert_eq!(ready(&mut client, 200)["synced"], false);
    assert_eq!(metric(&mut client, "commerce_store_synced"), Some(0.0));
}

/// The machine's clock, ten minutes ahead.
struct Ahead;

impl Clock for Ahead {
    fn now(&self) -> Time {
        Time::from_millis(SystemClock.now().millis() + 600_000)
    }
}

#[test]
fn monitors_are_told_how_far_the_clock_is_from_the_libsql_servers() {
    let sqld = Sqld::start();
    let server = served(&sqld, Options::new(Ahead));
    let mut client = server.client();
    // A long round trip makes the measurement less certain.
    let near = |seconds: f64| (595.0..605.0).contains(&seconds);
    assert!(ready(&mut client, 200)["clock_offset_seconds"].as_f64().is_some_and(near));
    assert!(metric(&mut client, "commerce_clock_offset_seconds").is_some_and(near));
    let at = Time::try_from(charge(&mut client).json()["at"].as_str().unwrap()).unwrap();
    assert!(at.millis() < SystemClock.now().millis() + Duration::from_secs(60).as_millis() as i64, "{at}");

    let file = TestServer::stocked();
    let mut client = file.client();
    let told = ready(&mut client, 200);
    assert_eq!((&told["synced"], told.get("clock_offset_seconds")), (&json!(true), None));
    assert_eq!(metric(&mut client, "commerce_clock_offset_seconds"), None);
    assert_eq!(metric(&mut client, "commerce_store_synced"), Some(1.0));
}
