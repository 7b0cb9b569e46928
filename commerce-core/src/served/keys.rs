//! The keys of operations that were submitted without one. Every operation has a key on its way to the server, so that a lost
//! answer can be asked for again.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::id::Key;
use crate::time::Time;

/// Makes keys that rise: when the shop was opened, a random part, and a counter. Keys that rise are stored side by side, so
/// they cost no random pages.
pub(super) struct Keys {
    prefix: String,
    count: AtomicU64,
}

/// The digits of a key, in the order of their characters.
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The lengths of the parts: milliseconds for some thousand years, 41 random bits, and 56 billion operations.
const LENGTHS: [usize; 3] = [8, 7, 6];

impl Keys {
    /// The keys of a shop that is opened now.
    pub(super) fn new(now: Time) -> Self {
        let mut prefix = String::new();
        push_digits(&mut prefix, now.millis().unsigned_abs(), LENGTHS[0]);
        push_digits(&mut prefix, uuid::Uuid::new_v4().as_u64_pair().1, LENGTHS[1]);
        Self { prefix, count: AtomicU64::new(0) }
    }

    /// What the keys begin with, which no other handle has.
    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    pub(super) fn next(&self) -> Key {
        let mut key = String::with_capacity(LENGTHS.iter().sum());
        key += &self.prefix;
        push_digits(&mut key, self.count.fetch_add(1, Ordering::Relaxed), LENGTHS[2]);
        Key::stored(key.into())
    }
}

/// Adds the lowest digits of a number.
fn push_digits(text: &mut String, mut number: u64, count: usize) {
    let mut digits = ['0'; 8];
    for digit in digits[..count].iter_mut().rev() {
        // The remainder is less than the number of digits.
        *digit = char::from(DIGITS[(number % 62) as usize]);
        number /= 62;
    }
    text.extend(&digits[..count]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_rise_and_are_those_of_their_shop() {
        let (first, second) = (Keys::new(Time::from_millis(7)), Keys::new(Time::from_millis(8)));
        let mut last = first.next();
        for _ in 0..10_000 {
            let next = first.next();
            assert!(next > last && next.as_str().len() == 21);
            last = next;
        }
        assert!(second.next() > last);
        assert_ne!(Keys::new(Time::from_millis(7)).next(), first.next());
    }
}
