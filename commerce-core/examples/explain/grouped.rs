//! Formats large numbers.

/// Formats a number with commas between groups of three digits.
pub fn grouped(number: impl ToString) -> String {
    let digits = number.to_string();
    let place = |place: usize| place > 0 && (digits.len() - place).is_multiple_of(3);
    digits
        .char_indices()
        .flat_map(|(at, digit)| place(at).then_some(',').into_iter().chain([digit]))
        .collect()
}
