//! What a group changed, as text.

use std::fmt::Write as _;

use super::Shop;
use crate::facts::{Facts, LastNumbers};
use crate::row::{Kind, Value};

/// Every changed row on a line of its own: the kind of change, the table, and the columns that are not NULL. Of the row
/// of `store`, only what differs.
pub(crate) fn changes(shop: &Shop, facts: &mut Facts) -> String {
    let mut untouched = Facts::default();
    untouched.set_last(LastNumbers { probe: 0, ..shop.last() });
    untouched.last = shop.last();
    let before = untouched.changes().pop().unwrap();
    let mut text = String::new();
    let changes = facts.changes();
    facts.check_invariants().unwrap();
    for change in &changes {
        let verb = match change.kind {
            Kind::Insert => "insert",
            Kind::Update => "update",
            Kind::Delete => "delete",
        };
        for row in change.values.chunks(change.width()) {
            let stored = change.table.name == before.table.name;
            write!(text, "{verb} {}", change.table.name).unwrap();
            for (place, (column, value)) in change.table.columns.iter().zip(row).enumerate() {
                match value {
                    Value::Null => {}
                    _ if stored && before.values[place] == *value => {}
                    Value::Integer(value) => write!(text, " {column}={value}").unwrap(),
                    Value::Text(value) => write!(text, " {column}={}", value.escape_debug()).unwrap(),
                }
            }
            text.push('\n');
        }
    }
    text
}
