//! Tests `apply`: the result of each line, in order.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::shop::{Shop, lines, stderr, stdout};

const CHARGE: &str = r#"{"op":"wallet.charge","user":"alice","amount":1}"#;

fn balance(shop: &Shop) -> Value {
    shop.json(&["balance", "alice"])["balance"].clone()
}

#[test]
fn outcomes_are_in_the_order_of_the_lines() {
    let shop = Shop::stocked();
    let input = [
        CHARGE.as_bytes(),
        b"",
        br#"{"op":"order.place","user":"alice","items":[{"product":"mug","quantity":6}]}"#,
        b"{\"op\":",
        b"\xff\xfe",
        br#"{"op":"wallet.charge","user":"alice","amount":"1"}"#,
        br#"{"op":"wallet.charge","user":"alice","amount":1,"color":"red"}"#,
        br#"{"op":"no.such"}"#,
        br#"{"op":"wallet.charge","user":"alice","amount":1,"at":"2001-01-01T00:00:00Z"}"#,
        b"[]",
        br#"{"op":"token.revoke","name":"office"}"#,
        br#"{"op":"order.place","user":"alice","items":[{"product":"mug","quantity":2}],"key":"k"}"#,
        br#"{"op":"order.place","user":"alice","items":[{"product":"mug","quantity":2}],"key":"k"}"#,
    ]
    .join(&b'\n');
    let output = shop.feed(&["apply", "-"], input);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("3 done, 1 refused, 8 invalid"), "{}", stderr(&output));
    let results = lines(&stdout(&output));
    let found: Vec<(i64, &str)> = results
        .iter()
        .map(|result| {
            (result["line"].as_i64().unwrap(), result.as_object().unwrap().keys().nth(1).unwrap().as_str())
        })
        .collect();
    let invalid = (4..=11).map(|line| (line, "invalid"));
    let expected: Vec<_> =
        [(1, "ok"), (3, "refused")].into_iter().chain(invalid).chain([(12, "ok"), (13, "ok")]).collect();
    assert_eq!(found, expected);
    assert_eq!(results[1]["refused"]["code"], "out_of_stock");
    assert_eq!(results[7]["invalid"]["errors"][0]["pointer"], "/at");
    assert!(results[7]["invalid"]["detail"].as_str().unwrap().contains("--trust-time"));
    assert_eq!(results[11]["ok"]["replayed"], true);
    assert_eq!(balance(&shop), 50_001 - 24_000);
}

#[test]
fn results_go_into_a_file() {
    let shop = Shop::stocked();
    let file = shop.file("in.jsonl", CHARGE);
    assert_eq!(shop.ok(&["apply", &file, "--results", "out.jsonl"]), "");
    let results = lines(&std::fs::read_to_string(shop.path("out.jsonl")).unwrap());
    assert_eq!((results.len(), &results[0]["ok"]["balance"]), (1, &json!(50_001)));
    for taken in [file.as_str(), "shop.db"] {
        shop.fails(2, &["apply", &file, "--results", taken]);
    }
    assert_eq!((std::fs::read_to_string(&file).unwrap().as_str(), balance(&shop)), (CHARGE, json!(50_001)));
}

#[test]
fn stop_on_error_performs_no_line_after_the_first_bad_one() {
    let refused = r#"{"op":"wallet.charge","user":"bob","amount":1}"#;
    for bad in [refused, "{}"] {
        let shop = Shop::stocked();
        let before = vec![CHARGE; 700].join("\n");
        let input = format!("{before}\n{bad}\n{before}\n{{}}\n{before}\n");
        let output = shop.feed(&["apply", "-", "--stop-on-error"], input);
        assert_eq!(output.status.code(), Some(3));
        assert!(stderr(&output).contains("stopped at line 701"), "{}", stderr(&output));
        let results = lines(&stdout(&output));
        assert_eq!((results.len(), &results[700]["line"]), (701, &json!(701)));
        assert_eq!(balance(&shop), 50_700);
    }
}

#[test]
fn a_line_too_long_is_invalid_and_the_next_is_done() {
    let shop = Shop::stocked();
    let input = format!(
        "{CHARGE}{}\n{CHARGE}{}\n{CHARGE}",
        " ".repeat(2 << 20),
        " ".repeat((1 << 20) - CHARGE.len())
    );
    let output = shop.feed(&["apply", "-"], input);
    let results = lines(&stdout(&output));
    assert!(results[0]["invalid"].is_object() && results[1]["ok"].is_object(), "{results:?}");
    assert_eq!((results.len(), balance(&shop)), (3, json!(50_002)));
}

#[test]
fn every_line_is_done_although_nobody_reads_the_results() {
    let shop = Shop::stocked();
    let file = shop.file("in.jsonl", format!("{CHARGE}\n").repeat(5_000));
    let mut program = shop.program(&["apply", &file]);
    let mut child = program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(balance(&shop), 55_000);
}

#[test]
fn each_line_sees_the_lines_before_it_however_many_are_in_flight() {
    let shop = Shop::stocked();
    let buy = r#"{"op":"order.place","user":"alice","items":[{"product":"pen","quantity":1}]}"#;
    let output = shop.feed(&["apply", "-", "-q"], vec![buy; 9_000].join("\n"));
    assert_eq!((output.status.code(), stderr(&output)), (Some(3), String::new()));
    let results = lines(&stdout(&output));
    assert_eq!(results.len(), 9_000);
    // A balance of 50,000 pays for 33 pens at 1,500.
    assert!(results.iter().enumerate().all(|(place, result)| result["ok"].is_object() == (place < 33)));
}

#[test]
fn history_keeps_its_times_only_when_trusted() {
    let shop = Shop::new();
    let lines_in = r#"{"op":"user.add","user":"a","at":"2020-01-01T00:00:00Z"}
{"op":"user.add","user":"b","at":"2019-01-01T00:00:00Z"}
{"op":"user.add","user":"c","at":"2999-01-01T00:00:00Z"}"#;
    let output = shop.feed(&["apply", "-", "--trust-time"], lines_in);
    let results = lines(&stdout(&output));
    assert_eq!(results[0]["ok"]["at"], "2020-01-01T00:00:00.000Z");
    assert!(results[1]["invalid"].is_object() && results[2]["invalid"].is_object(), "{results:?}");
}
