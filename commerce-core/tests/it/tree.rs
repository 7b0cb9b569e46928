//! The tree itself: core is silent, only stores know SQLite, and files stay small.

use std::path::{Path, PathBuf};

/// Every source file of the workspace, with its text.
pub fn sources() -> Vec<(PathBuf, String)> {
    let mut sources = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("..")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() && !name.starts_with('.') && name != "target" {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                sources.push((path, text));
            }
        }
    }
    assert!(sources.len() > 200, "{} sources were found", sources.len());
    sources
}

/// The lines of a file before its unit tests that match.
fn lines<'a>(text: &'a str, wrong: impl Fn(&str) -> bool + 'a) -> impl Iterator<Item = &'a str> {
    let code = text.split("#[cfg(test)]\nmod").next().unwrap_or_default();
    code.lines().map(str::trim).filter(move |line| !line.starts_with("//") && wrong(line))
}

#[test]
fn files_stay_small() {
    for (path, text) in sources() {
        let length = text.lines().count();
        assert!(length <= 500, "{} has {length} lines; it serves more than one purpose", path.display());
    }
}

#[test]
fn core_is_silent_and_takes_nothing_behind_the_callers_back() {
    let wrong = |line: &str| {
        ["println!", "eprintln!", "print!(", "dbg!", "std::env::", "SystemTime::now"]
            .iter()
            .any(|word| line.contains(word))
    };
    for (path, text) in sources() {
        let place = path.to_string_lossy().into_owned();
        // The one place where the system's clock is read, for callers who hand it in.
        if !place.contains("commerce-core/src") || place.ends_with("src/time.rs") {
            continue;
        }
        assert_eq!(lines(&text, wrong).collect::<Vec<_>>(), [""; 0], "{place}");
    }
}

#[test]
fn only_stores_know_sqlite() {
    for (path, text) in sources() {
        let place = path.to_string_lossy().replace('\\', "/");
        let Some(within) = place.split("commerce-core/src/").nth(1) else { continue };
        if !within.starts_with("store/") && !within.ends_with("/tests.rs") && within != "cost.rs" {
            let wrong = |line: &str| line.contains("rusqlite");
            assert_eq!(lines(&text, wrong).collect::<Vec<_>>(), [""; 0], "{within}");
        }
    }
}
