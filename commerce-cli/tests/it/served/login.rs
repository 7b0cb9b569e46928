//! `login` and `logout` with a real server: what is kept, what wins over it, and who is told what.

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::shop::{Shop, stderr, stdout};
use crate::terminal::Terminal;

/// A command for which the environment names neither a store nor a token.
pub fn unnamed(shop: &Shop, arguments: &[&str]) -> Command {
    let mut command = shop.program(arguments);
    command.env_remove("COMMERCE_DB").env_remove("COMMERCE_TOKEN");
    command
}

/// The JSON that a command prints, which must succeed.
#[track_caller]
fn json_of(command: &mut Command) -> Value {
    let output = command.args(["--output", "json"]).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    serde_json::from_str(&stdout(&output)).unwrap()
}

fn feed(command: Command, input: &str) -> Output {
    assert_cmd::Command::from_std(command).write_stdin(input).output().unwrap()
}

#[test]
fn a_login_is_checked_kept_shown_used_and_forgotten() {
    let shop = Shop::stocked();
    let secret = shop.token(&["office", "--role", "operator"]);
    let phone = shop.token(&["phone", "--role", "shopper", "--user", "alice"]);
    let shop = shop.serve(None);
    let address = shop.address().to_owned();
    shop.file("office.token", format!("{secret}\n"));

    let told = feed(unnamed(&shop, &["login", &address, "--token-file", "-"]), "not-a-token-of-the-shop");
    assert_eq!(told.status.code(), Some(4), "{told:?}");
    assert!(!shop.path("config").exists(), "what is refused is not kept");
    let told = feed(unnamed(&shop, &["login", &address]), "");
    assert!(told.status.code() == Some(4) && stderr(&told).contains("--token-file"), "{told:?}");

    let known = json_of(&mut unnamed(&shop, &["login", &address, "--token-file", "office.token"]));
    let operator = json!({ "shop": address, "currency": "KRW", "role": "operator", "token": "office" });
    assert_eq!(known, operator);
    let file = shop.path("config/commerce/login.json");
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    assert_eq!(std::fs::read_dir(file.parent().unwrap()).unwrap().count(), 1, "nothing else is left there");
    assert_eq!(json_of(&mut unnamed(&shop, &["login", "--show"])), operator);
    assert_eq!(json_of(&mut unnamed(&shop, &["balance", "alice"]))["balance"], 50_000);
    assert_eq!(json_of(&mut unnamed(&shop, &["charge", "alice", "5"]))["balance"], 50_005);

    // Another login takes its place: by the standard input, and by the variable.
    let done = feed(unnamed(&shop, &["login", &address, "--token-file", "-", "--output", "json"]), &phone);
    let shopper =
        json!({ "shop": address, "currency": "KRW", "role": "shopper", "token": "phone", "user": "alice" });
    assert_eq!(serde_json::from_str::<Value>(&stdout(&done)).unwrap(), shopper);
    let refused = unnamed(&shop, &["charge", "alice", "5"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(3), "{refused:?}");
    let mut by_variable = unnamed(&shop, &["login", &address]);
    assert_eq!(json_of(by_variable.env("COMMERCE_TOKEN", &secret)), operator);

    let done = unnamed(&shop, &["logout"]).output().unwrap();
    assert!(done.status.success() && stderr(&done).contains("removed"), "{done:?}");
    assert!(!file.exists());
    let output = unnamed(&shop, &["balance", "alice"]).output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert!(stderr(&output).contains("no store at commerce.db"), "{output:?}");
}

#[test]
fn a_token_is_asked_for_on_a_terminal_and_not_shown() {
    let shop = Shop::stocked();
    let secret = shop.token(&["office", "--role", "operator"]);
    let shop = shop.serve(None);
    let terminal = Terminal::open(100, 30, shop.folder.path());
    let program = env!("CARGO_BIN_EXE_commerce");
    let login = format!("{program} login {}", shop.address());
    for cancel in ["C-c", "C-d"] {
        terminal.run(&login);
        terminal.see("token for");
        terminal.press(cancel);
        terminal.see("nothing was changed");
        terminal.run("clear");
        terminal.see_no("token for");
    }
    terminal.run(&login);
    terminal.see("token for");
    terminal.type_in(&secret);
    terminal.press("Enter");
    terminal.see("commands without --db now use this shop");
    let screen = terminal.screen();
    assert!(screen.contains("operator") && !screen.contains(&secret[..8]), "{screen}");
    // The terminal shows again what is typed.
    terminal.run("echo echoed-$((1 + 1))");
    terminal.see("echo echoed-$((1 + 1))");
    terminal.see("echoed-2");
}

#[test]
fn the_store_is_that_of_the_flag_then_of_the_variable_then_of_the_login_then_of_the_folder() {
    let named = |name: &str| {
        let shop = Shop::new();
        shop.ok(&["product", "add", "which", "--name", name, "--price", "1", "--stock", "1"]);
        shop
    };
    let (folder, flag, variable) = (named("folder"), named("flag"), named("variable"));
    std::fs::rename(folder.path("shop.db"), folder.path("commerce.db")).unwrap();
    let login = named("login").serve(None);
    let (flag, variable) = (flag.path("shop.db"), variable.path("shop.db"));
    let which = |with_flag: bool, with_variable: bool| {
        let mut command = unnamed(&folder, &["product", "show", "which"]);
        if with_flag {
            command.arg("--db").arg(&flag);
        }
        if with_variable {
            command.env("COMMERCE_DB", &variable);
        }
        json_of(&mut command)["name"].clone()
    };
    let ways = [(true, true), (true, false), (false, true), (false, false)];
    assert_eq!(ways.map(|(flag, variable)| which(flag, variable)), ["flag", "flag", "variable", "folder"]);
    json_of(&mut unnamed(&folder, &["login", login.address()]));
    assert_eq!(ways.map(|(flag, variable)| which(flag, variable)), ["flag", "flag", "variable", "login"]);
    let mut said = unnamed(&folder, &["login", login.address()]);
    let said = stderr(&said.env("COMMERCE_DB", &variable).output().unwrap());
    assert!(said.contains("COMMERCE_DB is set, and wins over the login"), "{said}");
}

#[test]
fn the_token_is_that_of_the_flag_then_of_the_variable_then_of_the_login_to_this_shop() {
    let shop = Shop::new();
    let [flag, variable, login] =
        ["flag", "variable", "login"].map(|name| shop.token(&[name, "--role", "operator"]));
    let shop = shop.serve(None);
    shop.file("flag.token", flag);
    let mut logged_in = unnamed(&shop, &["login", shop.address()]);
    json_of(logged_in.env("COMMERCE_TOKEN", &login));
    let who = |with_flag: bool, with_variable: bool| {
        let mut command = unnamed(&shop, &["login", "--show"]);
        if with_flag {
            command.args(["--token-file", "flag.token"]);
        }
        if with_variable {
            command.env("COMMERCE_TOKEN", &variable);
        }
        json_of(&mut command)["token"].clone()
    };
    let ways = [(true, true), (true, false), (false, true), (false, false)];
    assert_eq!(ways.map(|(flag, variable)| who(flag, variable)), ["flag", "flag", "variable", "login"]);
    // The token of the login goes to its own shop, however that is named, and to no other.
    json_of(unnamed(&shop, &["user", "list", "--db", shop.address()]).env("COMMERCE_DB", "none.db"));
    let other = shop.address().replace("127.0.0.1", "localhost");
    let refused = unnamed(&shop, &["user", "list", "--db", &other]).output().unwrap();
    assert_eq!(refused.status.code(), Some(4), "{refused:?}");
}

#[test]
fn a_login_keeps_its_root_for_every_folder_and_all_its_addresses() {
    let shop = Shop::stocked();
    let secret = shop.token(&["office", "--role", "operator"]);
    let shop = shop.serve_tls(None);
    let addresses = format!("commerce://localhost:1,{}", shop.address().trim_start_matches("commerce://"));
    let mut login = unnamed(&shop, &["login", &addresses, "--ca-file", "root.pem"]);
    assert_eq!(json_of(login.env("COMMERCE_TOKEN", &secret))["token"], "office");
    let elsewhere = tempfile::tempdir().unwrap();
    let mut balance = unnamed(&shop, &["balance", "alice"]);
    assert_eq!(json_of(balance.current_dir(elsewhere.path()))["balance"], 50_000);
    std::fs::remove_file(shop.path("root.pem")).unwrap();
    let told = unnamed(&shop, &["balance", "alice"]).output().unwrap();
    assert!(told.status.code() == Some(2) && stderr(&told).contains("root.pem"), "{told:?}");
}
