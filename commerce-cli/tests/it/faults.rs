//! Tests wrong usage, bad input and unusable stores: each gives a clear message and the right exit code, and none panics.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::process::Process;
use crate::shop::{Shop, told};

#[test]
fn a_missing_store_is_reported_with_the_remedy() {
    let folder = Shop::bare();
    let told = folder.fails(4, &["--db", "none.db", "balance", "alice"]);
    assert!(told.contains("none.db") && told.contains("init"), "{told}");
    assert!(!folder.path("none.db").exists());
    let told = folder.fails(4, &["--db", "libsql://localhost:1", "balance", "alice"]);
    assert!(told.contains("cannot be reached"), "{told}");
}

#[test]
fn other_files_are_refused() {
    let folder = Shop::in_dollars();
    folder.file("text.db", "not a database, but long enough to be read as the header of one: no.");
    folder.file("empty.db", "");
    std::fs::create_dir(folder.path("folder.db")).unwrap();
    let other = rusqlite::Connection::open(folder.path("other.db")).unwrap();
    other.execute_batch("CREATE TABLE t (x)").unwrap();
    drop(other);
    folder.ok(&["backup", "newer.db"]);
    let newer = rusqlite::Connection::open(folder.path("newer.db")).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    drop(newer);
    for (file, part) in [
        ("text.db", "no SQLite database"),
        ("empty.db", "empty"),
        ("folder.db", "no regular file"),
        ("other.db", "another program"),
        ("newer.db", "newer version"),
    ] {
        let told = folder.fails(4, &["--db", file, "balance", "alice"]);
        assert!(told.contains(part) && told.contains(file), "{told}");
    }
    folder.fails(4, &["init"]);
    folder.fails(4, &["--db", "other.db", "init"]);
    folder.fails(4, &["--db", "no/such/folder/shop.db", "init"]);
    folder.ok(&["--db", "empty.db", "init"]);
}

#[test]
fn a_read_only_file_is_reported() {
    let folder = Shop::in_dollars();
    let path = folder.path("shop.db");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).unwrap();
    assert!(folder.fails(4, &["balance", "alice"]).contains("cannot be written"));
}

#[test]
fn bad_arguments_name_their_place() {
    let shop = Shop::in_dollars();
    let long = "x".repeat(65);
    for (args, part) in [
        (vec!["charge", "alice", "-5"], "AMOUNT"),
        (vec!["charge", "alice", "1.234"], "AMOUNT"),
        (vec!["charge", "alice", "0"], "amount"),
        (vec!["charge", "alice", "99999999999999999999"], "AMOUNT"),
        (vec!["charge", "a b", "5"], "user"),
        (vec!["user", "add", &long], "user"),
        (vec!["user", "add", "b", "--name", "\u{1b}[31mred"], "name"),
        (vec!["buy", "alice", "mug:0"], "quantity"),
        (vec!["buy", "alice", "mug:many"], "mug:many"),
        (vec!["buy", "alice", "mug:1000001"], "quantity"),
        (vec!["buy", "alice"], "ITEMS"),
        (vec!["product", "list", "--sort", "colour"], "sort"),
        (vec!["product", "restock", "mug", "0"], "delta"),
        (vec!["top", "--days", "366"], "days"),
        (vec!["top", "--to", "yesterday"], "to"),
        (vec!["order", "cancel", "1"], "--yes"),
        (vec!["cart", "clear", "alice"], "--yes"),
        (vec!["apply", "none.jsonl"], "none.jsonl"),
        (vec!["apply", "."], "directory"),
        (vec!["product", "import", "."], "directory"),
        (vec!["--db", "x.db", "init", "--currency", "XXX"], "XXX"),
        (vec!["frobnicate"], "frobnicate"),
    ] {
        let told = shop.fails(2, &args);
        assert!(told.contains(part), "{args:?}: {told}");
        assert!(!told.contains('\u{1b}'), "{args:?}: {told:?}");
    }
    assert!(!shop.path("x.db").exists());
}

#[test]
fn refusals_are_problem_objects_for_programs() {
    let shop = Shop::in_dollars();
    let told = shop.fails(3, &["buy", "alice", "mug:4", "--output", "json"]);
    let problem: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(problem["code"], "out_of_stock");
    assert_eq!(problem["status"], 409);
    assert_eq!(problem["retryable"], false);
    assert_eq!(problem["items"], json!([{ "product": "mug", "requested": 4, "available": 3 }]));
    let told = shop.fails(2, &["charge", "a b", "5", "--output", "json"]);
    let problem: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(problem["errors"][0]["pointer"], "/user");
    shop.ok(&["product", "restock", "mug", "100"]);
    assert!(shop.fails(3, &["buy", "alice", "mug:50"]).contains("100.00 USD"));
}

#[test]
fn a_pipe_closed_early_is_no_error() {
    let folder = Shop::bare();
    folder.ok(&["init", "--sample"]);
    let mut process = Process::start(folder.program(&["product", "list", "--all", "--output", "jsonl"]));
    drop(process.output());
    let output = process.finish();
    assert_eq!((output.status.code(), told(&output)), (Some(0), String::new()));
}
