//! Data as JSON.

use commerce_core::is_control;
use serde::Serialize;

/// JSON that cannot steer a terminal either. What could can only stand within strings, where an escape
/// means the same.
pub fn json(data: &impl Serialize) -> String {
    let escape = |c: char| if is_control(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() };
    // What is printed has text as its keys, and no maps that fail.
    let text = serde_json::to_string(data).unwrap_or_default();
    if text.chars().any(is_control) { text.chars().map(escape).collect() } else { text }
}
