//! Stored sums of the sales of complete hours and days. With them, the sales of a year are read from a few hundred rows and
//! at most two hours of lines at the ends.
//!
//! An hour is complete when an order of a later hour is stored, since stored times never decrease. An order that is
//! cancelled after its sum was stored is recognized by the ledger entry of its refund, and subtracted when the sum is read.

use std::str::Bytes;
use std::sync::Arc;

use crate::error::Error;

/// The period that a sum covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Period {
    /// An hour, in UTC.
    Hour,
    /// A day, in UTC.
    Day,
}

/// The sales of an hour or a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) period: Period,
    /// The number of the hour or day since 1970-01-01.
    pub(crate) number: i64,
    /// The sum covers the orders after this one.
    pub(crate) after: i64,
    /// The last order that the sum covers.
    pub(crate) last: i64,
    /// The newest ledger entry when the sum was computed. Orders that were refunded by then do not count.
    pub(crate) entry: i64,
    /// Product, units and revenue of each, packed.
    pub(crate) sales: Arc<str>,
}

impl Period {
    /// The length in milliseconds.
    pub(crate) fn millis(self) -> i64 {
        match self {
            Self::Hour => 3_600_000,
            Self::Day => 86_400_000,
        }
    }
}

/// Digits of five bits, with a sixth bit if more follow: printable ASCII without quotes and backslashes.
const DIGITS: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";

/// The value of each byte as a digit, or 64.
const VALUES: [u8; 256] = {
    let mut values = [64; 256];
    let mut digit = 0;
    while digit < 64 {
        values[DIGITS[digit] as usize] = digit as u8;
        digit += 1;
    }
    values
};

/// Encodes products, in ascending order, with their units and revenue in few bytes.
pub(super) fn pack(sold: impl IntoIterator<Item = (i64, i64, i128)>) -> String {
    let (mut packed, mut before) = (String::new(), 0);
    let mut write = |mut number: u128| {
        loop {
            let more = usize::from(number > 31) << 5;
            packed.push(DIGITS[(number & 31) as usize | more].into());
            number >>= 5;
            if more == 0 {
                break;
            }
        }
    };
    for (product, units, revenue) in sold {
        write((product - before).unsigned_abs().into());
        write(units.unsigned_abs().into());
        write(revenue.unsigned_abs());
        before = product;
    }
    packed
}

/// Decodes the text of [`pack`].
pub(super) fn unpack(packed: &str, mut visit: impl FnMut(i64, i64, i128)) -> Result<(), Error> {
    let damaged = || Error::Store("a sum of sales cannot be read; verify --repair recomputes it".into());
    let (mut digits, mut product) = (packed.bytes(), 0_i64);
    while let Some(first) = digits.next() {
        let step = decode_number(Some(first), &mut digits);
        let (units, revenue) = (next(&mut digits), next(&mut digits));
        let (Some(step), Some(units), Some(revenue)) = (step, units, revenue) else { return Err(damaged()) };
        let (Ok(step), Ok(units)) = (i64::try_from(step), i64::try_from(units)) else {
            return Err(damaged());
        };
        product = product.checked_add(step).ok_or_else(damaged)?;
        visit(product, units, revenue.cast_signed());
    }
    Ok(())
}

fn next(digits: &mut Bytes<'_>) -> Option<u128> {
    let first = digits.next();
    decode_number(first, digits)
}

/// The number that starts with a digit. Nearly all numbers have few digits.
fn decode_number(first: Option<u8>, digits: &mut Bytes<'_>) -> Option<u128> {
    let (mut number, mut shift, mut digit) = (0_u64, 0, first?);
    loop {
        let value = VALUES[usize::from(digit)];
        number |= u64::from(value & 31) << shift;
        match value {
            0..32 => return Some(number.into()),
            32..64 if shift < 55 => {}
            32..64 => return decode_long(number, digits),
            _ => return None,
        }
        (shift, digit) = (shift + 5, digits.next()?);
    }
}

/// The rest of a number after its first 60 bits.
#[cold]
fn decode_long(first: u64, digits: &mut Bytes<'_>) -> Option<u128> {
    let mut number = u128::from(first);
    for shift in (60..125).step_by(5) {
        let value = VALUES[usize::from(digits.next()?)];
        number |= u128::from(value & 31) << shift;
        match value {
            0..32 => return Some(number),
            32..64 => {}
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_packed_is_read_again(
            sold in prop::collection::btree_map(0..i64::MAX, (0..i64::MAX, 0..i128::MAX >> 8), 0..50),
        ) {
            let sold: Vec<_> = sold.into_iter().map(|(no, (units, revenue))| (no, units, revenue)).collect();
            let mut read = Vec::new();
            unpack(&pack(sold.clone()), |no, units, revenue| read.push((no, units, revenue))).unwrap();
            prop_assert_eq!(read, sold);
        }
    }

    #[test]
    fn what_is_damaged_is_refused() {
        let packed = pack([(1, 2, 3_000), (40, 50, 60)]);
        for cut in [1, 2, 3, packed.len() - 1] {
            assert!(unpack(&packed[..cut], |_, _, _| ()).is_err(), "{cut}");
        }
        assert!(unpack("\"", |_, _, _| ()).is_err());
        assert!(unpack(&"z".repeat(50), |_, _, _| ()).is_err());
    }
}
