//! An instance on a server decides by the server's time. Its own clock can still be wrong, and someone should set it.

use std::fmt;
use std::time::Duration;

use crate::clock_skew::rounded;
use crate::time::Time;

/// How far the clock of this instance is from the clock of its server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockOffset {
    millis: i64,
    uncertainty: Duration,
}

/// Two measurements agree up to this: each is rounded to milliseconds, and clocks are adjusted slowly.
const AGREEMENT: Duration = Duration::from_millis(20);

impl ClockOffset {
    /// The offset that gives no warning.
    pub const TOLERATED: Duration = Duration::from_secs(1);

    /// The offset when this instance's clock showed `sent` and `received` at the ends of the round trip in which the
    /// server told `told`.
    #[cfg_attr(not(any(feature = "libsql", test)), expect(dead_code, reason = "only a server tells a time"))]
    pub(crate) fn measured(sent: Time, told: Time, received: Time) -> Self {
        let (sent, received) = (sent.min(received).millis(), sent.max(received).millis());
        let uncertainty = Duration::from_millis((received - sent).unsigned_abs().div_ceil(2));
        Self { millis: sent.midpoint(received) - told.millis(), uncertainty }
    }

    /// Whether both can be true at once. If not, a clock was set between the measurements.
    #[cfg_attr(not(any(feature = "libsql", test)), expect(dead_code, reason = "only a server tells a time"))]
    pub(crate) fn agrees_with(self, other: Self) -> bool {
        let apart = Duration::from_millis(self.millis.abs_diff(other.millis));
        apart <= self.uncertainty + other.uncertainty + AGREEMENT
    }

    /// The offset in milliseconds. It is positive when this instance's clock is ahead.
    pub fn millis(&self) -> i64 {
        self.millis
    }

    /// The offset in seconds. It is positive when this instance's clock is ahead.
    pub fn seconds(&self) -> f64 {
        self.millis as f64 / 1e3
    }

    /// How much the true offset may differ: half of the round trip in which it was measured.
    pub fn uncertainty(&self) -> Duration {
        self.uncertainty
    }

    /// A warning when the offset certainly exceeds [`ClockOffset::TOLERATED`].
    pub fn warning(&self) -> Option<String> {
        let least = Duration::from_millis(self.millis.unsigned_abs()).saturating_sub(self.uncertainty);
        (least > Self::TOLERATED).then(|| self.to_string())
    }
}

impl fmt::Display for ClockOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (by, direction) = (
            rounded(Duration::from_millis(self.millis.unsigned_abs())),
            if self.millis < 0 { "behind" } else { "ahead of" },
        );
        write!(
            f,
            "the clock of this machine is {by} {direction} the server's, by which the store goes. Set the one that is \
             wrong: records carry the server's time, and logs that of this machine"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_that_certainly_exceeds_a_second_is_warned_of() {
        const TOLD: i64 = 1_800_000_000_000;
        // What this clock showed when the question was sent and when the answer came, from what the server told.
        for (sent, received, millis, uncertainty, text) in [
            (0, 0, 0, 0, None),
            (-5, 5, 0, 5, None),
            (1_000, 1_000, 1_000, 0, None),
            (1_001, 1_001, 1_001, 0, Some("is 1 second ahead of")),
            (-1_001, -1_001, -1_001, 0, Some("is 1 second behind")),
            // The server may have told its time at either end of a slow round trip.
            (0, 9_000, 4_500, 4_500, None),
            (-9_000, 0, -4_500, 4_500, None),
            (1_000, 9_000, 5_000, 4_000, None),
            (1_002, 9_000, 5_001, 3_999, Some("is 5 seconds ahead of")),
            (172_800_000, 172_800_010, 172_800_005, 5, Some("is 2 days ahead of")),
            (-172_800_010, -172_800_000, -172_800_005, 5, Some("is 2 days behind")),
            // This clock was set back meanwhile.
            (5, -5, 0, 5, None),
        ] {
            let time = |millis| Time::from_millis(TOLD + millis);
            let offset = ClockOffset::measured(time(sent), time(0), time(received));
            let found = (offset.millis(), offset.uncertainty().as_millis());
            assert_eq!(found, (millis, uncertainty), "{sent} to {received}");
            assert!(offset.agrees_with(offset));
            match (offset.warning(), text) {
                (None, None) => {}
                (Some(warning), Some(text)) => assert!(warning.contains(text), "{warning}"),
                (warning, _) => panic!("{sent} to {received}: {warning:?}"),
            }
        }
    }

    #[test]
    fn offsets_agree_while_no_clock_is_set() {
        let offset =
            |millis, uncertainty| ClockOffset { millis, uncertainty: Duration::from_millis(uncertainty) };
        for (one, other, agree) in [
            (offset(0, 0), offset(0, 0), true),
            (offset(0, 0), offset(20, 0), true),
            (offset(0, 0), offset(21, 0), false),
            (offset(-500, 300), offset(500, 680), true),
            (offset(-500, 300), offset(500, 679), false),
        ] {
            assert_eq!((one.agrees_with(other), other.agrees_with(one)), (agree, agree), "{one:?} {other:?}");
        }
    }
}
