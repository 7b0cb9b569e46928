//! Data as JSON that is safe to show on a terminal.

use commerce_core::is_control;
use serde::Serialize;

/// Data as JSON in which every control character is escaped. They occur only inside strings, so the escaped
/// text has the same meaning.
pub fn json(data: &impl Serialize) -> String {
    let escape = |c: char| if is_control(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() };
    // Serialization cannot fail: keys are strings, and no `Serialize` of a record returns an error.
    let text = serde_json::to_string(data).unwrap_or_default();
    if text.chars().any(is_control) { text.chars().map(escape).collect() } else { text }
}
