//! The forms of output, colours, notes, prompts, and readers that go away.

use std::process::Stdio;

use crate::shop::{Shop, lines, printed, told};

#[test]
fn a_list_in_every_form() {
    let shop = Shop::bare();
    shop.ok(&["init", "--currency", "USD"]);
    shop.ok(&["product", "add", "mug", "--name", "머그컵", "--price", "12.50", "--stock", "5"]);
    shop.ok(&["product", "add", "longer-id", "--name", "a, \"b\"", "--price", "0.05", "--stock", "5"]);
    let list = |form| shop.ok(&["product", "list", "--output", form]);
    assert_eq!(
        list("csv"),
        "product,name,price,stock,active\nlonger-id,\"a, \"\"b\"\"\",0.05,5,yes\nmug,머그컵,12.50,5,yes\n"
    );
    let rows = lines(&list("jsonl"));
    assert_eq!((rows.len(), &rows[1]["price"]), (2, &1250.into()));
    assert_eq!(lines(&list("json"))[0]["items"].as_array().unwrap().len(), 2);
    let table = list("table");
    // Where the prices end is the same place, counted in the cells of a terminal: Hangul takes two.
    let ends: Vec<usize> = ["0.05", "12.50"]
        .iter()
        .map(|price| {
            let line = table.lines().find(|line| line.contains(price)).unwrap();
            let before = &line[..line.find(price).unwrap() + price.len()];
            before.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum()
        })
        .collect();
    assert_eq!(ends[0], ends[1], "{table}");
}

#[test]
fn pages_and_all() {
    let shop = Shop::bare();
    shop.ok(&["init", "--sample"]);
    for form in ["table", "csv", "jsonl"] {
        let page = shop.run(&["product", "list", "--limit", "3", "--output", form]);
        assert!(told(&page).contains("--cursor "), "{form}: {}", told(&page));
        let quiet = shop.run(&["product", "list", "--limit", "3", "--output", form, "-q"]);
        assert_eq!((told(&quiet), printed(&quiet)), (String::new(), printed(&page)));
    }
    let first = shop.json(&["product", "list", "--limit", "3"]);
    let second = shop.json(&["product", "list", "--cursor", first["next_cursor"].as_str().unwrap()]);
    let all = shop.json(&["product", "list", "--all"]);
    assert_eq!((all["items"].as_array().unwrap().len(), &all["items"][3]), (200, &second["items"][0]));
    assert!(all["next_cursor"].is_null());
}

#[test]
fn colours_only_where_they_are_wanted() {
    let shop = Shop::stocked();
    let colored = |arguments: &[&str]| shop.ok(arguments).contains('\u{1b}');
    assert!(!colored(&["balance", "alice"]));
    assert!(colored(&["balance", "alice", "--color", "always"]));
    assert!(!colored(&["balance", "alice", "--color", "never"]));
    assert!(!shop.fails(3, &["balance", "bob"]).contains('\u{1b}'));
    assert!(shop.fails(3, &["balance", "bob", "--color", "always"]).contains('\u{1b}'));
}

#[test]
fn what_destroys_needs_consent() {
    let shop = Shop::stocked();
    shop.ok(&["cart", "add", "alice", "mug"]);
    shop.ok(&["buy", "alice", "pen"]);
    shop.ok(&["backup", "b.db"]);
    for command in [
        &["cart", "clear", "alice"][..],
        &["order", "cancel", "1"],
        &["restore", "b.db"],
        &["verify", "--repair"],
    ] {
        let said = shop.fails(2, command);
        assert!(said.contains("--yes"), "{command:?}: {said}");
    }
    assert_eq!(shop.json(&["order", "show", "1"])["status"], "paid");
    assert_eq!(shop.json(&["cart", "show", "alice"])["total"], 12_000);
}

#[test]
fn a_reader_that_went_away_is_no_error() {
    let shop = Shop::bare();
    shop.ok(&["init", "--sample"]);
    for command in [
        &["product", "list", "--all"][..],
        &["product", "list", "--all", "--output", "json"],
        &["product", "list", "--all", "--output", "csv"],
        &["product", "export"],
        &["completions", "bash"],
        &["man"],
        &["--help"],
    ] {
        let mut program = shop.program(command);
        let mut child = program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let said = told(&output);
        assert_eq!(
            (output.status.code(), said.contains("panicked")),
            (Some(0), false),
            "{command:?}: {said}"
        );
    }
}
