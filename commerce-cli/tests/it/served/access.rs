//! Rights and secrets: what each token permits, what is said about one that does not, and that none is ever shown.

use std::io::Write;
use std::process::Command;

use serde_json::Value;

use super::login::unnamed;
use crate::process::Process;
use crate::shop::{Shop, stderr};
use crate::system::until;

/// A shop with a token of each kind, which are returned after it: of an operator, a viewer, a shopper, and a revoked one.
fn with_tokens() -> (Shop, [String; 4]) {
    let shop = Shop::stocked();
    let tokens = [
        shop.token(&["office", "--role", "operator"]),
        shop.token(&["screen", "--role", "viewer"]),
        shop.token(&["phone", "--role", "shopper", "--user", "alice"]),
        shop.token(&["lost", "--role", "operator"]),
    ];
    shop.ok(&["token", "revoke", "lost", "--yes"]);
    (shop.serve(None), tokens)
}

/// Runs a command with a token, and returns its exit code and standard error.
fn with(shop: &Shop, token: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let output = shop.program(arguments).env("COMMERCE_TOKEN", token).output().unwrap();
    (output.status.code(), stderr(&output))
}

#[test]
fn a_viewer_reads_everything_and_changes_nothing() {
    let (shop, [_, viewer, ..]) = with_tokens();
    for command in
        ["user list", "wallet history alice", "order list", "events list", "token list", "verify", "top"]
    {
        let (code, told) = with(&shop, &viewer, &command.split(' ').collect::<Vec<_>>());
        assert_eq!(code, Some(0), "{command}: {told}");
    }
    for command in [
        "charge alice 5",
        "buy alice mug",
        "product restock mug 1",
        "events retry 1",
        "token create x --role operator",
        "token revoke phone --yes",
    ] {
        let arguments: Vec<&str> = command.split(' ').collect();
        let (code, told) = with(&shop, &viewer, &arguments);
        assert!(code == Some(3) && told.contains("does not allow"), "{command}: {told}");
        let (code, told) = with(&shop, &viewer, &[&arguments[..], &["--output", "json"]].concat());
        let problem: Value = serde_json::from_str(&told).unwrap();
        assert!(code == Some(3) && problem["code"] == "forbidden", "{command}: {told}");
    }
    shop.file("lines", "{\"op\":\"user.add\",\"user\":\"x\"}\n{\"op\":\"user.add\",\"user\":\"y\"}\n");
    let (code, told) = with(&shop, &viewer, &["apply", "lines"]);
    assert!(code == Some(3) && told.contains("does not allow"), "{told}");
}

#[test]
fn a_shopper_acts_as_its_own_user_and_sees_no_other() {
    let (shop, [operator, _, shopper, _]) = with_tokens();
    for command in
        ["balance alice", "buy alice mug", "cart add alice pen", "order list --user alice", "product list"]
    {
        let (code, told) = with(&shop, &shopper, &command.split(' ').collect::<Vec<_>>());
        assert_eq!(code, Some(0), "{command}: {told}");
    }
    with(&shop, &operator, &["user", "add", "bob"]);
    for command in ["balance bob", "cart show bob", "buy bob mug"] {
        let (code, told) = with(&shop, &shopper, &command.split(' ').collect::<Vec<_>>());
        assert!(code == Some(3) && told.contains("bob"), "{command}: {told}");
    }
    for command in ["charge alice 5", "user list", "verify", "token list"] {
        let (code, told) = with(&shop, &shopper, &command.split(' ').collect::<Vec<_>>());
        assert!(code == Some(3) && told.contains("does not allow"), "{command}: {told}");
    }
}

#[test]
fn a_token_that_the_shop_does_not_accept_ends_with_4_and_the_remedy() {
    let (shop, [_, _, _, revoked]) = with_tokens();
    for command in ["balance alice", "charge alice 5", "verify", "token list", "product list --all"] {
        for token in [revoked.as_str(), "no-token-of-this-shop", ""] {
            let arguments: Vec<&str> = command.split(' ').collect();
            let (code, told) = with(&shop, token, &arguments);
            let remedy = if token.is_empty() { "--token-file" } else { "is that of COMMERCE_TOKEN" };
            assert!(code == Some(4) && told.contains(remedy), "{command}: {told}");
            assert!(token.is_empty() || !told.contains(token), "{told}");
            let (code, told) = with(&shop, token, &[&arguments[..], &["--output", "json"]].concat());
            assert!(code == Some(4) && serde_json::from_str::<Value>(&told).is_ok(), "{told}");
        }
    }
}

/// What a process shows to other users of the machine.
fn arguments_of(process: u32) -> Vec<u8> {
    std::fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default()
}

#[test]
fn no_secret_is_in_what_is_printed_logged_or_seen_by_others() {
    let (shop, tokens) = with_tokens();
    let [operator, .., revoked] = &tokens;
    let address = shop.address().to_owned();
    shop.file("token", format!("{operator}\n"));
    let mut printed = Vec::new();
    let mut run = |mut command: Command, input: &str| {
        command.stdin(std::process::Stdio::piped());
        let output = assert_cmd::Command::from_std(command).write_stdin(input).output().unwrap();
        printed.extend([output.stdout, output.stderr].concat());
        output.status.code()
    };
    for token in [operator, revoked, "wrong-secret-token", "wrong secret token"] {
        for words in
            ["user list", "charge alice 1", "verify", "token list --output json", "charge nobody 1", "--help"]
        {
            let mut command = shop.program(&words.split(' ').collect::<Vec<_>>());
            command.env("COMMERCE_TOKEN", token);
            run(command, "");
        }
        for words in
            ["login ADDRESS --token-file -", "login --show", "login --help", "user list", "init", "logout"]
        {
            let words = words.replace("ADDRESS", &address);
            run(unnamed(&shop, &words.split(' ').collect::<Vec<_>>()), token);
        }
        let proxy = "http://me:wrong-secret-token@127.0.0.1:1";
        let mut behind = shop.program(&["user", "list"]);
        behind.env("COMMERCE_TOKEN", token).env("HTTP_PROXY", proxy);
        assert_ne!(run(behind, ""), Some(0));
    }
    for place in
        ["commerce+http://me:wrong-secret-token@127.0.0.1:1", "commerce://a?token=wrong-secret-token"]
    {
        assert_eq!(run(shop.program(&["--db", place, "user", "list"]), ""), Some(4));
    }
    assert_eq!(run(shop.program(&["user", "list", "--token-file", "token"]), ""), Some(0));
    for words in ["--help", "events relay --help", "man", "completions bash"] {
        let mut command = shop.program(&words.split(' ').collect::<Vec<_>>());
        for name in ["COMMERCE_DB", "COMMERCE_READ_URL", "COMMERCE_SINK"] {
            command.env(name, "https://me:wrong-secret-token@127.0.0.1");
        }
        assert_eq!(run(command, ""), Some(0));
    }

    // A command that waits, so that others have the time to look at it.
    let mut waiting = shop.program(&["apply", "-", "--results", "results"]);
    waiting.env("COMMERCE_TOKEN", operator);
    let mut waiting = Process::start(waiting);
    let mut input = waiting.input();
    input.write_all(b"{\"op\":\"user.add\",\"user\":\"z\"}\n").unwrap();
    until("a result", || std::fs::read(shop.path("results")).is_ok_and(|results| !results.is_empty()));
    printed.extend(arguments_of(waiting.id()));
    let served = shop.served.unwrap();
    printed.extend(arguments_of(served.server.process.id()));
    drop(input);
    let output = waiting.finish();
    printed.extend([output.stdout, output.stderr].concat());
    printed.extend(served.server.stop().1.into_bytes());

    let printed = String::from_utf8_lossy(&printed);
    assert!(
        printed.contains("apply") && printed.contains("/v1/"),
        "the arguments and the log were looked at"
    );
    for secret in tokens.iter().map(String::as_str).chain(["wrong-secret-token", "wrong secret token"]) {
        let place = printed.find(secret);
        let context = place.map(|at| printed[..at].chars().rev().take(200).collect::<Vec<_>>());
        assert!(place.is_none(), "{:?}", context.map(|text| text.into_iter().rev().collect::<String>()));
    }
}
