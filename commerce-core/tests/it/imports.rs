//! What the files of a crate import from one another, read from their text: `use` lines and paths that begin with `crate::`,
//! each followed through re-exports to the file that defines the item. Unit tests do not count, nor do the `mod` lines and
//! re-exports of a parent.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A module by its path within the crate: `order::place`; empty for the root.
pub type Module = String;

/// Which other files each file imports from.
pub type Imports = BTreeMap<Module, BTreeSet<Module>>;

/// Reads the imports of a crate from its source files, each with its path below `src`.
pub fn read<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Imports {
    let code: BTreeMap<Module, String> =
        files.into_iter().map(|(path, text)| (module(path), code(text))).collect();
    let tests: BTreeSet<Module> = code.iter().flat_map(|(module, code)| test_modules(module, code)).collect();
    let tested = |module: &str| tests.iter().any(|test| module.strip_prefix(&**test).is_some_and(is_child));
    let code: BTreeMap<_, _> = code.into_iter().filter(|(module, _)| !tested(module)).collect();
    let modules: BTreeSet<Module> = code.keys().cloned().collect();
    let paths = |reexported: bool| {
        code.iter().flat_map(move |(module, code)| {
            let uses = uses(code).into_iter().filter(move |(public, _)| *public == reexported);
            let inline = inline(code).into_iter().filter(move |_| !reexported);
            uses.map(|(_, path)| path).chain(inline).map(move |path| (module, path))
        })
    };
    let mut reexports: BTreeMap<(Module, String), String> = BTreeMap::new();
    for (module, path) in paths(true) {
        if let Some(path) = absolute(module, &path, &modules) {
            let name = path.rsplit("::").next().unwrap_or_default().to_owned();
            reexports.insert((module.clone(), name), path);
        }
    }
    let mut imports: Imports = modules.iter().map(|module| (module.clone(), BTreeSet::new())).collect();
    for (module, path) in paths(false) {
        let Some(path) = absolute(module, &path, &modules) else { continue };
        let file = defining_file(path, &modules, &reexports);
        if file != *module {
            imports.get_mut(module).unwrap().insert(file);
        }
    }
    imports
}

/// The shortest ring of files that import one another, if there is one.
pub fn ring(imports: &Imports) -> Option<Vec<Module>> {
    let rings = imports.keys().filter_map(|start| {
        let mut paths = VecDeque::from([vec![start]]);
        let mut seen = BTreeSet::new();
        while let Some(path) = paths.pop_front() {
            for next in imports.get(*path.last()?).into_iter().flatten() {
                if next == start {
                    return Some(path);
                }
                if seen.insert(next) {
                    paths.push_back(path.iter().copied().chain([next]).collect());
                }
            }
        }
        None
    });
    rings.min_by_key(Vec::len).map(|ring| ring.into_iter().cloned().collect())
}

/// `order/place.rs` is `order::place`, `order/mod.rs` is `order`, `lib.rs` is the root.
fn module(path: &str) -> Module {
    let path = path.trim_end_matches(".rs").replace('/', "::");
    let path = path.strip_suffix("::mod").unwrap_or(&path);
    if ["lib", "main"].contains(&path) { Module::new() } else { path.into() }
}

/// The text before the unit tests, without comments.
fn code(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = code.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// The modules that a module declares for its tests only.
fn test_modules(module: &str, code: &str) -> Vec<Module> {
    let declared = code.split("#[cfg(test)]\n").skip(1).filter_map(|rest| {
        let name = rest.lines().next()?.trim_end().strip_suffix(';')?.rsplit_once("mod ")?.1;
        Some(join(module, name))
    });
    declared.collect()
}

/// The paths that `use` lines name, and whether each is exported again.
fn uses(code: &str) -> Vec<(bool, String)> {
    let mut paths = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find("use ") {
        let (before, after) = (&rest[..at], &rest[at + 4..]);
        let line = before.rsplit('\n').next().unwrap_or_default().trim_start();
        if line.is_empty() || line.starts_with("pub") {
            let tree = after.split(';').next().unwrap_or_default();
            let tree: String = tree.split_whitespace().collect::<Vec<_>>().join(" ");
            paths.extend(expand(&tree).into_iter().map(|path| (!line.is_empty(), path)));
        }
        rest = after;
    }
    paths
}

/// Each path of a tree such as `a::{b, c::{d, e}}`.
fn expand(tree: &str) -> Vec<String> {
    let Some((prefix, branches)) = tree.split_once('{') else {
        return vec![tree.split(" as ").next().unwrap_or_default().trim().into()];
    };
    let branches = branches.trim_end().strip_suffix('}').unwrap_or(branches);
    let (mut depth, mut parts) = (0, vec![String::new()]);
    for c in branches.chars() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        match parts.last_mut() {
            Some(part) if c != ',' || depth > 0 => part.push(c),
            _ => parts.push(String::new()),
        }
    }
    let parts = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty());
    parts.flat_map(|part| expand(&format!("{}{part}", prefix.trim()))).collect()
}

/// The paths in code that begin with `crate::`. A tree of paths ends with `::` here, and is read by [`uses`].
fn inline(code: &str) -> Vec<String> {
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let paths = code.split("crate::").skip(1).map(|rest| {
        let end = rest.find(|c| !word(c)).unwrap_or(rest.len());
        format!("crate::{}", &rest[..end])
    });
    paths.filter(|path| !path.ends_with(':')).collect()
}

/// A path from the root, if it leads into this crate.
fn absolute(module: &str, path: &str, modules: &BTreeSet<Module>) -> Option<String> {
    let (first, rest) = path.split_once("::").unwrap_or((path, ""));
    match first {
        "crate" => Some(rest.into()),
        "self" => Some(join(module, rest)),
        "super" => {
            let parent = module.rsplit_once("::").map_or("", |(parent, _)| parent);
            match rest.starts_with("super") {
                true => absolute(parent, rest, modules),
                false => Some(join(parent, rest)),
            }
        }
        child => modules.contains(&join(module, child)).then(|| join(module, path)),
    }
}

/// The file in which the item of a path is defined, however often it is exported again on the way.
fn defining_file(
    mut path: String,
    modules: &BTreeSet<Module>,
    reexports: &BTreeMap<(Module, String), String>,
) -> Module {
    loop {
        let mut file = path.as_str();
        while !modules.contains(file) {
            file = file.rsplit_once("::").map_or("", |(parent, _)| parent);
        }
        let name = path[file.len()..].trim_start_matches("::").split("::").next().unwrap_or_default();
        match reexports.get(&(file.into(), name.into())) {
            Some(next) if *next != path => path = next.clone(),
            _ => return file.into(),
        }
    }
}

/// Whether the rest of a path leads to a module itself or into it.
fn is_child(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with("::")
}

fn join(module: &str, path: &str) -> String {
    if module.is_empty() || path.is_empty() { format!("{module}{path}") } else { format!("{module}::{path}") }
}

#[test]
fn a_ring_is_found_through_re_exports_and_not_in_tests() {
    let root = ("lib.rs", "mod a;\nmod b;\npub use b::{Thing, Other};\n");
    let a = ("a/mod.rs", "mod c;\nuse crate::{\n    Other,\n    Thing as It,\n};\n");
    let open = (
        "b.rs",
        "// use crate::a::Word;\npub struct Thing;\n#[cfg(test)]\nmod tests {\n    use crate::a::Word;\n}\n",
    );
    let child = ("a/c.rs", "use super::Word;\nfn f() {}\n");
    let imports = read([root, a, open, child]);
    assert_eq!(imports["a"], BTreeSet::from(["b".to_owned()]));
    assert_eq!(imports["a::c"], BTreeSet::from(["a".to_owned()]));
    assert_eq!(ring(&imports), None);
    for closed in ["use crate::a::Word;", "fn f() { crate::a::c::f() }", "use super::a::c::{self, f};"] {
        let ring = ring(&read([root, a, ("b.rs", closed), child])).expect(closed);
        assert!(ring.contains(&"a".to_owned()) && ring.contains(&"b".to_owned()), "{closed}: {ring:?}");
    }
}
