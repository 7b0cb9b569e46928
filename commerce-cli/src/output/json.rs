//! Data as JSON that is safe to show on a terminal.

use commerce_core::harmful;
use serde::Serialize;

/// Data as JSON in which every harmful character is escaped. Harmful characters occur only inside strings, so the escaped
/// text has the same meaning.
pub fn json(data: &impl Serialize) -> String {
    let escape = |c: char| if harmful(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() };
    // Serialization cannot fail: keys are strings, and no `Serialize` of a record returns an error.
    let text = serde_json::to_string(data).unwrap_or_default();
    if text.chars().any(harmful) { text.chars().map(escape).collect() } else { text }
}
