//! Tests the console in a real terminal, from the first key to the shell's prompt, beside other processes.

use std::time::Duration;

use crate::proxy::Proxy;
use crate::shop::Shop;
use crate::system::{self, until};
use crate::terminal::Terminal;

/// A console on a stocked store, in a terminal of its own.
fn console(shop: &Shop, width: u16, height: u16, options: &str) -> Terminal {
    let terminal = Terminal::open(width, height, shop.folder.path());
    terminal.run(&format!("{} --db shop.db tui {options}", env!("CARGO_BIN_EXE_commerce")));
    terminal.see("● live");
    terminal
}

fn stocked() -> Shop {
    let shop = Shop::new();
    shop.ok(&["product", "add", "mug", "--name", "머그컵 ☕ Mug", "--price", "12000", "--stock", "50"]);
    shop.ok(&["product", "add", "pen", "--name", "Pen", "--price", "1500", "--stock", "100"]);
    shop.ok(&["user", "add", "alice", "--name", "Alice 앨리스"]);
    shop.ok(&["user", "add", "bob"]);
    shop.ok(&["charge", "bob", "1000000"]);
    shop
}

#[test]
fn a_customer_charges_searches_orders_and_sees_it_while_others_buy() {
    let shop = stocked();
    let terminal = console(&shop, 120, 40, "--user alice");
    terminal.see("Cart of alice");
    terminal.see("Alice 앨리스");

    terminal.press("c");
    terminal.see("Charge the wallet of alice");
    terminal.type_in("50,000");
    terminal.press("Enter");
    terminal.see("Charged alice's wallet: 50,000 KRW. Balance: 50,000 KRW.");

    terminal.press("/");
    terminal.type_in("mug");
    terminal.wait("only the mug", |screen| screen.contains("1 of 1 ") && !screen.contains("Pen"));
    terminal.press("Enter");
    terminal.press("a");
    terminal.press("a");
    terminal.see("×2");

    shop.ok(&["buy", "bob", "mug:3"]);
    terminal.wait("the stock after another process bought", |screen| screen.contains(" 47 "));
    let others = std::thread::scope(|scope| {
        let others = scope.spawn(|| {
            for _ in 0..10 {
                shop.ok(&["buy", "bob", "mug"]);
            }
        });
        terminal.press("b");
        terminal.see("Check out for alice");
        terminal.see("24,000 KRW");
        terminal.see("26,000 KRW");
        terminal.press("Enter");
        terminal.see("paid: 24,000 KRW. Balance: 26,000 KRW.");
        others.join()
    });
    assert!(others.is_ok());
    terminal.wait("the stock after all of them bought", |screen| screen.contains(" 35 "));

    terminal.press("3");
    terminal.wait("the order", |screen| {
        screen
            .lines()
            .any(|line| line.contains("alice") && line.contains("24,000") && line.contains("✓ paid"))
    });
    terminal.press("4");
    terminal.wait("the top seller", |screen| {
        let first = |line: &&str| line.contains(" 1 ") && line.contains("Mug");
        screen.lines().find(first).is_some_and(|line| line.contains(" 15 ") && line.contains("180,000"))
    });
    terminal.press("q");
    terminal.restored();

    shop.ok(&["verify"]);
    let orders = shop.json(&["order", "list", "--user", "alice"]);
    assert_eq!(orders["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(orders["items"][0]["total"], 24_000);
    assert_eq!(shop.json(&["product", "show", "mug"])["stock"], 35);
    assert_eq!(shop.json(&["balance", "alice"])["balance"], 26_000);
    assert_eq!(shop.json(&["cart", "show", "alice"])["lines"].as_array().map(Vec::len), Some(0));
}

/// Each request is a round trip, and a console is left open all day.
#[test]
fn an_idle_console_asks_a_server_at_most_twice_a_second() {
    let shop = Shop::on_server();
    shop.ok(&["init"]);
    shop.ok(&["product", "add", "mug", "--name", "Mug", "--price", "100", "--stock", "9"]);
    shop.ok(&["user", "add", "alice"]);
    shop.ok(&["charge", "alice", "1000"]);
    shop.ok(&["buy", "alice", "mug"]);
    let way = Proxy::to(shop.server.as_ref().unwrap().port);
    let terminal = Terminal::open(120, 40, shop.folder.path());
    terminal.run(&format!("{} --db {} tui --user alice", env!("CARGO_BIN_EXE_commerce"), way.url()));
    terminal.see("● live");
    for place in 1..=7 {
        terminal.press(&place.to_string());
        std::thread::sleep(Duration::from_millis(1_500));
        let before = way.requests();
        std::thread::sleep(Duration::from_secs(2));
        let requests = way.requests() - before;
        assert!(requests <= 5, "{requests} requests in two seconds on place {place}");
    }
    terminal.press("q");
    terminal.restored();
}

#[test]
fn an_order_is_cancelled_and_the_outbox_and_overview_show_it() {
    let shop = stocked();
    shop.ok(&["buy", "bob", "mug:2"]);
    let terminal = console(&shop, 80, 24, "");
    terminal.press("3");
    terminal.see("Order 1");
    terminal.press("x");
    terminal.see("Refunds 24,000 KRW to bob");
    terminal.type_in("잘못 주문");
    terminal.press("Enter");
    terminal.see("Order 1 cancelled. 24,000 KRW refunded.");
    terminal.see("✗ cancelled");
    terminal.press("6");
    terminal.see("OrderCancelled");
    terminal.press("7");
    terminal.see("0 orders");
    terminal.press("q");
    terminal.restored();
    shop.ok(&["verify"]);
    let order = shop.json(&["order", "show", "1"]);
    assert_eq!((order["status"].as_str(), order["reason"].as_str()), (Some("cancelled"), Some("잘못 주문")));
    assert_eq!(shop.json(&["product", "show", "mug"])["stock"], 50);
}

#[test]
fn a_shopkeeper_adds_a_customer_and_a_product() {
    let shop = stocked();
    let terminal = console(&shop, 100, 30, "--theme light");
    terminal.press("2");
    terminal.see("Alice 앨리스");
    terminal.press("n");
    terminal.see("New customer");
    terminal.type_in("chloe");
    terminal.press("Enter");
    terminal.type_in("클로이");
    terminal.press("Enter");
    terminal.see("Customer chloe added.");
    terminal.press("5");
    terminal.press("n");
    terminal.see("New product");
    for field in ["lamp", "달 무드등 🌙", "39000", "4"] {
        terminal.type_in(field);
        terminal.press("Enter");
    }
    terminal.see("lamp: 39,000 KRW, on sale.");
    terminal.see("▲ 4");
    terminal.press("q");
    terminal.restored();
    assert_eq!(shop.json(&["user", "show", "chloe"])["name"], "클로이");
    assert_eq!(shop.json(&["product", "show", "lamp"])["price"], 39_000);
}

#[test]
fn a_console_that_only_reads_changes_nothing() {
    let shop = stocked();
    shop.ok(&["cart", "add", "bob", "mug"]);
    let state = || {
        let mut told =
            [&["user", "list"][..], &["product", "list"], &["cart", "show", "bob"], &["events", "list"]]
                .map(|ask| shop.json(ask));
        // The age of an event grows between two queries.
        for event in told[3]["items"].as_array_mut().unwrap() {
            event.as_object_mut().unwrap().remove("age");
        }
        told
    };
    let before = state();
    let terminal = console(&shop, 120, 40, "--read-only --user bob");
    terminal.see("read-only");
    terminal.see("Cart of bob");
    for keys in ["aAbcu", "2nc", "3x", "5neto", "6rR", "1"] {
        terminal.type_in(keys);
        terminal.see("The console is read-only (--read-only).");
    }
    terminal.press("Tab");
    terminal.see("● Cart of bob");
    terminal.type_in("+-dD");
    terminal.press("Escape");
    // A key that directly follows an escape would be a key with alt.
    terminal.see("● On sale");
    terminal.press("q");
    terminal.restored();
    assert_eq!(state(), before);
}

#[test]
fn the_terminal_is_restored_after_a_signal() {
    let shop = stocked();
    let terminal = console(&shop, 80, 24, "");
    terminate(&terminal, "TERM");
    terminal.restored();
    terminal.see_no("On sale");
}

#[test]
fn the_console_suspends_to_the_shell_and_returns() {
    let shop = stocked();
    let terminal = console(&shop, 80, 24, "--user alice");
    terminal.press("C-z");
    terminal.restored();
    terminal.resize(100, 30);
    terminal.run("fg");
    terminal.wait("the console in its new size", |screen| {
        screen.contains("● live") && screen.lines().any(|line| line.chars().count() >= 90)
    });
    terminal.press("3");
    terminal.see("No matching orders.");
    terminal.press("q");
    terminal.restored();
}

#[test]
fn the_terminal_may_have_any_size_at_any_moment() {
    let shop = stocked();
    let terminal = console(&shop, 120, 40, "--user alice");
    terminal.resize(39, 11);
    terminal.see("Please enlarge it.");
    terminal.resize(60, 20);
    terminal.see("‹ 1 Shop ›");
    terminal.press("Tab");
    terminal.see("Cart of alice");
    terminal.resize(80, 24);
    terminal.see("On sale");
    terminal.see("Cart of alice");
    terminal.press("q");
    terminal.restored();
}

#[test]
fn a_full_disk_is_reported_and_the_shop_continues_when_there_is_space() {
    let shop = Shop::bare();
    std::fs::create_dir(shop.path("small")).unwrap();
    // The test creates a file to fill the disk, and another to free it.
    let script = r#"mount -t tmpfs -o size=900k tmpfs small && export COMMERCE_DB=small/shop.db && "$0" init -q &&
        "$0" user add alice -q || exit
        said() { until [ -e "$1" ]; do sleep 0.05; done; }
        (said full; head -c 2000000 /dev/zero > small/filler; touch filled; said free; rm small/filler; touch freed) 2> log &
        exec "$0" tui --user alice"#;
    let isolated = shop.isolated(script);
    let quoted = |text: &std::ffi::OsStr| format!("'{}'", text.to_str().unwrap());
    let line: Vec<String> = isolated.get_args().map(quoted).collect();
    shop.file("run", format!("exec unshare {}", line.join(" ")));
    let terminal = Terminal::open(100, 30, shop.folder.path());
    terminal.run("sh run");
    terminal.see("● live");
    shop.file("full", "");
    until("the disk is filled", || shop.path("filled").exists());
    terminal.press("c");
    terminal.see("Charge the wallet of alice");
    terminal.type_in("5");
    terminal.press("Enter");
    terminal.see("the store is unavailable: the disk is full");
    terminal.see("✗ writes failing for");
    shop.file("free", "");
    until("the disk is freed", || shop.path("freed").exists());
    terminal.press("Enter");
    terminal.see("Charged alice's wallet: 5 KRW. Balance: 5 KRW.");
    terminal.see_no("✗ writes failing");
    terminal.press("q");
    terminal.restored();
}

#[test]
fn a_store_that_is_removed_or_replaced_under_a_console_is_reported_and_left_unchanged() {
    for replaced in [false, true] {
        let shop = stocked();
        let terminal = console(&shop, 120, 40, "--user alice");
        let path = shop.path("shop.db");
        std::fs::rename(&path, shop.path("away.db")).unwrap();
        if replaced {
            std::fs::copy(shop.path("away.db"), &path).unwrap();
        }
        terminal.wait("both the mark and the reason", |screen| {
            screen.contains("✗ the store is gone") && screen.contains("the store is gone: its file")
        });
        terminal.see_no("live");
        terminal.press("c");
        terminal.see("The store is gone. Put it back and restart the console.");
        for key in ["2", "3", "r", "1"] {
            terminal.press(key);
        }
        assert!(terminal.screen().contains("✗ the store is gone"));
        terminal.press("q");
        terminal.restored();
        assert_eq!(path.exists(), replaced);
    }
}

#[test]
fn without_a_terminal_the_console_says_so() {
    let shop = stocked();
    let told = shop.fails(2, &["tui"]);
    assert!(told.contains("needs a terminal"), "{told}");
    let told = shop.fails(2, &["tui", "--user", "no such"]);
    assert!(told.contains("--user"), "{told}");
}

#[test]
fn a_missing_store_is_reported_before_the_terminal_is_taken() {
    let shop = Shop::bare();
    let terminal = Terminal::open(80, 24, shop.folder.path());
    terminal.run(&format!("{} --db none.db tui; echo code:$?", env!("CARGO_BIN_EXE_commerce")));
    let screen = terminal.see("code:4");
    assert!(screen.contains("there is no store"), "{screen}");
}

/// Sends a signal to the program that the terminal's shell has started.
fn terminate(terminal: &Terminal, signal: &str) {
    let shell = terminal.shell();
    let children = std::fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).unwrap();
    system::signal(children.trim().parse().expect("one program"), signal);
}
