//! Every command prints the same, and ends with the same exit code, on a file and on a copy of it that is served.

use serde_json::json;

use crate::every_command::kill_events;
use crate::process::Server;
use crate::requests::COMMANDS;
use crate::shop::{Shop, USER, stderr, stdout};

const FORMATS: [&str; 4] = ["table", "json", "jsonl", "csv"];

/// Commands that a rule refuses, that are invalid, or that are wrongly used, after [`COMMANDS`].
const FAILING: [&str; 24] = [
    "user add alice",
    "user show nobody",
    "user list --cursor x",
    "wallet charge nobody 5",
    "wallet charge alice -5",
    "wallet charge alice 1.5",
    "wallet charge alice 5 --key a\u{a0}b",
    "wallet charge alice 9007199254740991",
    "wallet history nobody",
    "product add mug --name Mug --price 100 --stock 50",
    "product update none --price 1",
    "product restock mug -100000",
    "product list --sort moon",
    "cart add alice mug:0",
    "cart add alice none pen",
    "cart remove alice mug",
    "buy alice mug:900 none",
    "buy alice mug --expected-total 1",
    "buy bob mug",
    "order place alice mug:3 --key k",
    "order show 99",
    "order cancel 1 --yes",
    "events retry 1 99",
    "token revoke none --yes",
];

/// Replaces what differs between two runs of a command: times, and secrets.
fn normal(text: &str, secrets: &[String]) -> String {
    let text = secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "SECRET"));
    let form: Vec<bool> = "0000-00-00T00:00:00".bytes().map(|byte| byte == b'0').collect();
    let (mut bytes, mut start) = (text.into_bytes(), 0);
    while start + form.len() <= bytes.len() {
        let part = &bytes[start..start + form.len()];
        let is_time = part.iter().zip(&form).all(|(byte, digit)| byte.is_ascii_digit() == *digit)
            && part[4] == b'-'
            && part[13] == b':';
        if is_time {
            let rest =
                bytes[start..].iter().take_while(|byte| byte.is_ascii_digit() || b"-:.TZ ".contains(byte));
            let end = start + rest.count();
            bytes[start..end].iter_mut().filter(|byte| byte.is_ascii_digit()).for_each(|byte| *byte = b'0');
            start = end;
        }
        start += 1;
    }
    String::from_utf8(bytes).unwrap()
}

/// A text without its numbers and the spaces that align them.
fn without_numbers(text: &str) -> String {
    unaligned(&text.chars().filter(|letter| !letter.is_ascii_digit()).collect::<String>())
}

/// A text without its times, and without the names of when a token was last used.
fn without_last_use(text: &str) -> String {
    let text = text.replace("0000-00-00T00:00:00.000Z", "");
    let names = [",\"used_at\":\"\"", "USED AT", "used at"];
    unaligned(&names.iter().fold(text, |text, name| text.replace(name, "")))
}

fn unaligned(text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| line.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// What a command does: its exit code, and both outputs.
pub fn outcome(shop: &Shop, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = shop.run(arguments);
    let printed = stdout(&output);
    let secret = printed.split(['"', ' ', '\n', ',']).find(|word| word.len() == 43).map(str::to_owned);
    let secrets: Vec<String> = secret.into_iter().collect();
    (output.status.code(), normal(&printed, &secrets), normal(&stderr(&output), &secrets))
}

/// A shop in a file, and a copy of it that is served.
pub fn both() -> (Shop, Shop) {
    let file = Shop::new();
    // What an operator does bears the name of the token, and on a file that of the local user.
    let secret = file.token(&[USER, "--role", "operator"]);
    let served = file.copy().serve(Some(&secret));
    for shop in [&file, &served] {
        shop.file("goods.csv", "product,name,price,stock\npen,Pen,15,100\n");
        let line = r#"{"op":"order.place","user":"alice","items":[{"product":"mug","quantity":1}]}"#;
        shop.file("lines.jsonl", line);
    }
    (file, served)
}

#[test]
fn every_command_prints_the_same_as_on_a_file() {
    let (file, served) = both();
    let mut differences = Vec::new();
    let mut compare = |command: &str, format: &str| {
        let mut arguments: Vec<&str> = command.split(' ').collect();
        arguments.extend(["--output", format]);
        let [here, there] = [&file, &served].map(|shop| {
            let (code, printed, told) = outcome(shop, &arguments);
            let printed = match arguments[0] {
                // Events have an age in seconds.
                "events" => without_numbers(&printed),
                // Only a server notes the use of a token.
                "token" => without_last_use(&printed),
                _ => printed,
            };
            (code, printed, told)
        });
        if here != there {
            differences.push(format!("{arguments:?}\n  file    {here:?}\n  served  {there:?}"));
        }
        here.0
    };
    for (turn, (command, _)) in COMMANDS.into_iter().enumerate() {
        // A change is made once. Each format has its turn.
        compare(command, FORMATS[turn % FORMATS.len()]);
    }
    let changes =
        ["add", "charge", "update", "restock", "import", "set", "remove", "clear", "checkout", "place"];
    let others = ["buy", "cancel", "create", "revoke", "apply", "retry"];
    let is_change = |word: &str| changes.contains(&word) || others.contains(&word);
    for (command, _) in COMMANDS {
        if !command.split(' ').any(is_change) {
            for format in FORMATS {
                assert_eq!(compare(command, format), Some(0), "{command}");
            }
        }
    }
    for command in
        ["verify", "user list --all", "product list --all", "order list --all", "events list --all"]
    {
        for format in FORMATS {
            assert_eq!(compare(command, format), Some(0), "{command}");
        }
    }
    for command in FAILING {
        for format in ["table", "json"] {
            assert!(compare(command, format).is_some_and(|code| code != 0), "{command}");
        }
    }
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn every_dead_event_is_retried() {
    let served = Shop::stocked().serve(None);
    let charge = "{\"op\":\"wallet.charge\",\"user\":\"alice\",\"amount\":1}\n";
    served.feed(&["apply", "-"], charge.repeat(700));
    kill_events(&served, 700);
    let expected: Vec<i64> = (1..=700).collect();
    assert_eq!(served.json(&["events", "retry", "--all", "--key", "r"]), json!({ "events": expected }));
    assert_eq!(served.json(&["events", "retry", "--all", "--key", "r"]), json!({ "events": [] }));
    kill_events(&served, 3);
    assert_eq!(served.json(&["events", "retry", "2"]), json!({ "events": [2] }));
    assert_eq!(served.ok(&["events", "retry", "--all"]), "events  1, 3\n");
}

/// The requests that a server has answered on its routes.
fn requests(server: &Server, token: &str) -> u64 {
    let metrics = server.client().bearer(token).get("/metrics").body;
    let metrics = String::from_utf8(metrics).unwrap();
    let counts = metrics
        .lines()
        .filter(|line| line.starts_with("commerce_http_requests_total") && line.contains("\"/v1/"));
    counts.map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap()).sum()
}

#[test]
fn a_command_is_two_requests_of_which_one_opens_the_shop() {
    let (_, served) = both();
    let used = served.served.as_ref().unwrap();
    let (server, token) = (&used.server, used.token.as_ref().unwrap());
    let mut faults = Vec::new();
    for (command, _) in COMMANDS {
        let before = requests(server, token);
        served.ok(&command.split(' ').collect::<Vec<_>>());
        let sent = requests(server, token) - before;
        // Events to send again are looked for first.
        let expected = if command == "events retry --all" { 3 } else { 2 };
        if sent != expected {
            faults.push(format!("{command}: {sent} requests, not {expected}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
