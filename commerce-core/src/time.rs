//! Points in time, and the clock that the caller hands to the engine.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

use crate::text::{ValueError, quoted};

/// A point in time to the millisecond, between the years 1970 and 9999. It is read from RFC 3339 with any offset, and
/// shown as RFC 3339 in UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Time(i64);

/// The latest time that can be written with a four-digit year: 9999-12-31T23:59:59.999Z.
const LATEST: i64 = 253_402_300_799_999;

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

impl Time {
    /// The time that many milliseconds after 1970-01-01T00:00:00Z, kept within the years 1970 to 9999.
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(0, LATEST))
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub fn millis(self) -> i64 {
        self.0
    }

    /// The same time of day, that many days before.
    pub fn minus_days(self, days: u16) -> Self {
        Self::from_millis(self.0 - i64::from(days) * DAY)
    }

    /// The time that much earlier.
    pub(crate) fn minus(self, duration: std::time::Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(LATEST);
        Self::from_millis(self.0.saturating_sub(millis))
    }

    /// The time that much later.
    pub(crate) fn plus(self, duration: std::time::Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(LATEST);
        Self::from_millis(self.0.saturating_add(millis))
    }

    /// Reads the beginning of a period: a time, or a date such as `2026-01-31`, which is the first millisecond of its
    /// day in UTC.
    ///
    /// # Errors
    /// [`ValueError`] for other text, and outside the years 1970 to 9999.
    pub fn parse_from(text: &str) -> Result<Self, ValueError> {
        Self::parse_within_day(text, 0)
    }

    /// Reads the end of a period, which is part of it: a time, or a date such as `2026-01-31`, which is the last
    /// millisecond of its day in UTC.
    ///
    /// # Errors
    /// [`ValueError`] for other text, and outside the years 1970 to 9999.
    pub fn parse_to(text: &str) -> Result<Self, ValueError> {
        Self::parse_within_day(text, DAY - 1)
    }

    /// Reads a time, or a date as its day's millisecond of this number.
    fn parse_within_day(text: &str, millisecond: i64) -> Result<Self, ValueError> {
        let date = || {
            // In canonical form only: the parser also accepts shorter and signed numbers.
            let date: NaiveDate = text.parse().ok().filter(|date: &NaiveDate| date.to_string() == text)?;
            Self::within(date.and_time(NaiveTime::MIN).and_utc().timestamp_millis() + millisecond)
        };
        Self::exact(text).or_else(date).ok_or_else(|| {
            let got = quoted(text);
            ValueError::new(format!(
                "must be a date from 1970 on, such as 2026-01-31, or an RFC 3339 time, such as \
                 2026-01-31T09:00:00.000Z, got {got}"
            ))
        })
    }

    fn exact(text: &str) -> Option<Self> {
        Self::within(DateTime::parse_from_rfc3339(text).ok()?.timestamp_millis())
    }

    fn within(millis: i64) -> Option<Self> {
        (0..=LATEST).contains(&millis).then_some(Self(millis))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = DateTime::<Utc>::from_timestamp_millis(self.0).unwrap_or_default();
        f.write_str(&time.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

/// Reads RFC 3339 with any offset. Fractions of a millisecond are cut off.
impl FromStr for Time {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        Self::exact(text).ok_or_else(|| {
            let got = quoted(text);
            ValueError::new(format!(
                "must be an RFC 3339 time from 1970 on, such as 2026-01-31T09:00:00.000Z, got {got}"
            ))
        })
    }
}

impl TryFrom<&str> for Time {
    type Error = ValueError;

    fn try_from(text: &str) -> Result<Self, ValueError> {
        text.parse()
    }
}

impl TryFrom<String> for Time {
    type Error = ValueError;

    fn try_from(text: String) -> Result<Self, ValueError> {
        text.parse()
    }
}

impl From<Time> for String {
    fn from(time: Time) -> String {
        time.to_string()
    }
}

/// The clock that the caller provides to the engine.
pub trait Clock: Send + Sync + 'static {
    /// The present time. It may step back: the engine never goes below the newest stored time.
    fn now(&self) -> Time;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Time {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Time::from_millis(i64::try_from(since.as_millis()).unwrap_or(LATEST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc_with_milliseconds() {
        let time = Time::try_from("2026-01-31T18:00:00.5+09:00").unwrap();
        assert_eq!(time.to_string(), "2026-01-31T09:00:00.500Z");
        assert_eq!(time.minus_days(1).to_string(), "2026-01-30T09:00:00.500Z");
        assert_eq!(Time::from_millis(i64::MAX).to_string(), "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn other_texts_are_refused() {
        for bad in [
            "",
            "yesterday",
            "2026-01-31",
            "2026-13-01T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "2026-01-31T09:00:00",
        ] {
            assert!(bad.parse::<Time>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_date_is_a_whole_day() {
        let ends =
            |text: &str| [Time::parse_from(text), Time::parse_to(text)].map(|time| time.unwrap().to_string());
        assert_eq!(ends("2026-01-31"), ["2026-01-31T00:00:00.000Z", "2026-01-31T23:59:59.999Z"]);
        assert_eq!(ends("1970-01-01"), ["1970-01-01T00:00:00.000Z", "1970-01-01T23:59:59.999Z"]);
        assert_eq!(ends("9999-12-31"), ["9999-12-31T00:00:00.000Z", "9999-12-31T23:59:59.999Z"]);
        assert_eq!(ends("2026-01-31T18:00:00+09:00"), ["2026-01-31T09:00:00.000Z"; 2]);
        for bad in [
            "",
            "2026-02-29",
            "2026-1-31",
            "2026-01",
            "20260131",
            "2026-01-31 ",
            "+2026-01-31",
            "1969-12-31",
            "10000-01-01",
            "2026-01-31Z",
        ] {
            assert!(Time::parse_to(bad).is_err(), "{bad}");
        }
    }
}
