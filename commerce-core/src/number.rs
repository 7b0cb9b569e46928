//! The numbers that a store gives to what it records: orders, charges, ledger entries and events. Each kind is a
//! type of its own, so that no number is taken for one of another kind.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::text::{ValueError, quoted};

/// A number that the store gave out, counting from 1 in commit order. In JSON it is an integer.
///
/// ```
/// use commerce_core::OrderId;
///
/// let order: OrderId = "42".parse()?;
/// assert_eq!(order, OrderId::try_from(42)?);
/// assert_eq!((order.get(), order.to_string()), (42, "42".to_owned()));
/// assert!(OrderId::try_from(0).is_err());
/// # Ok::<(), commerce_core::ValueError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64", bound(serialize = "K: Clone", deserialize = ""))]
pub struct Number<K>(i64, PhantomData<fn() -> K>);

/// Marks numbers of orders.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OfOrder {}

/// Marks numbers of charges.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OfCharge {}

/// Marks numbers of ledger entries.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OfEntry {}

/// Marks numbers of outgoing events.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OfEvent {}

/// The number of an order. Numbers of orders have no gaps.
pub type OrderId = Number<OfOrder>;

/// The number of a charge.
pub type ChargeId = Number<OfCharge>;

/// The number of a ledger entry.
pub type EntryId = Number<OfEntry>;

/// The sequence number of an outgoing event.
pub type EventId = Number<OfEvent>;

impl<K> Number<K> {
    /// The number as an integer, at least 1.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// A number that the store has given out.
    pub(crate) const fn stored(number: i64) -> Self {
        Self(number, PhantomData)
    }

    /// The number from a column in which 0 means none.
    pub(crate) fn unless_zero(number: i64) -> Option<Self> {
        (number != 0).then_some(Self::stored(number))
    }

    /// The number for a column in which 0 means none.
    pub(crate) fn or_zero(number: Option<Self>) -> i64 {
        number.map_or(0, |number| number.0)
    }
}

impl<K> TryFrom<i64> for Number<K> {
    type Error = ValueError;

    fn try_from(number: i64) -> Result<Self, ValueError> {
        if number < 1 {
            return Err(ValueError::new(format!("must be at least 1, got {number}")));
        }
        Ok(Self(number, PhantomData))
    }
}

impl<K> FromStr for Number<K> {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        integer(text)?.try_into()
    }
}

/// Reads an integer.
///
/// # Errors
/// [`ValueError`] for other text.
pub(crate) fn integer(text: &str) -> Result<i64, ValueError> {
    text.parse().map_err(|_| ValueError::new(format!("must be an integer, got {}", quoted(text))))
}

impl<K> From<Number<K>> for i64 {
    fn from(number: Number<K>) -> i64 {
        number.0
    }
}

impl<K> fmt::Debug for Number<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl<K> fmt::Display for Number<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Serializes an optional number as an integer: in JSON, 0 means none.
pub(crate) mod or_zero {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Number;

    pub(crate) fn serialize<K: Copy, S: Serializer>(
        number: &Option<Number<K>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(Number::or_zero(*number))
    }

    pub(crate) fn deserialize<'de, K, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Number<K>>, D::Error> {
        match i64::deserialize(deserializer)? {
            0 => Ok(None),
            number => Number::try_from(number).map(Some).map_err(serde::de::Error::custom),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_from_one() {
        for bad in ["0", "-1", "", " 1", "1.0", "one", "9223372036854775808"] {
            assert!(bad.parse::<OrderId>().is_err(), "{bad:?}");
        }
        assert_eq!("9223372036854775807".parse::<OrderId>().map(OrderId::get), Ok(i64::MAX));
        assert!(serde_json::from_str::<EventId>("0").is_err());
    }

    #[test]
    fn numbers_are_integers_in_json() {
        let event: EventId = serde_json::from_str("7").unwrap();
        assert_eq!(
            (serde_json::to_string(&event).unwrap(), format!("{event:?} {event:>3}")),
            ("7".into(), "7   7".into())
        );
    }
}
