//! Money, stock and quantities: integers that stay exact in every JSON reader.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::number::integer;
use crate::text::ValueError;

/// The largest amount, price, total, balance or stock: 2^53 - 1, exact in every JSON reader
/// (the interoperable range of RFC 8259, section 6).
pub const LIMIT: i64 = (1 << 53) - 1;

/// Money in the currency's minor unit, 0 to [`LIMIT`]. It is made from an integer by [`TryFrom`], and from text such as
/// `12.50` by [`Currency::parse_amount`](crate::Currency::parse_amount).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Amount(i64);

impl Amount {
    /// Zero minor units.
    pub const ZERO: Self = Self(0);

    /// The number of minor units.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The sum, or `None` above [`LIMIT`].
    pub fn plus(self, other: Self) -> Option<Self> {
        Self::within_limit(self.0 + other.0)
    }

    /// The difference, or `None` below 0.
    pub fn minus(self, other: Self) -> Option<Self> {
        Self::within_limit(self.0 - other.0)
    }

    /// The price of `quantity` units, or `None` above [`LIMIT`].
    pub fn times(self, quantity: Quantity) -> Option<Self> {
        self.0.checked_mul(quantity.get()).and_then(Self::within_limit)
    }

    /// A sum of amounts, which is [`LIMIT`] where the true sum is more.
    pub(crate) fn saturated(sum: i128) -> Self {
        Self(i64::try_from(sum).unwrap_or(LIMIT).clamp(0, LIMIT))
    }

    fn within_limit(minor: i64) -> Option<Self> {
        (0..=LIMIT).contains(&minor).then_some(Self(minor))
    }
}

impl TryFrom<i64> for Amount {
    type Error = ValueError;

    fn try_from(minor: i64) -> Result<Self, ValueError> {
        let error = || ValueError::new(format!("must be 0 to {LIMIT}, got {minor}"));
        Self::within_limit(minor).ok_or_else(error)
    }
}

impl From<Amount> for i64 {
    fn from(amount: Amount) -> i64 {
        amount.0
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Units of one product in a line of an order or a cart, 1 to 1,000,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Quantity(u32);

impl Quantity {
    /// The most units of one product in one order or cart.
    pub const MAX: i64 = 1_000_000;

    /// The number of units.
    pub fn get(self) -> i64 {
        self.0.into()
    }

    /// The sum, or `None` above [`Quantity::MAX`].
    pub fn plus(self, other: Self) -> Option<Self> {
        Self::within_limit(self.get() + other.get())
    }

    fn within_limit(units: i64) -> Option<Self> {
        u32::try_from(units).ok().filter(|&units| units >= 1 && i64::from(units) <= Self::MAX).map(Self)
    }
}

impl TryFrom<i64> for Quantity {
    type Error = ValueError;

    fn try_from(units: i64) -> Result<Self, ValueError> {
        let error = || ValueError::new(format!("must be 1 to {}, got {units}", Self::MAX));
        Self::within_limit(units).ok_or_else(error)
    }
}

impl FromStr for Quantity {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        integer(text)?.try_into()
    }
}

impl From<Quantity> for i64 {
    fn from(quantity: Quantity) -> i64 {
        quantity.get()
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Units of a product that can be sold at present, 0 to [`LIMIT`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Stock(i64);

impl Stock {
    /// The number of units.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The stock after `delta` units were added, or removed where it is negative; `None` below 0 or above [`LIMIT`].
    pub fn adjusted(self, delta: i64) -> Option<Self> {
        self.0.checked_add(delta).and_then(Self::within_limit)
    }

    fn within_limit(units: i64) -> Option<Self> {
        (0..=LIMIT).contains(&units).then_some(Self(units))
    }
}

impl TryFrom<i64> for Stock {
    type Error = ValueError;

    fn try_from(units: i64) -> Result<Self, ValueError> {
        let error = || ValueError::new(format!("must be 0 to {LIMIT}, got {units}"));
        Self::within_limit(units).ok_or_else(error)
    }
}

impl FromStr for Stock {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        integer(text)?.try_into()
    }
}

impl From<Stock> for i64 {
    fn from(stock: Stock) -> i64 {
        stock.0
    }
}

impl fmt::Display for Stock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_stops_at_the_limit() {
        let top = Amount::try_from(LIMIT).unwrap();
        assert_eq!(top.plus(Amount::try_from(1).unwrap()), None);
        assert_eq!(top.times(Quantity::try_from(1_000_000).unwrap()), None);
        assert_eq!(Amount::ZERO.minus(Amount::try_from(1).unwrap()), None);
        assert!(Amount::try_from(LIMIT + 1).is_err());
        assert_eq!(Stock::try_from(3).unwrap().adjusted(-4), None);
        assert_eq!(Stock::try_from(3).unwrap().adjusted(i64::MAX), None);
        assert!(Quantity::try_from(0).is_err());
        assert!(Quantity::try_from(Quantity::MAX + 1).is_err());
    }
}
