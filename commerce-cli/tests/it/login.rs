//! Tests which store a command works on, and the file that `login` keeps: its mode, and what becomes of a broken one.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::shop::{Shop, stderr};

const LOGIN: &str = r#"{"shop":"commerce+http://127.0.0.1:1","token":"a-secret-of-the-login"}"#;

/// Writes a login, as `login` would, with this mode.
fn keep(shop: &Shop, content: &str, mode: u32) {
    let folder = shop.path("config/commerce");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("login.json"), content).unwrap();
    fs::set_permissions(folder.join("login.json"), Permissions::from_mode(mode)).unwrap();
}

/// A command for which the environment names no store.
fn unnamed(shop: &Shop, arguments: &[&str]) -> Command {
    let mut command = shop.program(arguments);
    command.env_remove("COMMERCE_DB");
    command
}

/// Runs a command that must end with this exit code, and returns its standard error.
#[track_caller]
fn told(mut command: Command, code: i32) -> String {
    let output = command.output().unwrap();
    let told = stderr(&output);
    assert_eq!(output.status.code(), Some(code), "{command:?}: {told}");
    assert!(!told.contains("secret"), "{told}");
    told
}

#[test]
fn a_login_that_others_can_read_or_that_is_broken_is_reported_with_the_remedy() {
    let shop = Shop::new();
    for (mode, is_private) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o666, false)] {
        keep(&shop, LOGIN, mode);
        let told = told(unnamed(&shop, &["backup", "copy.db"]), 2);
        assert_eq!(told.contains("chmod 600"), !is_private, "{mode:o}: {told}");
        assert_eq!(told.contains("commerce+http://127.0.0.1:1"), is_private, "{mode:o}: {told}");
    }
    for broken in ["", "{", "[]", "\"secret\"", "{\"token\":\"secret\"}", "{\"shop\":7}"] {
        keep(&shop, broken, 0o600);
        for arguments in [&["user", "list"][..], &["login", "--show"]] {
            let told = told(unnamed(&shop, arguments), 2);
            assert!(told.contains("login.json") && told.contains("commerce logout"), "{broken}: {told}");
        }
        // A store that is named needs no login, and a new store is made beside any.
        shop.ok(&["user", "list"]);
        fs::remove_file(shop.path("commerce.db")).ok();
        told(unnamed(&shop, &["init"]), 0);
    }
    assert!(told(unnamed(&shop, &["logout"]), 0).contains("removed"));
    assert!(told(unnamed(&shop, &["logout"]), 0).contains("no login"));
    assert!(told(unnamed(&shop, &["login", "--show"]), 2).contains("no login"));
    assert!(!shop.path("config/commerce/login.json").exists());
}

#[test]
fn a_store_that_is_made_leaves_the_login_alone_and_says_so() {
    let shop = Shop::bare();
    keep(&shop, LOGIN, 0o600);
    let said = told(unnamed(&shop, &["init"]), 0);
    assert!(said.contains("commerce+http://127.0.0.1:1") && said.contains("--db commerce.db"), "{said}");
    assert!(shop.path("commerce.db").is_file());
    let said = told(unnamed(&shop, &["--db", "other.db", "init"]), 0);
    assert!(!said.contains("127.0.0.1"), "{said}");
    told(unnamed(&shop, &["--db", "other.db", "user", "list"]), 0);
    let mut by_variable = unnamed(&shop, &["user", "list"]);
    by_variable.env("COMMERCE_DB", "other.db");
    told(by_variable, 0);
    let mut demo = unnamed(&shop, &["demo"]);
    demo.env("TMPDIR", shop.folder.path());
    told(demo, 0);
    assert_eq!(fs::read_to_string(shop.path("config/commerce/login.json")).unwrap(), LOGIN);
}

#[test]
fn what_needs_the_store_itself_says_where_to_run_it() {
    let shop = Shop::bare();
    shop.file("events.jsonl", "");
    let address = "commerce://shop.example";
    for command in [
        "init",
        "demo",
        "backup copy.db",
        "restore copy.db --yes",
        "verify --repair --yes",
        "serve",
        "events relay --sink file:events.jsonl",
    ] {
        let arguments: Vec<&str> = ["--db", address].into_iter().chain(command.split(' ')).collect();
        let said = shop.fails(2, &arguments);
        let expected = format!("needs the store itself; run it on the machine that serves {address}\n");
        assert!(said.ends_with(&expected) && said.lines().count() == 1, "{command}: {said}");
        let said = shop.fails(2, &[&arguments[..], &["--output", "json"]].concat());
        let problem: serde_json::Value = serde_json::from_str(&said).unwrap();
        assert_eq!(problem["code"], "not_here", "{command}");
    }
    assert!(!shop.path("copy.db").exists());
}

#[test]
fn without_a_folder_for_settings_there_is_no_login() {
    let shop = Shop::new();
    let homeless = |arguments: &[&str]| {
        let mut command = unnamed(&shop, arguments);
        command.env_remove("XDG_CONFIG_HOME").env_remove("HOME");
        command
    };
    told(homeless(&["init"]), 0);
    told(homeless(&["user", "list"]), 0);
    assert!(told(homeless(&["logout"]), 0).contains("no login"));
    // A path that is not absolute is ignored, as the specification says.
    keep(&shop, LOGIN, 0o600);
    let mut relative = unnamed(&shop, &["user", "list"]);
    told(
        {
            relative.env("XDG_CONFIG_HOME", "config").env_remove("HOME");
            relative
        },
        0,
    );
    // The folder .config of HOME is the usual one.
    fs::create_dir_all(shop.path("home")).unwrap();
    fs::rename(shop.path("config"), shop.path("home/.config")).unwrap();
    let mut at_home = unnamed(&shop, &["serve"]);
    at_home.env_remove("XDG_CONFIG_HOME").env("HOME", shop.path("home"));
    assert!(told(at_home, 2).contains("commerce+http://127.0.0.1:1"));
}

#[test]
fn an_argument_of_login_that_is_no_served_shop_is_refused() {
    let shop = Shop::bare();
    for (arguments, part) in [
        (&["login"][..], "ADDRESS"),
        (&["login", "shop.db"], "commerce://"),
        (&["login", "libsql://127.0.0.1:1"], "commerce://"),
        (&["--db", "x.db", "login", "commerce://shop.example"], "--db"),
        (&["login", "commerce://shop.example", "--token-file", "none"], "none"),
        (&["login", "--show", "commerce://shop.example"], "--show"),
    ] {
        let told = shop.fails(2, arguments);
        assert!(told.contains(part), "{arguments:?}: {told}");
    }
    for token in ["", " \n", "two words", "a-secret-mit-ü"] {
        let output = assert_cmd::Command::from_std(shop.program(&["login", "commerce://shop.example"]))
            .args(["--token-file", "-"])
            .write_stdin(token)
            .output()
            .unwrap();
        let told = stderr(&output);
        assert!(output.status.code() == Some(2) && told.contains("--token-file"), "{told}");
        assert!(!told.contains("secret"), "{told}");
    }
    assert!(!shop.path("config").exists());
}
