//! Tests commands that end early, by a signal or because output cannot be written. They report what they have done.

use std::fs::File;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output};

use serde_json::Value;

use crate::process::Process;
use crate::shop::{Shop, lines, stderr};
use crate::system::until;

pub const CHARGE: &str = "{\"op\":\"wallet.charge\",\"user\":\"alice\",\"amount\":1}\n";

fn done(shop: &Shop) -> u64 {
    shop.json(&["balance", "alice"])["balance"].as_u64().unwrap() - 50_000
}

fn results(shop: &Shop) -> Vec<Value> {
    lines(&std::fs::read_to_string(shop.path("results")).unwrap_or_default())
}

pub fn apply(shop: &Shop, input: &str) -> Process {
    Process::start(shop.program(&["apply", input, "--results", "results"]))
}

/// Asserts that all lines up to the last result have a result, and that the store has each of them.
pub fn sound(shop: &Shop, output: &Output, signal: i32) -> u64 {
    assert_eq!(output.status.code(), Some(128 + signal), "{}", stderr(output));
    assert_eq!(output.status.signal(), None);
    let results = results(shop);
    let numbers: Vec<u64> = results.iter().map(|result| result["line"].as_u64().unwrap()).collect();
    let count = numbers.len() as u64;
    assert_eq!(numbers, (1..=count).collect::<Vec<_>>());
    assert_eq!(done(shop), count, "each result is of something done, and all that was done has a result");
    let said = stderr(output);
    assert!(said.contains(&format!("{count} done, 0 refused, 0 invalid")), "{said}");
    assert!(said.contains(&format!("stopped after line {count} by signal {signal}")), "{said}");
    count
}

#[test]
fn a_signal_ends_it_between_two_lines() {
    for (name, signal) in [("INT", 2), ("TERM", 15), ("HUP", 1)] {
        let shop = Shop::stocked();
        let file = shop.file("in.jsonl", CHARGE.repeat(300_000));
        let apply = apply(&shop, &file);
        until("results", || std::fs::metadata(shop.path("results")).is_ok_and(|file| file.len() > 10_000));
        apply.signal(name);
        let output = apply.finish();
        let count = sound(&shop, &output, signal);
        assert!(count < 300_000, "{count}");
        let said = stderr(&output);
        assert!(
            said.contains(&format!(", {} not attempted", 300_000 - count))
                || said.contains(" or more not attempted"),
            "{said}"
        );
    }
}

#[test]
fn a_signal_ends_it_while_it_waits_for_input() {
    let shop = Shop::stocked();
    let mut apply = apply(&shop, "-");
    // The input stays open, so more lines may follow.
    let mut input = apply.input();
    input.write_all(CHARGE.repeat(3).as_bytes()).unwrap();
    until("three results", || results(&shop).len() == 3);
    apply.signal("TERM");
    let output = apply.finish();
    assert_eq!(sound(&shop, &output, 15), 3);
    assert!(stderr(&output).contains("the rest not read"), "{}", stderr(&output));
    drop(input);
}

#[test]
fn a_hangup_that_is_ignored_ends_nothing() {
    let shop = Shop::stocked();
    let program = shop.program(&["apply", "-", "--results", "results"]);
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "trap '' HUP; exec \"$0\" \"$@\""])
        .arg(program.get_program())
        .args(program.get_args())
        .envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .current_dir(shop.folder.path());
    let mut apply = Process::start(shell);
    let mut input = apply.input();
    input.write_all(CHARGE.as_bytes()).unwrap();
    until("a result", || results(&shop).len() == 1);
    apply.signal("HUP");
    input.write_all(CHARGE.as_bytes()).unwrap();
    drop(input);
    let output = apply.finish();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!((done(&shop), results(&shop).len()), (2, 2));
}

#[test]
fn results_that_cannot_be_written_stop_it() {
    let shop = Shop::stocked();
    let file = shop.file("in.jsonl", CHARGE.repeat(50_000));
    for arguments in [&["apply", file.as_str(), "--results", "/dev/full"][..], &["apply", &file]] {
        let before = done(&shop);
        let mut program = shop.program(arguments);
        program.stdout(File::options().write(true).open("/dev/full").unwrap());
        let output = program.output().unwrap();
        let (said, count) = (stderr(&output), done(&shop) - before);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(count < 50_000, "{count}");
        assert!(said.contains("the results cannot be written and end before the first line"), "{said}");
        assert!(
            said.contains(&format!("stopped after line {count}, every line up to it was decided")),
            "{said}"
        );
        assert!(
            said.contains(&format!("{count} done, 0 refused, 0 invalid, {} not attempted", 50_000 - count)),
            "{said}"
        );
    }
}

#[test]
fn a_change_is_reported_if_its_reply_cannot_be_written() {
    let shop = Shop::stocked();
    let full = |arguments: &[&str]| {
        let mut program = shop.program(arguments);
        program.stdout(File::options().write(true).open("/dev/full").unwrap()).output().unwrap()
    };
    let output = full(&["charge", "alice", "5"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("error: the operation succeeded, but its reply cannot be written (No space"),
        "{}",
        stderr(&output)
    );
    let output = full(&["charge", "alice", "5", "--output", "json"]);
    let problem: Value = serde_json::from_slice(&output.stderr).expect("a problem object");
    assert_eq!((&problem["code"], output.status.code()), (&"output_failed".into(), Some(1)));
    assert!(problem.get("status").is_none());
    assert_eq!(done(&shop), 10);
    let output = full(&["token", "create", "office", "--role", "operator"]);
    assert!(stderr(&output).contains("the operation succeeded"), "{}", stderr(&output));
    assert_eq!(shop.json(&["token", "list"])["items"][0]["name"], "office");
    assert!(stderr(&full(&["backup", "copy.db"])).contains("the operation succeeded"));
    assert!(shop.path("copy.db").exists());
    // This command changed nothing.
    let output = full(&["balance", "alice"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(!stderr(&output).contains("the operation succeeded"), "{}", stderr(&output));
}

#[test]
fn an_unread_reply_is_reported_and_an_unread_list_is_not() {
    let shop = Shop::stocked();
    let closed = |arguments: &[&str]| {
        let mut process = Process::start(shop.program(arguments));
        drop(process.output());
        process.finish()
    };
    let output = closed(&["charge", "alice", "5"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("the operation succeeded"), "{}", stderr(&output));
    assert_eq!(done(&shop), 5);
    let output = closed(&["product", "list"]);
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()));
}

#[test]
fn every_failure_is_a_problem_object_where_json_is_wanted() {
    let shop = Shop::stocked();
    for (code, arguments, named) in [
        (2, &["frobnicate"][..], "usage"),
        (2, &["charge", "alice"], "usage"),
        (2, &["charge", "alice", "1.5"], "usage"),
        (2, &["order", "show", "0"], "invalid_request"),
        (2, &["order", "cancel", "1"], "usage"),
        (3, &["balance", "nobody"], "user_not_found"),
        (4, &["--db", "none.db", "top"], "cannot_open"),
    ] {
        for json in [&["--output", "json"][..], &["--output=json"]] {
            let said = shop.fails(code, &[arguments, json].concat());
            let problem: Value =
                serde_json::from_str(&said).unwrap_or_else(|e| panic!("{arguments:?}: {e}: {said}"));
            assert_eq!(problem["code"], named, "{problem}");
            assert!(problem["detail"].as_str().is_some_and(|text| text.len() > 5), "{problem}");
            assert_eq!(
                problem.get("status").is_some(),
                !["usage", "cannot_open"].contains(&named),
                "{problem}"
            );
        }
    }
}
