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

/// The targets of a document's links that stay within the repository: a file, a heading, or both.
fn links(document: &str) -> impl Iterator<Item = (&str, &str)> {
    let targets = document.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let inside = targets.filter(|target| !target.contains("://"));
    inside.map(|target| target.split_once('#').unwrap_or((target, "")))
}

/// The name by which a link finds a heading, as code hosts make it.
fn anchor(heading: &str) -> String {
    let heading = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = |c: char| c.is_alphanumeric() || c == ' ' || c == '-' || c == '_';
    heading.chars().filter(|c| kept(*c)).map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn every_link_between_documents_finds_its_file_and_heading() {
    let mut count = 0;
    for file in files().iter().filter(|file| file.ends_with(".md")) {
        let path = root().join(file);
        let document = std::fs::read_to_string(&path).unwrap();
        for (target, heading) in links(&document) {
            let target = if target.is_empty() { path.clone() } else { path.with_file_name(target) };
            assert!(target.exists(), "{file} links to {}, which does not exist", target.display());
            if !heading.is_empty() {
                let linked = std::fs::read_to_string(&target).unwrap();
                let found = linked.lines().any(|line| line.starts_with('#') && anchor(line) == heading);
                assert!(found, "{file} links to the heading #{heading}, which does not exist");
            }
            count += 1;
        }
    }
    assert!(count > 20, "{count} links were found");
}
