//! A newest stored time that lies in the future: some clock is wrong, or was when it was stored. Time never steps back
//! in a store, so whatever is done bears that time until the clock has passed it.

use std::fmt;
use std::time::Duration;

use crate::time::Time;

/// How far the newest stored time is ahead of the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ahead {
    newest: Time,
    now: Time,
}

impl Ahead {
    /// How far it may be ahead without a word: clocks of several machines are never quite the same.
    pub const TOLERATED: Duration = Duration::from_mins(1);

    pub(crate) fn new(newest: Time, now: Time) -> Self {
        Self { newest, now }
    }

    /// By how much; nothing where it is not ahead.
    pub fn by(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.newest.millis() - self.now.millis()).unwrap_or(0))
    }

    /// The sentence to warn with, where it is more than is tolerated: what is wrong, what follows, and what helps.
    pub fn warning(&self) -> Option<String> {
        (self.by() > Self::TOLERATED).then(|| self.to_string())
    }
}

impl fmt::Display for Ahead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (newest, now, by) = (self.newest, self.now, rounded(self.by()));
        write!(
            f,
            "the newest stored time, {newest}, is {by} ahead of the clock, {now}. If this clock is slow, set it. If \
             another was fast when that was stored, set that one; nothing is lost, but what is done bears that time \
             until the clock has passed it, and the best sellers are counted back from it. To be rid of it sooner, \
             restore a backup made before"
        )
    }
}

/// In the largest unit of which there are two.
fn rounded(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let units = [("days", 86_400), ("hours", 3_600), ("minutes", 60)];
    let (name, length) =
        units.into_iter().find(|(_, length)| seconds >= 2 * length).unwrap_or(("seconds", 1));
    format!("{} {name}", seconds / length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_a_minute_is_told_with_the_remedy() {
        const NOW: i64 = 1_800_000_000_000;
        let ahead = |millis: i64| Ahead::new(Time::from_millis(NOW + millis), Time::from_millis(NOW));
        for (millis, seconds) in [(-5_000, 0), (0, 0), (59_999, 59), (60_000, 60)] {
            assert_eq!((ahead(millis).by().as_secs(), ahead(millis).warning()), (seconds, None));
        }
        for (millis, by) in [
            (60_001, "60 seconds"),
            (120_000, "2 minutes"),
            (7_200_000, "2 hours"),
            (86_400_000, "24 hours"),
            (400 * 86_400_000, "400 days"),
        ] {
            let told = ahead(millis).warning().unwrap();
            assert!(told.contains(&format!("is {by} ahead")) && told.contains("restore a backup"), "{told}");
        }
    }
}
