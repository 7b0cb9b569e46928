//! Tests every command once, in each output format.

use serde_json::json;

use crate::shop::Shop;

#[test]
fn a_customer_charges_browses_orders_and_cancels() {
    let shop = Shop::in_dollars();
    assert_eq!(
        shop.json(&["balance", "alice"]),
        json!({ "user": "alice", "balance": 10_000, "currency": "USD" })
    );
    assert!(shop.ok(&["product", "show", "mug"]).contains("12.50"));
    assert_eq!(shop.json(&["cart", "add", "alice", "mug:2", "--key", "c"])["total"], 2_500);
    assert_eq!(shop.json(&["cart", "set", "alice", "mug:1"])["total"], 1_250);
    let order = shop.json(&["cart", "checkout", "alice", "--expected-total", "12.50", "--key", "k"]);
    assert_eq!((&order["order"], &order["balance"]), (&json!(1), &json!(8_750)));
    assert_eq!(shop.json(&["order", "show", "1"]), order);
    assert_eq!(shop.json(&["buy", "alice", "mug"])["items"][0]["quantity"], 1);
    assert_eq!(shop.json(&["top"])["items"][0]["units"], 2);
    assert_eq!(shop.json(&["order", "cancel", "2", "--yes", "--reason", "too many"])["status"], "cancelled");
    assert_eq!(shop.json(&["top"])["items"][0]["units"], 1);
    assert_eq!(
        shop.json(&["order", "list", "--user", "alice", "--status", "paid"])["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let kinds: Vec<_> = shop.json(&["wallet", "history", "alice"])["items"].as_array().unwrap().clone();
    let kinds: Vec<_> = kinds.iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["refund", "payment", "payment", "charge"]);
    shop.ok(&["cart", "add", "alice", "mug"]);
    assert_eq!(shop.json(&["cart", "remove", "alice", "mug"])["lines"], json!([]));
    assert_eq!(shop.json(&["cart", "clear", "alice", "--yes"])["total"], 0);
    assert_eq!(shop.json(&["events", "list"])["items"].as_array().unwrap().len(), 4);
    assert_eq!(shop.json(&["events", "retry", "--all"])["events"], json!([]));
    assert_eq!(shop.json(&["verify"])["differences"], json!([]));
}

#[test]
fn a_charge_with_a_key_is_made_once() {
    let shop = Shop::in_dollars();
    let charge = ["charge", "alice", "5", "--key", "once"];
    let first = shop.json(&charge);
    let mut again = shop.json(&charge);
    assert_eq!(again.as_object_mut().unwrap().remove("replayed"), Some(json!(true)));
    assert_eq!(first, again);
    assert!(shop.fails(3, &["charge", "alice", "6", "--key", "once"]).contains("already used"));
}

#[test]
fn output_is_for_people_and_for_programs() {
    let shop = Shop::in_dollars();
    assert_eq!(
        shop.ok(&["product", "list"]),
        "PRODUCT  NAME       PRICE  STOCK  ACTIVE\nmug      머그컵 ☕  12.50      3  yes\n"
    );
    assert_eq!(
        shop.ok(&["product", "list", "--output", "csv"]),
        "product,name,price,stock,active\nmug,머그컵 ☕,12.50,3,yes\n"
    );
    let row = "{\"product\":\"mug\",\"name\":\"머그컵 ☕\",\"price\":1250,\"stock\":3,\"active\":true}\n";
    assert_eq!(shop.ok(&["product", "list", "--output", "jsonl"]), row);
    assert!(!shop.ok(&["product", "list"]).contains('\u{1b}'));
    assert!(shop.ok(&["user", "show", "alice", "--color", "always"]).contains('\u{1b}'));
}

#[test]
fn lists_continue_where_they_stopped() {
    let shop = Shop::in_dollars();
    for number in 0..5 {
        shop.ok(&["user", "add", &format!("u{number}")]);
    }
    let page = shop.json(&["user", "list", "--limit", "4"]);
    let cursor = page["next_cursor"].as_str().unwrap().to_owned();
    assert_eq!(
        shop.json(&["user", "list", "--limit", "4", "--cursor", &cursor])["items"].as_array().unwrap().len(),
        2
    );
    assert_eq!(shop.json(&["user", "list", "--all"])["items"].as_array().unwrap().len(), 6);
    assert!(shop.fails(2, &["user", "list", "--cursor", "nonsense"]).contains("cursor"));
}

#[test]
fn a_catalogue_goes_out_and_comes_in() {
    let (from, to) = (Shop::bare(), Shop::bare());
    from.ok(&["init", "--sample"]);
    to.ok(&["init"]);
    let catalogue = from.ok(&["product", "export"]);
    assert_eq!(catalogue.lines().count(), 201);
    to.file("catalogue.csv", &catalogue);
    to.ok(&["product", "import", "catalogue.csv"]);
    assert_eq!(to.ok(&["product", "export"]), catalogue);
    assert!(to.fails(3, &["product", "import", "catalogue.csv"]).contains("already exists"));
    to.ok(&["product", "import", "catalogue.csv", "--update"]);
    to.file("bad.csv", "product,name,price,stock\nnew,New,5,5\nbad id,Bad,1,1\nworse,Worse,x,1\n");
    let told = to.fails(3, &["product", "import", "bad.csv"]);
    assert!(told.contains("line 3") && told.contains("line 4"), "{told}");
    assert_eq!(to.json(&["product", "show", "new"])["stock"], 5);
}

#[test]
fn a_backup_can_be_restored() {
    let shop = Shop::in_dollars();
    shop.ok(&["backup", "copy.db"]);
    assert!(shop.fails(4, &["backup", "copy.db"]).contains("already"));
    shop.ok(&["buy", "alice", "mug:3"]);
    assert!(shop.fails(2, &["restore", "copy.db"]).contains("--yes"));
    let identity = || -> String {
        let store = rusqlite::Connection::open(shop.path("shop.db")).unwrap();
        store.query_row("SELECT uuid FROM store", [], |row| row.get(0)).unwrap()
    };
    let before = identity();
    shop.ok(&["restore", "copy.db", "--yes"]);
    // The numbers of events are used again, so the new events must have new identifiers.
    assert_ne!(identity(), before);
    assert_eq!(shop.json(&["product", "show", "mug"])["stock"], 3);
    assert_eq!(shop.json(&["--db", "copy.db", "balance", "alice"])["balance"], 10_000);
}

#[test]
fn the_demo_prints_the_story() {
    let folder = Shop::bare();
    let told = folder.ok(&["--db", "tour.db", "demo"]);
    for part in ["not enough stock of lamp-moon", "does not cover", "replayed  yes", "RANK", "payment"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert_eq!(folder.json(&["--db", "tour.db", "verify"])["differences"], json!([]));
    assert!(folder.fails(4, &["--db", "tour.db", "demo"]).contains("already"));
}

#[test]
fn the_program_explains_itself() {
    let folder = Shop::bare();
    assert!(folder.ok(&["completions", "bash"]).contains("commerce"));
    assert!(folder.ok(&["man"]).contains(".TH commerce"));
    for command in
        [vec!["--help"], vec!["order", "place", "--help"], vec!["apply", "--help"], vec!["init", "--help"]]
    {
        assert!(folder.ok(&command).contains("Example"), "{command:?}");
    }
}

#[test]
fn repair_rebuilds_derived_figures() {
    let shop = Shop::in_dollars();
    shop.ok(&["buy", "alice", "mug"]);
    let connection = rusqlite::Connection::open(shop.path("shop.db")).unwrap();
    connection.execute_batch("UPDATE wallets SET balance = 5; UPDATE stocks SET stock = 77").unwrap();
    drop(connection);
    let told = String::from_utf8(shop.run(&["verify"]).stdout).unwrap();
    assert!(told.contains("balance") && told.contains("77"), "{told}");
    shop.fails(3, &["verify"]);
    shop.fails(2, &["verify", "--repair"]);
    shop.ok(&["verify", "--repair", "--yes"]);
    assert_eq!(shop.json(&["balance", "alice"])["balance"], 8_750);
    assert_eq!(shop.json(&["product", "show", "mug"])["stock"], 2);
    assert_eq!(shop.json(&["verify"])["differences"], json!([]));
}

#[test]
fn the_store_is_commerce_db_unless_another_is_named() {
    let shop = Shop::bare();
    let output = shop.program(&["init"]).env_remove("COMMERCE_DB").output().unwrap();
    assert!(output.status.success() && shop.path("commerce.db").is_file(), "{output:?}");
}
