//! Tests long lists: they print all rows in every format in little memory.

use std::io::Read;
use std::process::{Command, Stdio};

use rusqlite::Connection;

use crate::shop::{Shop, USER, lines};

/// Collected as JSON, this many orders take 120 MB.
const ORDERS: usize = 30_000;

/// The most memory for a list, in KiB.
const MEMORY: u64 = 64 << 10;

/// A shop of many orders and products, written directly in the engine's format.
fn grown(orders: usize) -> Shop {
    let shop = Shop::bare();
    shop.ok(&["init"]);
    shop.ok(&["user", "add", "alice"]);
    let rows = format!("WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {orders})");
    let store = Connection::open(shop.path("shop.db")).unwrap();
    store
        .execute_batch(&format!(
            "BEGIN;
            INSERT INTO products {rows} SELECT n, 'product-' || n, '머그컵 Mug ' || n, '', 1000, 1 FROM n;
            INSERT INTO stocks {rows} SELECT n, n % 100 FROM n;
            INSERT INTO orders {rows} SELECT n, 1, 1000, 1000, n - 1, 1700000000000 + n, NULL FROM n;
            INSERT INTO order_lines {rows} SELECT n * 1024, n, '머그컵 Mug ' || n, 500, 1 FROM n;
            INSERT INTO order_lines {rows} SELECT n * 1024 + 1, {orders} + 1 - n, 'Pen ' || n, 500, 1 FROM n;
            INSERT INTO ledger {rows} SELECT n, 1, 'charge', 1, n, n, n - 1, 1700000000000 + n, NULL FROM n;
            UPDATE wallets SET last_order = {orders}, last_entry = {orders};
            UPDATE store SET last_order = {orders}, last_product = {orders}, last_entry = {orders};
            COMMIT"
        ))
        .unwrap();
    shop
}

/// The output of a command, and its peak memory in KiB. The command blocks until its output is read.
fn measured(command: &mut Command) -> (String, u64) {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
    let (mut out, mut printed, mut peak) = (child.stdout.take().unwrap(), Vec::new(), 0);
    let mut part = vec![0; 1 << 16];
    loop {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let held = line.and_then(|line| line.trim().strip_suffix(" kB")).and_then(|kib| kib.parse().ok());
        peak = peak.max(held.unwrap_or(0));
        match out.read(&mut part).unwrap() {
            0 => break,
            read => printed.extend(&part[..read]),
        }
    }
    assert!(child.wait().unwrap().success());
    (String::from_utf8(printed).unwrap(), peak)
}

#[test]
fn long_lists_take_the_memory_of_a_few_rows() {
    let shop = grown(ORDERS);
    for (list, more) in [
        (&["order", "list", "--output", "csv"][..], 1),
        (&["order", "list", "--user", "alice", "--output", "jsonl"], 0),
        (&["order", "list"], 1),
        (&["product", "list", "--sort", "stock", "--output", "jsonl"], 0),
        (&["wallet", "history", "alice", "--output", "csv"], 1),
    ] {
        let (text, peak) = measured(&mut shop.program(&[list, &["--all"]].concat()));
        assert_eq!(text.lines().count(), ORDERS + more, "{list:?}");
        assert!((1..MEMORY).contains(&peak), "{list:?} took {peak} KiB");
    }
}

#[test]
fn the_columns_of_a_long_table_only_widen() {
    let shop = grown(2_000);
    shop.ok(&["order", "cancel", "7", "--reason", "why", "--yes"]);
    let table = shop.ok(&["order", "list", "--all"]);
    assert!(table.lines().next().unwrap().ends_with("CANCELLED AT  REASON  ACTOR  CANCELLED BY"), "{table}");
    let cancelled = table.lines().nth(2_000 - 6).unwrap();
    assert!(
        cancelled.contains("cancelled") && cancelled.contains("why") && cancelled.ends_with(USER),
        "{cancelled}"
    );
    let mut places: Vec<usize> = table.lines().skip(1).map(|line| line.find("product-").unwrap()).collect();
    assert!(places.is_sorted(), "{table}");
    places.dedup();
    assert_eq!(places.len(), 2, "only the word for the cancelled one is wider: {table}");
    let by_stock = lines(&shop.ok(&["product", "list", "--sort", "stock", "--all", "--output", "jsonl"]));
    assert!(by_stock.is_sorted_by_key(|product| product["stock"].as_i64()));
}

#[test]
fn orders_are_listed_by_their_numbers() {
    let shop = Shop::stocked();
    for _ in 0..3 {
        shop.ok(&["buy", "alice", "pen"]);
    }
    let listed = shop.json(&["order", "list", "3", "1"]);
    let numbers: Vec<_> = listed["items"].as_array().unwrap().iter().map(|order| &order["order"]).collect();
    assert_eq!(numbers, [3, 1]);
    assert!(listed["next_cursor"].is_null());
    assert_eq!(
        lines(&shop.ok(&["order", "list", "2", "--output", "jsonl"])),
        [shop.json(&["order", "show", "2"])]
    );
    assert!(shop.fails(3, &["order", "list", "1", "42"]).contains("42"));
    assert!(shop.fails(2, &["order", "list", "0"]).contains("at least 1"));
    assert!(shop.fails(2, &["order", "list", "1", "--user", "alice"]).contains("--user"));
}
