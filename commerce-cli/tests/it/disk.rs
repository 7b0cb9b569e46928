//! Tests full and read-only disks: they are reported clearly, and nothing is lost or half done.

use std::process::Output;

use serde_json::{Value, json};

use crate::shop::{Shop, stderr};

#[test]
fn a_full_disk_loses_nothing_acknowledged_and_the_shop_continues_when_there_is_space() {
    let shop = Shop::bare();
    std::fs::create_dir(shop.path("small")).unwrap();
    let charge =
        |number| json!({ "op": "wallet.charge", "user": "alice", "amount": 1, "key": format!("k{number}") });
    let lines: String = (0..4_000).map(|number| format!("{}\n", charge(number))).collect();
    shop.file("lines", format!("{}\n{lines}", json!({ "op": "user.add", "user": "alice" })));
    let output = ended(
        &shop,
        r#"mount -t tmpfs -o size=900k tmpfs small && export COMMERCE_DB=small/shop.db && "$0" init >&2
        "$0" apply lines --results first 2> summary; echo "apply $?"
        "$0" balance alice --output json
        mount -o remount,size=16m small
        "$0" apply lines --results second -q; echo "apply $?"
        "$0" balance alice --output json
        "$0" verify >&2; echo "verify $?""#,
    );
    let said = stderr(&output);
    let text = String::from_utf8(output.stdout).unwrap();
    let said_lines: Vec<&str> = text.lines().collect();
    let [first, before, second, after, verified] = said_lines[..] else { panic!("{text}{said}") };
    assert_eq!((first, second, verified), ("apply 1", "apply 3", "verify 0"), "{text}{said}");

    let results = |name: &str| -> Vec<Value> {
        let text = std::fs::read_to_string(shop.path(name)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let balance =
        |text: &str| serde_json::from_str::<Value>(text).unwrap()["balance"].as_u64().unwrap() as usize;
    let done = results("first").iter().filter(|result| result["ok"]["charge"].is_i64()).count();
    assert!(done > 100 && done < 4_000, "{done} were done before the disk was full");
    assert_eq!(balance(before), done, "what was acknowledged is what there is");
    let failed = results("first").into_iter().find(|result| result["error"].is_object()).unwrap();
    assert!(failed["error"]["detail"].as_str().unwrap().contains("the disk is full"), "{failed}");
    assert_eq!(failed["error"]["code"], "store_unavailable");
    // It stopped there, and its summary accounts for every line.
    let summary = std::fs::read_to_string(shop.path("summary")).unwrap();
    let last = failed["line"].as_u64().unwrap() - 1;
    assert!(
        summary.contains(&format!("error: stopped after line {last}: the store is unavailable")),
        "{summary}"
    );
    let many = results("first").len() - done - 1;
    let left = 4_001 - results("first").len();
    let counted = format!("{} done, 0 refused, 0 invalid, {many} failed, {left} not attempted", done + 1);
    assert!(summary.contains(&counted), "{counted}: {summary}");
    // With free space the same lines complete the work, each once.
    let replayed = results("second").iter().filter(|result| result["ok"]["replayed"] == true).count();
    assert_eq!((balance(after), replayed), (4_000, done));
}

#[test]
fn a_read_only_folder_is_reported_and_left_unchanged() {
    let shop = Shop::stocked();
    let output = ended(
        &shop,
        r#"mount --bind . . && mount -o remount,bind,ro . && cd "$PWD" || exit 9
        "$0" balance alice; echo "balance $?"
        "$0" charge alice 5; echo "charge $?"
        "$0" --db new.db init; echo "init $?""#,
    );
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(text.lines().collect::<Vec<_>>(), ["balance 4", "charge 4", "init 4"], "{}", stderr(&output));
    assert_eq!(stderr(&output).matches("cannot be written").count(), 3, "{}", stderr(&output));
    assert_eq!(shop.json(&["balance", "alice"])["balance"], 50_000);
    assert!(!shop.path("new.db").exists());
}

#[test]
fn results_that_find_no_space_stop_it_at_a_whole_line() {
    let shop = Shop::stocked();
    let charge = json!({ "op": "wallet.charge", "user": "alice", "amount": 1 });
    shop.file("lines", format!("{charge}\n").repeat(20_000));
    let output = ended(
        &shop,
        r#"mkdir small && mount -t tmpfs -o size=100k tmpfs small
        "$0" apply lines --results small/results 2> summary; echo "apply $?"
        cat small/results"#,
    );
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let (code, results) = text.split_once('\n').unwrap_or_else(|| panic!("{text}{}", stderr(&output)));
    assert_eq!(code, "apply 1", "{}", stderr(&output));
    let written: Vec<u64> = results
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a whole line")["line"].as_u64().unwrap())
        .collect();
    assert!(results.ends_with('\n') && written.len() > 100, "{} results", written.len());
    assert_eq!(written, (1..=written.len() as u64).collect::<Vec<_>>());
    let summary = std::fs::read_to_string(shop.path("summary")).unwrap();
    assert!(summary.contains(&format!("and end after line {};", written.len())), "{summary}");
    let decided: u64 = number_after(&summary, "stopped after line ");
    let done = shop.json(&["balance", "alice"])["balance"].as_u64().unwrap() - 50_000;
    assert_eq!((done, number_after(&summary, "")), (decided, decided), "{summary}");
    assert!(
        decided < 20_000 && summary.contains(&format!("{} not attempted", 20_000 - decided)),
        "{summary}"
    );
}

/// The number that follows some words.
fn number_after(text: &str, words: &str) -> u64 {
    let place = text.find(words).unwrap_or_else(|| panic!("{words} in {text}")) + words.len();
    let digits: String = text[place..].chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or_else(|e| panic!("{words} in {text}: {e}"))
}

/// Runs a script with mounts of its own and returns its output.
fn ended(shop: &Shop, script: &str) -> Output {
    shop.isolated(script).output().unwrap()
}
