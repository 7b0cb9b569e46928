//! Tests wrong usage, bad input and unusable stores. Each gives the right exit code and a message that names the place, and
//! none panics.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::process::Process;
use crate::shop::{Shop, stderr};

#[test]
fn a_store_that_cannot_be_opened_is_exit_4() {
    let shop = Shop::bare();
    let said = shop.fails(4, &["balance", "alice"]);
    assert!(said.contains("there is no store") && said.contains(" init"), "{said}");
    assert!(!shop.path("shop.db").exists(), "only init and demo make stores");
    for address in ["libsql://127.0.0.1:1", "http://127.0.0.1:1", "https://no-such-host.invalid"] {
        for command in [&["balance", "alice"][..], &["init"], &["demo"]] {
            let said = shop.fails(4, &[command, &["--db", address]].concat());
            assert!(said.contains("cannot be reached"), "{said}");
        }
    }
    let foreign =
        shop.file("notes.txt", "this is a long text about something else, and no store at all\n".repeat(99));
    assert!(shop.fails(4, &["--db", &foreign, "top"]).contains("not a store"));
    shop.fails(4, &["--db", shop.folder.path().to_str().unwrap(), "top"]);
    shop.ok(&["init"]);
    assert!(shop.fails(4, &["init"]).contains("already"));
}

#[test]
fn refusals_are_exit_3_and_carry_the_problem() {
    let shop = Shop::stocked();
    let said = shop.fails(3, &["buy", "alice", "mug:6", "pen:101"]);
    assert!(said.starts_with("error: ") && said.contains("mug") && said.contains("pen"), "{said}");
    let problem = |arguments: &[&str]| -> Value {
        serde_json::from_str(&shop.fails(3, &[arguments, &["--output", "json"]].concat())).unwrap()
    };
    let short = problem(&["buy", "alice", "mug:6", "pen:101"]);
    assert_eq!((&short["code"], &short["status"]), (&json!("out_of_stock"), &json!(409)));
    assert_eq!((&short["type"], &short["retryable"]), (&json!("urn:commerce:out_of_stock"), &json!(false)));
    assert_eq!(short["items"][1], json!({ "product": "pen", "requested": 101, "available": 100 }));
    let poor = problem(&["buy", "alice", "mug:5"]);
    assert_eq!((&poor["code"], &poor["status"]), (&json!("insufficient_balance"), &json!(402)));
    assert_eq!((&poor["balance"], &poor["total"]), (&json!(50_000), &json!(60_000)));
    assert_eq!(problem(&["balance", "bob"])["status"], 404);
    shop.ok(&["charge", "alice", "1", "--key", "k"]);
    assert_eq!(problem(&["charge", "alice", "2", "--key", "k"])["status"], 422);
}

#[test]
fn bad_arguments_are_exit_2_and_are_named() {
    let shop = Shop::stocked();
    let long = "x".repeat(65);
    let key = "k".repeat(256);
    let cases: [(&[&str], &str); 24] = [
        (&["charge", "alice", "12.5"], "AMOUNT"),
        (&["charge", "alice", "-5"], "AMOUNT"),
        (&["charge", "alice", "99999999999999999999999"], "AMOUNT"),
        (&["charge", "alice", "0"], "amount"),
        (&["charge", "alice", "abc"], "AMOUNT"),
        (&["charge", "al ice", "1"], "user"),
        (&["charge", "", "1"], "user"),
        (&["charge", &long, "1"], "user"),
        (&["charge", "alice", "1", "--key", &key], "key"),
        (&["charge", "alice", "1", "--key", "a b"], "key"),
        (&["user", "add", "bob", "--name", "a\u{1b}[31mb"], "name"),
        (&["user", "add", "bob", "--name", ""], "name"),
        (&["product", "add", "x", "--name", "x", "--price", "1,5", "--stock", "1"], "--price"),
        (&["product", "add", "x", "--name", "x", "--price", "1", "--stock", "many"], "--stock"),
        (&["product", "restock", "mug", "0"], "delta"),
        (&["product", "list", "--sort", "colour"], "sort"),
        (&["product", "list", "--limit", "101"], "limit"),
        (&["product", "list", "--cursor", "nonsense"], "cursor"),
        (&["order", "show", "0"], "order"),
        (&["order", "cancel", "0", "--yes"], "order"),
        (&["buy", "alice", "mug:0"], "quantity"),
        (&["cart", "set", "alice", "mug"], "mug"),
        (&["top", "--to", "yesterday"], "to"),
        (&["order", "show", "abc"], "ORDER"),
    ];
    for (arguments, place) in cases {
        let said = shop.fails(2, arguments);
        assert!(said.contains(place), "{arguments:?}: {said}");
        assert!(!said.contains('\u{1b}'), "{arguments:?}: {said:?}");
    }
    for quantity in ["x", "", "1.5", "99999999999999999999", "1000001"] {
        let said = shop.fails(2, &["buy", "alice", &format!("mug:{quantity}")]);
        assert!(said.contains("quantity"), "{said}");
    }
    assert!(Shop::bare().fails(2, &["init", "--currency", "XYZ"]).contains("--currency"));
    assert_eq!(shop.json(&["balance", "alice"])["balance"], 50_000);
}

#[test]
fn a_cart_of_ten_thousand_lines_is_invalid() {
    let shop = Shop::stocked();
    let items: Vec<Value> =
        (0..10_000).map(|n| json!({ "product": format!("p{n}"), "quantity": 1 })).collect();
    let line = json!({ "op": "order.place", "user": "alice", "items": items }).to_string();
    let output = shop.feed(&["apply", "-"], line);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(result["invalid"]["detail"].as_str().unwrap().contains("items"), "{result}");
}

#[cfg(unix)]
#[test]
fn arguments_that_are_not_unicode_are_invalid() {
    use std::os::unix::ffi::OsStrExt;
    let shop = Shop::stocked();
    let output = shop.program(&["balance"]).arg(std::ffi::OsStr::from_bytes(b"a\xff")).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let shop = Shop::new();
    for command in [&["apply"][..], &["product", "import"]] {
        for file in ["no-such-file", "."] {
            let said = shop.fails(2, &[command, &[file]].concat());
            assert!(said.contains(file), "{command:?}: {said}");
        }
        let empty = shop.file("empty", "");
        shop.ok(&[command, &[empty.as_str()]].concat());
    }
}

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
        ("text.db", "not a SQLite database"),
        ("empty.db", "empty"),
        ("folder.db", "not a regular file"),
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
    let told = shop.fails(2, &["charge", "a b", "0", "--output", "json"]);
    let problem: Value = serde_json::from_str(&told).unwrap();
    assert_eq!([&problem["errors"][0]["pointer"], &problem["errors"][1]["pointer"]], ["/user", "/amount"]);
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
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()));
}
