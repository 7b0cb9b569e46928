//! Tests what a program that embeds the crate compiles: only the chosen features, and SQLite with the documented settings.

use std::path::Path;
use std::process::Command;

#[test]
fn without_features_there_is_no_tls_and_no_http_client() {
    let args = [
        "tree",
        "--package",
        "commerce-core",
        "--edges",
        "normal",
        "--prefix",
        "none",
        "--locked",
        "--offline",
    ];
    let tree = |more: &[&str]| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let told = Command::new(env!("CARGO")).args(args).args(more).current_dir(root).output().unwrap();
        assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
        let names = String::from_utf8(told.stdout).unwrap();
        names.lines().filter_map(|line| line.split(' ').next().map(str::to_owned)).collect::<Vec<_>>()
    };
    let (whole, bare) = (tree(&[]), tree(&["--no-default-features"]));
    for name in ["ureq", "rustls", "ring"] {
        let name = name.to_owned();
        assert!(whole.contains(&name) && !bare.contains(&name), "{name}: {bare:?}");
    }
}

#[test]
fn the_program_of_the_readme_is_an_example_that_compiles() {
    let (readme, program) =
        (include_str!("../../../README.md"), include_str!("../../examples/quickstart.rs"));
    assert!(readme.contains(&format!("```rust\n{program}```\n")));
    assert!(readme.contains("[dependencies]\ncommerce-core = { path = \"../commerce/commerce-core\" }\n"));
}

#[test]
fn the_settings_of_sqlite_are_those_in_the_docs() {
    let config = include_str!("../../../.cargo/config.toml");
    let flags = config.lines().find(|line| line.starts_with("LIBSQLITE3_FLAGS")).unwrap();
    assert!(include_str!("../../src/lib.rs").lines().any(|line| line.trim_start_matches("//! ") == flags));
}
