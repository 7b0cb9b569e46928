//! Tests that a server started as the README says syncs every commit that it acknowledges, also after a restart. A kill
//! leaves the system's memory as it was, so only counting the server's syncs tells.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::preload::library;
use crate::process::Lines;
use crate::shop::Shop;
use crate::sqld::{Setup, Sqld};

/// Charges that are acknowledged one by one, each of which needs a commit of its own.
const CHARGES: u64 = 20;

/// A shop on a server of which the syncs are counted, and the file with their number.
fn counted(setup: Setup) -> (Shop, PathBuf) {
    let mut shop = Shop::bare();
    let count = shop.path("syncs");
    let watch = vec![("LD_PRELOAD", library("../fixtures/syncs.c")), ("SYNCS_FILE", count.clone())];
    shop.server = Some(Sqld::start_as(Setup { variables: watch, ..setup }));
    shop.ok(&["init"]);
    shop.ok(&["user", "add", "alice"]);
    (shop, count)
}

fn syncs(count: &Path) -> u64 {
    u64::from_ne_bytes(std::fs::read(count).unwrap().try_into().unwrap())
}

/// The syncs of the server for some charges, each acknowledged before the next one is sent.
fn syncs_of_charges(shop: &Shop, count: &Path, options: &[&str]) -> u64 {
    let mut apply = Lines::start(shop.program(&[options, &["apply", "-"]].concat()));
    let charge = json!({ "op": "wallet.charge", "user": "alice", "amount": 1 });
    // The first charge also deletes old receipts, and is not counted.
    assert!(apply.send(&charge)["ok"].is_object());
    let before = syncs(count);
    for _ in 0..CHARGES {
        assert!(apply.send(&charge)["ok"].is_object());
    }
    syncs(count) - before
}

#[test]
fn the_readmes_server_syncs_each_acknowledged_commit_also_after_restarts() {
    let (mut shop, count) = counted(Setup::default());
    let first = syncs_of_charges(&shop, &count, &[]);
    shop.server.as_mut().unwrap().kill_and_restart();
    let killed = syncs_of_charges(&shop, &count, &[]);
    shop.server.as_mut().unwrap().stop_and_restart();
    let stopped = syncs_of_charges(&shop, &count, &[]);
    assert!([first, killed, stopped].iter().all(|&syncs| syncs >= CHARGES), "{first}, {killed}, {stopped}");
    assert_eq!(shop.json(&["balance", "alice"])["balance"], 3 * (CHARGES + 1));
    assert_eq!(shop.json(&["verify"])["found"], 0);
}

#[test]
fn a_server_that_forgets_its_configuration_syncs_nothing_and_is_refused() {
    let (mut shop, count) = counted(Setup { without: Some("--enable-namespaces"), ..Setup::default() });
    let first = syncs_of_charges(&shop, &count, &[]);
    assert!(first >= CHARGES, "{first} syncs");
    shop.server.as_mut().unwrap().stop_and_restart();
    let balance = || shop.json(&["balance", "alice"])["balance"].clone();
    let told = shop.fails(1, &["charge", "alice", "1"]);
    assert!(told.contains("does not sync") && told.contains("--enable-namespaces"), "{told}");
    assert_eq!(balance(), CHARGES + 1);
    let unsynced = syncs_of_charges(&shop, &count, &["--allow-unsynced"]);
    assert!(unsynced < CHARGES, "{unsynced} syncs for {CHARGES} charges");
}
