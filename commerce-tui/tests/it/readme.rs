//! Tests that the README has the current table of keys.

#[test]
fn the_readme_has_the_table_of_keys() {
    let readme = include_str!("../../../README.md");
    let table = commerce_tui::keys::markdown();
    assert!(readme.contains(&table), "put this into README.md:\n{table}");
}
