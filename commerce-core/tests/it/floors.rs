//! The floors: no ring of files in any crate, and in the core no import up a floor.

use std::collections::BTreeMap;
use std::path::Path;

use super::imports::{Imports, Module, read, ring};
use super::tree::sources;

/// The floors of the core, from the top: what each is called, the modules that stand on it, and the floors that they may
/// import from besides their own. `a/` is a folder, `a` the file of that module alone; the longest name counts.
/// ARCHITECTURE.md shows this table.
const FLOORS: [(&str, &str, &str); 7] = [
    (
        "engine",
        "commerce, engine, served/, options, writer, queue, job, ticket, sweep, stats, commit_notifier, poll, each, verify/, outbox/relay/, outbox/sink/, outbox/retry_all",
        "registry, stores, rules, facts, rows, values",
    ),
    ("registry", "registry", "rules, facts, rows, values"),
    (
        "rules",
        "operation, submit, probe, query, page, id_cache, json_text, user/, wallet/, catalog/, cart/, order/, sales/, outbox/, token/",
        "facts, rows, values",
    ),
    ("stores", "store/, cost", "rows, values"),
    ("facts", "facts/, order/rows, token/rows, outbox/state", "rows, values"),
    ("rows", "row/, store", "values"),
    (
        "values",
        "access, clock_offset, clock_skew, connection, currency, error, id, identity, input/, location/, money, number, refusal, resolve, roots, schema, search, server_token, text, time, order, token, wallet, outbox, sales/sums, warning",
        "",
    ),
];

/// What every crate's files import from one another.
fn crates() -> BTreeMap<String, Imports> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for (path, text) in sources() {
        let path = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
        if let Some((name, file)) = path.split_once("/src/") {
            files.entry(name.into()).or_default().push((file.into(), text));
        }
    }
    let read = |files: Vec<(String, String)>| read(files.iter().map(|(file, text)| (&**file, &**text)));
    files.into_iter().map(|(name, files)| (name, read(files))).collect()
}

/// The floor of a module of the core: its place in the table.
fn floor(module: &str) -> Option<usize> {
    let path = module.replace("::", "/");
    let stands = |name: &str| match name.strip_suffix('/') {
        Some(folder) => path == folder || path.starts_with(name),
        None => path == name,
    };
    let names = |(floor, (_, names, _)): (usize, &(&str, &'static str, &str))| {
        names.split(", ").map(move |name| (name, floor)).collect::<Vec<_>>()
    };
    let names = FLOORS.iter().enumerate().flat_map(names).filter(|(name, _)| stands(name));
    // The file `order` is named more closely than the folder `order/`.
    names
        .max_by_key(|(name, _)| (name.trim_end_matches('/').len(), !name.ends_with('/')))
        .map(|(_, floor)| floor)
}

#[test]
fn no_crate_has_a_ring_of_files() {
    let crates = crates();
    assert_eq!(crates.len(), 4, "{:?}", crates.keys());
    for (name, imports) in crates {
        assert_eq!(ring(&imports), None, "{name} has files that import one another");
    }
}

#[test]
fn the_core_imports_nothing_from_a_floor_above() {
    let imports = &crates()["commerce-core"];
    let name = |module: &Module| floor(module).map_or("no floor", |floor| FLOORS[floor].0);
    let mut wrong = Vec::new();
    for (module, from) in imports.iter().filter(|(module, _)| !module.is_empty()) {
        let may = floor(module).map_or("", |floor| FLOORS[floor].2);
        let may = |other: &str| other == name(module) || may.split(", ").any(|below| below == other);
        let up = from.iter().filter(|from| !from.is_empty() && !may(name(from)));
        wrong.extend(
            up.map(|from| format!("{module} ({}) imports from {from} ({})", name(module), name(from))),
        );
    }
    assert_eq!(wrong, [""; 0]);
    for (name, modules, _) in FLOORS {
        for named in modules.split(", ") {
            let named = named.trim_end_matches('/').replace('/', "::");
            let known =
                imports.keys().any(|module| *module == named || module.starts_with(&format!("{named}::")));
            assert!(known, "there is no {named} on the floor of {name}");
        }
    }
}

#[test]
fn architecture_shows_the_floors() {
    let mut table = "| floor | modules | imports from |\n|---|---|---|\n".to_owned();
    for (name, modules, below) in FLOORS {
        let modules = modules.split(", ").map(|module| format!("`{module}`")).collect::<Vec<_>>().join(", ");
        table += &format!("| {name} | {modules} | {below} |\n");
    }
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ARCHITECTURE.md");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains(&table), "ARCHITECTURE.md does not show the floors as they are:\n{table}");
}
