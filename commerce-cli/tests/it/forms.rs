//! Tests output formats, colours, notes, prompts, and readers that close the pipe.

use serde_json::Value;

use crate::process::Process;
use crate::shop::{Shop, lines, stderr, stdout};

#[test]
fn a_list_in_every_format() {
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
    // The prices end in the same column, counted in terminal cells. A Hangul syllable takes two cells.
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
        assert!(stderr(&page).contains("--cursor "), "{form}: {}", stderr(&page));
        let quiet = shop.run(&["product", "list", "--limit", "3", "--output", form, "-q"]);
        assert_eq!((stderr(&quiet), stdout(&quiet)), (String::new(), stdout(&page)));
    }
    let first = shop.json(&["product", "list", "--limit", "3"]);
    let second = shop.json(&["product", "list", "--cursor", first["next_cursor"].as_str().unwrap()]);
    let all = shop.json(&["product", "list", "--all"]);
    assert_eq!((all["items"].as_array().unwrap().len(), &all["items"][3]), (200, &second["items"][0]));
    assert!(all["next_cursor"].is_null());
}

#[test]
fn colours_are_used_only_where_they_are_wanted() {
    let shop = Shop::stocked();
    let colored = |arguments: &[&str]| shop.ok(arguments).contains('\u{1b}');
    assert!(!colored(&["balance", "alice"]));
    assert!(colored(&["balance", "alice", "--color", "always"]));
    assert!(!colored(&["balance", "alice", "--color", "never"]));
    assert!(!shop.fails(3, &["balance", "bob"]).contains('\u{1b}'));
    assert!(shop.fails(3, &["balance", "bob", "--color", "always"]).contains('\u{1b}'));
}

#[test]
fn destructive_commands_ask_for_confirmation() {
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
fn a_reader_that_disconnects_is_no_error() {
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
        let mut process = Process::start(shop.program(command));
        drop(process.output());
        let output = process.finish();
        let said = stderr(&output);
        assert_eq!(
            (output.status.code(), said.contains("panicked")),
            (Some(0), false),
            "{command:?}: {said}"
        );
    }
}

#[test]
fn a_list_has_the_same_columns_whatever_its_rows_hold() {
    let lists = [
        (&["user", "list"][..], "user,name,balance,at"),
        (&["wallet", "history", "alice"], "id,kind,amount,balance,charge,order,at,actor"),
        (&["product", "list"], "product,name,price,stock,active"),
        (&["product", "history", "mug"], "kind,delta,stock,order,reason,actor,at"),
        (
            &["order", "list"],
            "order,user,status,items,total,balance,at,cancelled_at,reason,actor,cancelled_by",
        ),
        (&["events", "list"], "event,type,subject,at,age,status,attempts,last_error,next_attempt"),
        (&["token", "list"], "name,role,user,at,revoked_at,expires,used_at"),
    ];
    let shop = Shop::stocked();
    let csv = |list: &[&str], more: &[&str]| shop.ok(&[list, more, &["--output", "csv", "-q"]].concat());
    let head = |text: &str| text.lines().next().unwrap_or_default().to_owned();
    for arguments in [&["order", "list"], &["token", "list"]] {
        let (_, header) = lists.iter().find(|(list, _)| list == arguments).unwrap();
        assert_eq!(csv(arguments, &[]), format!("{header}\n"), "an empty list prints its header");
        assert_eq!(csv(arguments, &["--all"]), format!("{header}\n"));
    }
    for (arguments, header) in [
        (&["cart", "show", "alice"][..], "product,name,price,price_when_added,quantity,available,problem"),
        (&["top"], "rank,product,name,price,stock,units,revenue"),
        (&["verify"], "what,id,stored,computed"),
    ] {
        assert_eq!(csv(arguments, &[]), format!("{header}\n"));
    }
    shop.ok(&["cart", "add", "alice", "mug"]);
    assert!(csv(&["cart", "show", "alice"], &[]).ends_with("problem\nmug,머그컵 Mug,12000,12000,1,5,\n"));
    shop.ok(&["user", "add", "bob"]);
    shop.ok(&["buy", "alice", "mug"]);
    shop.ok(&["buy", "alice", "pen"]);
    assert!(
        csv(&["top"], &[]).ends_with("revenue\n1,mug,머그컵 Mug,12000,4,1,12000\n2,pen,Pen,1500,99,1,1500\n")
    );
    shop.ok(&["token", "create", "phone", "--role", "shopper", "--user", "alice", "--expires", "30d"]);
    let before: Vec<String> = lists.iter().map(|(list, _)| head(&csv(list, &[]))).collect();
    // Now every field has a value in some row.
    shop.ok(&["order", "cancel", "1", "--reason", "why", "--yes"]);
    shop.ok(&["token", "revoke", "phone", "--yes"]);
    for ((list, header), before) in lists.into_iter().zip(before) {
        let text = csv(list, &["--all"]);
        assert_eq!((head(&text).as_str(), before.as_str()), (header, header));
        let rows = lines(&shop.ok(&[list, &["--output", "jsonl"]].concat()));
        assert_eq!(text.lines().count(), rows.len() + 1);
        let columns: Vec<&str> = header.split(',').collect();
        for (line, row) in text.lines().skip(1).zip(&rows) {
            // No value here needs quotes, and won have no decimals.
            assert_eq!(line.split(',').count(), columns.len(), "{line}");
            for (cell, name) in line.split(',').zip(&columns).filter(|(_, name)| **name != "items") {
                let same = match &row[*name] {
                    Value::Null => cell.is_empty(),
                    Value::Bool(yes) => cell == if *yes { "yes" } else { "no" },
                    Value::String(text) => cell == text,
                    other => *name == "age" || *cell == *other.to_string(),
                };
                assert!(same, "{name} in {line}: {row}");
            }
        }
        for name in rows.iter().flat_map(|row| row.as_object().unwrap().keys()) {
            assert!(columns.contains(&name.as_str()), "{name} is in {list:?}");
        }
    }
    assert!(csv(&["order", "list"], &[]).contains(",why"));
}

#[test]
fn all_prints_the_pages_one_after_the_other() {
    let shop = Shop::bare();
    shop.ok(&["init", "--sample"]);
    let list = ["product", "list", "--sort", "-price", "--limit", "70"];
    let (mut pages, mut cursor) = (String::new(), String::new());
    for _ in 0..3 {
        let more = if cursor.is_empty() { vec![] } else { vec!["--cursor", cursor.as_str()] };
        pages += &shop.ok(&[&list[..], &more, &["--output", "jsonl", "-q"]].concat());
        let page = shop.json(&[&list[..], &more].concat());
        cursor = page["next_cursor"].as_str().unwrap_or_default().to_owned();
    }
    assert_eq!((cursor.as_str(), pages.lines().count()), ("", 200));
    let all = |form: &str| shop.ok(&["product", "list", "--sort", "-price", "--all", "--output", form]);
    assert_eq!(all("jsonl"), pages);
    assert_eq!(all("csv").lines().count(), 201);
    let one = lines(&all("json")).remove(0);
    assert_eq!(one["items"].as_array().unwrap().clone(), lines(&all("jsonl")));
    assert!(one["next_cursor"].is_null() && one.as_object().unwrap().len() == 2);
    assert_eq!(shop.ok(&["product", "export"]), shop.ok(&["product", "list", "--all", "--output", "csv"]));
    // A list that fails prints no rows.
    let output = shop.run(&["product", "list", "--all", "--sort", "colour", "--output", "json"]);
    assert_eq!((output.status.code(), stdout(&output)), (Some(2), String::new()));
}
