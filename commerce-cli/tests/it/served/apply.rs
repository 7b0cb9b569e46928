//! `apply` on a shop that is served: the results of a file, in few requests, in little memory, until it is stopped.

use serde_json::json;

use super::commands::{both, outcome};
use crate::cancellation::{CHARGE, apply, sound};
use crate::memory::{lines, peak};
use crate::process::Server;
use crate::shop::{Shop, stderr};
use crate::system::until;

/// Lines of every kind, with keys, blank lines, and lines that no operation can be read from.
const LINES: &str = r#"{"op":"user.add","user":"alice"}
{"op":"wallet.charge","user":"alice","amount":3000,"key":"k"}

{"op":"product.add","product":"mug","name":"Mug","price":1000,"stock":2}
{"op":"order.place","user":"alice","items":[{"product":"mug","quantity":1}],"key":"o"}
{"op":"order.place","user":"alice","items":[{"product":"mug","quantity":1}],"key":"o"}
{"op":"order.place","user":"alice","items":[{"product":"mug","quantity":1}]}
   
{"op":"wallet.charge","user":"alice","amount":3000,"key":"k"}
{"op":"wallet.charge","user":"alice","amount":1,"key":"k"}
{"op":"order.place","user":"alice","items":[{"product":"mug","quantity":1}]}
{"op":"user.add","user":"old","at":"2010-01-01T00:00:00Z"}
{"op":"token.create","name":"x","role":"operator","digest":"x"}
{"op":"moon.land"}
not json
{"op":"user.add","user":"twice","user":"named"}
{"op":"cart.set","user":"alice","product":"mug","quantity":0}
{"op":"order.cancel","order":1,"reason":"no","key":"c"}
{"op":"stock.adjust","product":"mug","delta":-9}
"#;

#[test]
fn each_line_has_the_result_that_it_has_on_a_file() {
    for options in
        [&[][..], &["--stop-on-error"], &["--trust-time"], &["--trust-time", "--stop-on-error"], &["-q"]]
    {
        let (file, served) = both();
        for shop in [&file, &served] {
            shop.file("in.jsonl", LINES);
        }
        let arguments = [&["apply", "in.jsonl"], options].concat();
        for _ in 0..2 {
            // The second time, keys replay.
            assert_eq!(outcome(&served, &arguments), outcome(&file, &arguments), "{options:?}");
        }
        assert_eq!(outcome(&served, &["order", "list"]), outcome(&file, &["order", "list"]));
    }
}

#[test]
fn history_is_imported_with_its_times() {
    let served = Shop::new().serve(None);
    served.file(
        "old.jsonl",
        "{\"op\":\"user.add\",\"user\":\"a\",\"at\":\"2024-05-01T00:00:00Z\"}
{\"op\":\"wallet.charge\",\"user\":\"a\",\"amount\":9,\"at\":\"2024-05-02T00:00:00Z\",\"key\":\"k\"}
",
    );
    served.ok(&["apply", "old.jsonl", "--trust-time"]);
    assert_eq!(served.json(&["wallet", "history", "a"])["items"][0]["at"], "2024-05-02T00:00:00.000Z");
    let again = served
        .feed(&["apply", "-"], json!({ "op": "user.add", "user": "b", "at": "2030-01-01" }).to_string());
    assert_eq!(again.status.code(), Some(3), "{again:?}");
}

#[test]
fn ten_thousand_lines_are_a_few_dozen_requests() {
    let served = Shop::new().serve(None);
    let input = served.file("in.jsonl", lines(10_000));
    let output = served.run(&["apply", &input, "--results", "results"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let results = std::fs::read_to_string(served.path("results")).unwrap();
    let mut expected = 0;
    for result in crate::shop::lines(&results) {
        expected += 1;
        assert!(result["line"] == expected && result["ok"].is_object(), "{result}");
        assert!(result["ok"].get("replayed").is_none(), "{result}");
    }
    assert_eq!(expected, 10_003);
    let (_, log) = served.served.unwrap().server.stop();
    let requests = log.lines().filter(|line| line.contains("/v1/")).count();
    let of_lines = log.lines().filter(|line| line.contains("/v1/operations")).count();
    println!("{of_lines} requests with lines, {requests} in all");
    assert!((1..=60).contains(&of_lines) && requests <= of_lines + 2, "{of_lines} of {requests}");
}

#[test]
fn memory_does_not_grow_with_the_input() {
    let peaks = [2_000, 20_000].map(|orders| {
        let served = Shop::new().serve(None);
        let input = served.file("in.jsonl", lines(orders));
        peak(&served, &["apply", &input])
    });
    assert!(peaks[1] < 80_000_000 && peaks[1] < peaks[0] + 20_000_000, "{peaks:?} bytes");
}

#[test]
fn a_signal_ends_it_between_two_lines() {
    for (name, signal) in [("INT", 2), ("TERM", 15)] {
        let served = Shop::stocked().serve(None);
        let file = served.file("in.jsonl", CHARGE.repeat(100_000));
        let apply = apply(&served, &file);
        until("results", || std::fs::metadata(served.path("results")).is_ok_and(|file| file.len() > 10_000));
        apply.signal(name);
        let count = sound(&served, &apply.finish(), signal);
        assert!(count < 100_000, "{count}");
    }
}

#[test]
fn a_catalogue_is_imported_updated_and_exported_in_a_few_requests() {
    let served = Shop::new().serve(None);
    let row =
        |number: usize| format!("p-{number},Product {number},{number},7,{}\n", !number.is_multiple_of(10));
    let rows: String = (0..1_500).map(row).collect();
    let file = served.file("goods.csv", format!("product,name,price,stock,active\n{rows}"));
    served.ok(&["product", "import", &file]);
    let renamed =
        served.file("renamed.csv", std::fs::read_to_string(&file).unwrap().replace("Product", "Article"));
    served.fails(3, &["product", "import", &renamed]);
    served.ok(&["product", "import", &renamed, "--update"]);
    let exported = served.ok(&["product", "export", "--output", "csv"]);
    assert_eq!((exported.lines().count(), exported.matches("Article").count()), (1_501, 1_500));
    let (_, log) = served.served.unwrap().server.stop();
    let requests = log.lines().filter(|line| line.contains("/v1/")).count();
    println!("{requests} requests");
    assert!(requests < 40, "{requests}");
}

#[test]
fn a_server_that_is_killed_and_started_again_loses_no_line_and_does_none_twice() {
    let mut shop = Shop::stocked().serve(None);
    let file = shop.file("in.jsonl", CHARGE.repeat(20_000));
    let apply = apply(&shop, &file);
    for size in [10_000, 400_000, 900_000] {
        until("results", || std::fs::metadata(shop.path("results")).is_ok_and(|file| file.len() > size));
        let served = shop.served.as_mut().unwrap();
        let address = served.server.address.to_string();
        served.server.process.kill();
        let mut again = shop.program(&["serve", "--listen", &address]);
        again.env("COMMERCE_DB", shop.path("shop.db"));
        shop.served.as_mut().unwrap().server = Server::start(again);
    }
    let output = apply.finish();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let results = crate::shop::lines(&std::fs::read_to_string(shop.path("results")).unwrap());
    for (index, result) in results.iter().enumerate() {
        assert_eq!(result["line"], index + 1, "{result}");
        assert_eq!((&result["ok"]["balance"], result["ok"].get("replayed")), (&json!(50_001 + index), None));
    }
    assert_eq!((results.len(), &shop.json(&["balance", "alice"])["balance"]), (20_000, &json!(70_000)));
}
