//! Tests `events relay`: a file as the sink, full disks, signals and error messages.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use crate::process::Process;
use crate::shop::{Shop, stderr, stdout};
use crate::system::until;

fn lines(path: &Path) -> usize {
    std::fs::read_to_string(path).map_or(0, |text| text.lines().count())
}

/// Starts `events relay` in the background.
fn relay(shop: &Shop, arguments: &[&str]) -> Process {
    Process::start(shop.program(&[&["events", "relay"], arguments].concat()))
}

/// A file of the shop's folder, as an isolated script sees it.
fn inside(script: &Process, shop: &Shop, name: &str) -> PathBuf {
    let root = Path::new("/proc").join(script.id().to_string()).join("root");
    root.join(shop.path(name).strip_prefix("/").unwrap())
}

/// Stops a relay as a terminal or a service manager does. Returns its standard output and standard error.
fn end(relay: Process, signal: &str) -> (String, String) {
    relay.signal(signal);
    let output = relay.finish();
    assert!(output.status.success(), "{}", stderr(&output));
    (stdout(&output), stderr(&output))
}

#[test]
fn once_delivers_what_is_pending() {
    let shop = Shop::stocked();
    shop.ok(&["buy", "alice", "mug"]);
    let told = shop.json(&["events", "relay", "--sink", "file:events.jsonl", "--once"]);
    assert_eq!(told, json!({ "delivered": 2, "refused": 0, "pending": 0, "dead": 0 }));
    assert_eq!(lines(&shop.path("events.jsonl")), 2);
    let list = shop.json(&["events", "list", "--status", "delivered"]);
    assert_eq!(list["items"][1]["subject"], "orders/1");
    assert_eq!(list["items"][1]["status"], "delivered");
    assert!(shop.fails(3, &["events", "retry", "1"]).contains("not dead"));
    let none = shop.json(&["events", "relay", "--sink", "none", "--once"]);
    assert_eq!(none, json!({ "delivered": 0, "refused": 0, "pending": 0, "dead": 0 }));
}

#[test]
fn it_delivers_until_stopped_and_wakes_when_others_commit() {
    let shop = Shop::stocked();
    for signal in ["TERM", "INT"] {
        let before = lines(&shop.path("events.jsonl"));
        let relay = relay(&shop, &["--sink", "file:events.jsonl", "--output", "json"]);
        shop.ok(&["charge", "alice", "1"]);
        until("the events are there", || lines(&shop.path("events.jsonl")) > before);
        until("and settled", || shop.json(&["events", "list", "--status", "pending"])["items"] == json!([]));
        let (out, told) = end(relay, signal);
        assert!(out.contains(r#""pending":0"#), "{out}");
        assert!(told.contains("delivering"), "{told}");
    }
    assert_eq!(lines(&shop.path("events.jsonl")), 3);
}

#[test]
fn an_unusable_sink_is_reported() {
    let shop = Shop::stocked();
    for (sink, told) in [
        (&[][..], "--sink"),
        (&["--sink", "ftp://example.com"], "is not a sink"),
        (&["--sink", "https://example.com"], "COMMERCE_SINK_SECRET"),
        (&["--sink", "https://example.com", "--sink-secret-file", "none"], "--sink-secret-file"),
        (&["--sink", "file:events.jsonl", "--attempts", "0"], "--attempts"),
    ] {
        assert!(shop.fails(2, &[&["events", "relay"], sink].concat()).contains(told), "{sink:?}");
    }
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    shop.file("secret", secret);
    let local =
        ["events", "relay", "--once", "--sink", "http://127.0.0.1:9/", "--sink-secret-file", "secret"];
    let told = shop.fails(1, &local);
    assert!(told.contains("127.0.0.1 is private") && !told.contains(secret), "{told}");
    let told = shop.fails(1, &[&local[..], &["--sink-allow-private"]].concat());
    assert!(told.contains("refused"), "{told}");
    let list = shop.json(&["events", "list", "--status", "pending"]);
    assert!(list["items"][0]["last_error"].as_str().unwrap().contains("refused"), "{list}");
    assert!(
        shop.fails(1, &["events", "relay", "--once", "--sink", "file:/dev/full"])
            .contains("not a regular file")
    );
}

#[test]
fn a_full_disk_is_reported_and_delivery_continues_when_there_is_space() {
    let shop = Shop::stocked();
    let charge = |count: usize| {
        let line = r#"{"op":"wallet.charge","user":"alice","amount":1}"#;
        shop.ok(&["apply", &shop.file("charges", format!("{line}\n").repeat(count))]);
    };
    charge(100);
    std::fs::create_dir(shop.path("small")).unwrap();
    let pending =
        || shop.json(&["events", "list", "--status", "pending", "--limit", "1"])["items"][0].clone();

    // A disk with 16 KiB of free space that only the relay sees.
    let mount = r#"mount -t tmpfs -o size=64k tmpfs small && head -c 49152 /dev/zero > small/filler &&
        exec "$0" events relay --sink file:small/events.jsonl"#;
    let relay = Process::start(shop.isolated(mount));

    until("the store says so", || {
        pending()["last_error"].as_str().is_some_and(|e| e.contains("the disk is full"))
    });
    let file = inside(&relay, &shop, "small/events.jsonl");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'), "a torn line is left");
    // The shop still works.
    charge(3);
    std::fs::remove_file(file.with_file_name("filler")).unwrap();
    until("delivery continues by itself", || pending().is_null());
    let list = shop.json(&["events", "list", "--status", "delivered", "--all"]);
    assert_eq!(lines(&file), list["items"].as_array().unwrap().len());
    let (_, told) = end(relay, "TERM");
    assert!(told.contains("the disk is full") && told.contains("accepted again"), "{told}");
}

/// Makes a shop with events on a small disk, and a function that fills the disk except for some KiB. Another process keeps
/// the shop open, so that opening it takes no space.
const FULL: &str = r#"mount -t tmpfs -o size=600k tmpfs small && export COMMERCE_DB=small/shop.db && "$0" init -q
    mkfifo line; "$0" apply - < line > results 2>&1 & exec 3> line
    echo '{"op":"user.add","user":"alice"}' >&3; echo '{"op":"wallet.charge","user":"alice","amount":5}' >&3
    for _ in $(seq 1000); do "$0" balance alice 2> results | grep -q 5 && break; sleep 0.05; done
    fill() { head -c 2000000 /dev/zero > small/filler 2> results; truncate -s -$((1024 * $1)) small/filler; }"#;

#[test]
fn once_ends_with_an_error_where_the_store_cannot_be_written() {
    let shop = Shop::bare();
    std::fs::create_dir(shop.path("small")).unwrap();
    // No space for the lease, or a little for the writes before delivery.
    for (sink, room, full) in [
        ("events.jsonl", 0, "the store is unavailable: the disk is full"),
        ("small/events.jsonl", 0, "the store is unavailable: the disk is full"),
        ("small/events.jsonl", 8, "the disk is full"),
        ("small/events.jsonl", 12, "the disk is full"),
    ] {
        let script = format!(
            r#"{FULL}
            fill {room}
            timeout 60 "$0" events relay --sink file:{sink} --once; echo "full $?"
            rm small/filler
            "$0" events relay --sink file:{sink} --once -q > summary; echo "room $?""#
        );
        std::fs::remove_file(shop.path("line")).ok();
        let output = shop.isolated(&script).output().unwrap();
        let (printed, told) = (stdout(&output), stderr(&output));
        assert!(printed.contains("full 1\n") && printed.ends_with("room 0\n"), "{printed}{told}");
        assert!(told.contains(full), "{told}");
        assert_eq!(told.matches("error: ").count(), 1, "{told}");
        assert!(printed.contains("pending"), "the remaining events are reported too: {printed}");
    }
}

#[test]
fn a_relay_continues_when_the_store_can_be_written_again() {
    let shop = Shop::bare();
    std::fs::create_dir(shop.path("small")).unwrap();
    let script = format!(r#"{FULL}; fill 0; exec "$0" events relay --sink file:events.jsonl 2> told"#);
    let relay = Process::start(shop.isolated(&script));
    let told = || std::fs::read_to_string(shop.path("told")).unwrap_or_default();
    until("the full disk is reported", || told().contains("the disk is full"));
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(told().matches("the disk is full").count(), 1, "{}", told());
    assert_eq!(lines(&shop.path("events.jsonl")), 0);
    std::fs::remove_file(inside(&relay, &shop, "small/filler")).unwrap();
    until("delivery continues by itself", || lines(&shop.path("events.jsonl")) == 1);
    until("the recovery is reported", || told().contains("the store works again"));
    let (out, _) = end(relay, "TERM");
    assert!(out.contains("pending"), "{out}");
}

#[test]
fn every_relay_ends_when_the_store_is_gone() {
    let shop = Shop::stocked();
    let relay = relay(&shop, &["--sink", "file:events.jsonl"]);
    let delivered =
        || shop.json(&["events", "list", "--status", "delivered"])["items"].as_array().unwrap().len();
    until("the event is settled", || delivered() == 1);
    std::fs::rename(shop.path("shop.db"), shop.path("away.db")).unwrap();
    let output = relay.finish();
    let (code, told) = (output.status.code(), stderr(&output));
    assert_eq!(code, Some(4), "{told}");
    assert_eq!(told.matches("the store is gone").count(), 1, "{told}");
    std::fs::rename(shop.path("away.db"), shop.path("shop.db")).unwrap();
    assert_eq!(delivered(), 1);
}

#[test]
fn a_damaged_file_is_reported_and_delivery_continues() {
    let shop = Shop::stocked();
    let relay = ["events", "relay", "--sink", "file:events.jsonl", "--once", "-q"];
    shop.ok(&relay);
    let whole = std::fs::read(shop.path("events.jsonl")).unwrap();
    shop.file("events.jsonl", [&whole, &vec![0; 700][..], b"\"}}\n", &whole].concat());
    shop.ok(&["charge", "alice", "1"]);
    let output = shop.run(&relay);
    let told = stderr(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    let place =
        format!("warning: events.jsonl: bytes {} to {} hold no whole events", whole.len(), whole.len() + 704);
    assert!(told.starts_with(&place), "{told}");
}
