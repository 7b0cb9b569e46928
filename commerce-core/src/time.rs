//! Points in time, and the clock that the caller hands to the engine.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

/// A point in time to the millisecond; RFC 3339 in UTC wherever people or programs see it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Time(i64);

/// The latest time that can be written with a four-digit year: 9999-12-31T23:59:59.999Z.
const LATEST: i64 = 253_402_300_799_999;

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
        Self::from_millis(self.0 - i64::from(days) * 86_400_000)
    }

    /// That much later.
    pub(crate) fn plus(self, duration: std::time::Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(LATEST);
        Self::from_millis(self.0.saturating_add(millis))
    }

    /// Reads RFC 3339 with any offset. Finer parts than a millisecond are cut off.
    ///
    /// # Errors
    /// A sentence when `text` is no RFC 3339 time or lies outside the years 1970 to 9999.
    pub fn read(text: &str) -> Result<Self, String> {
        DateTime::parse_from_rfc3339(text)
            .ok()
            .map(|time| time.timestamp_millis())
            .filter(|millis| (0..=LATEST).contains(millis))
            .map(Self)
            .ok_or_else(|| {
                let got = crate::id::quoted(text);
                format!("must be an RFC 3339 time from 1970 on, such as 2026-01-31T09:00:00.000Z, got {got}")
            })
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = DateTime::<Utc>::from_timestamp_millis(self.0).unwrap_or_default();
        f.write_str(&time.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl TryFrom<String> for Time {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::read(&text)
    }
}

impl From<Time> for String {
    fn from(time: Time) -> String {
        time.to_string()
    }
}

/// Where the engine learns the time. Handed in by the caller, so that nothing reads it unseen.
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
        let time = Time::read("2026-01-31T18:00:00.5+09:00").unwrap();
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
            assert!(Time::read(bad).is_err(), "{bad}");
        }
    }
}
