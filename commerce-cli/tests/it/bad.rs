//! Tests failures: each has its exit code and a message that names the location, and none panics.

use serde_json::{Value, json};

use crate::shop::{Shop, told};

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
    assert_eq!(output.status.code(), Some(3), "{}", told(&output));
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
