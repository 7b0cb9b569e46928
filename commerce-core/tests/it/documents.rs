//! Tests that every file that the documents name exists.

use std::path::Path;

/// The folder of the workspace.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Every file of the repository, by its path from the root.
fn files() -> Vec<String> {
    let (mut files, mut folders) = (Vec::new(), vec![root().to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_file() {
                files.push(path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned());
            } else if !name.starts_with('.') && name != "target" {
                folders.push(path);
            }
        }
    }
    files
}

/// The names of source files between backticks in a document.
fn named(document: &str) -> Vec<&str> {
    let source = |name: &&str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
        let known = [".rs", ".sql", ".md"].iter().any(|end| name.ends_with(end) && name.len() > end.len());
        known && name.chars().all(plain)
    };
    document.split('`').skip(1).step_by(2).filter(source).collect()
}

#[test]
fn every_file_that_a_document_names_exists() {
    let files = files();
    let exists = |name: &str| {
        let name = name.trim_start_matches("../");
        files.iter().any(|file| file == name || file.ends_with(&format!("/{name}")))
    };
    let mut count = 0;
    for file in files.iter().filter(|file| file.ends_with(".md") && !file.ends_with("CHANGELOG.md")) {
        let document = std::fs::read_to_string(root().join(file)).unwrap();
        for name in named(&document) {
            assert!(exists(name), "{file} names {name}, which does not exist");
            count += 1;
        }
    }
    assert!(count > 50, "{count} names were found");
}
