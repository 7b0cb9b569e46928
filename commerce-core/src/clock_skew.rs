//! The newest stored time can lie in the future, when a clock is wrong or was wrong. Time never steps back in a store, so new
//! records carry that time until the clock passes it.

use std::fmt;
use std::time::Duration;

use crate::time::Time;

/// How far the newest stored time is ahead of the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockSkew {
    newest: Time,
    now: Time,
}

impl ClockSkew {
    /// The skew that gives no warning: the clocks of several machines never agree exactly.
    pub const TOLERATED: Duration = Duration::from_mins(1);

    pub(crate) fn new(newest: Time, now: Time) -> Self {
        Self { newest, now }
    }

    /// How far the newest stored time is ahead; zero when it is not.
    pub fn ahead_by(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.newest.millis() - self.now.millis()).unwrap_or(0))
    }

    /// A warning when the skew exceeds [`ClockSkew::TOLERATED`]: what is wrong, what follows, and how to correct it.
    pub fn warning(&self) -> Option<String> {
        (self.ahead_by() > Self::TOLERATED).then(|| self.to_string())
    }
}

impl fmt::Display for ClockSkew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (newest, now, skew) = (self.newest, self.now, rounded(self.ahead_by()));
        write!(
            f,
            "the newest stored time, {newest}, is {skew} ahead of the clock, {now}. If this clock is slow, set it. If \
             another clock was fast when that time was stored, set that one. Nothing is lost, but until the clock \
             passes that time, new records carry it and the best sellers are counted back from it. To correct it \
             sooner, restore a backup from before"
        )
    }
}

/// The duration in the largest unit of which it has at least two.
pub(crate) fn rounded(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let units = [("days", 86_400), ("hours", 3_600), ("minutes", 60)];
    let (name, length) =
        units.into_iter().find(|(_, length)| seconds >= 2 * length).unwrap_or(("seconds", 1));
    let count = seconds / length;
    format!("{count} {}", if count == 1 { &name[..name.len() - 1] } else { name })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_a_minute_is_told_with_the_remedy() {
        const NOW: i64 = 1_800_000_000_000;
        let ahead = |millis: i64| ClockSkew::new(Time::from_millis(NOW + millis), Time::from_millis(NOW));
        for (millis, seconds) in [(-5_000, 0), (0, 0), (59_999, 59), (60_000, 60)] {
            assert_eq!((ahead(millis).ahead_by().as_secs(), ahead(millis).warning()), (seconds, None));
        }
        for (millis, by) in [
            (60_001, "60 seconds"),
            (120_000, "2 minutes"),
            (7_200_000, "2 hours"),
            (86_400_000, "24 hours"),
            (400 * 86_400_000, "400 days"),
        ] {
            let warning = ahead(millis).warning().unwrap();
            assert!(
                warning.contains(&format!("is {by} ahead")) && warning.contains("restore a backup"),
                "{warning}"
            );
        }
    }
}
