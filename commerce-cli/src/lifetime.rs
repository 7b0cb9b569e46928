//! The end of a token's validity, as it is given on the command line.

use commerce_core::{Time, ValueError};

/// Reads a length of time from `now` on (`30d`, `12h`, `90m`), a date, which is a part of the validity, or a time. The end
/// must be in the future.
///
/// # Errors
/// [`ValueError`] for anything else.
pub fn parse_end(text: &str, now: Time) -> Result<Time, ValueError> {
    let end = match length(text) {
        Some(millis) => Time::from_millis(now.millis().saturating_add(millis)),
        None => Time::parse_to(text).map_err(|_| {
            ValueError::new(format!(
                "must be a length of time such as 30d, 12h or 90m, a date such as 2026-12-31, or an RFC 3339 time, got {text:?}"
            ))
        })?,
    };
    if end <= now {
        return Err(ValueError::new(format!("must be in the future, got {end}")));
    }
    Ok(end)
}

/// A length in days, hours or minutes, in milliseconds.
fn length(text: &str) -> Option<i64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let minutes: i64 = match unit {
        "d" => 24 * 60,
        "h" => 60,
        "m" => 1,
        _ => return None,
    };
    let number: u32 = number.bytes().all(|c| c.is_ascii_digit()).then(|| number.parse().ok())??;
    Some(i64::from(number).saturating_mul(minutes * 60_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_a_length_a_date_or_a_time_in_the_future() {
        let now: Time = "2026-01-31T09:00:00Z".parse().unwrap();
        for (text, end) in [
            ("30d", "2026-03-02T09:00:00.000Z"),
            ("12h", "2026-01-31T21:00:00.000Z"),
            ("90m", "2026-01-31T10:30:00.000Z"),
            ("2026-01-31", "2026-01-31T23:59:59.999Z"),
            ("2026-02-01T00:00:00+09:00", "2026-01-31T15:00:00.000Z"),
        ] {
            assert_eq!(parse_end(text, now).unwrap().to_string(), end, "{text}");
        }
        for bad in ["", "d", "30", "-1d", "+1d", "1.5h", "1w", "0d", "2026-01-30", "tomorrow", "일"] {
            assert!(parse_end(bad, now).is_err(), "{bad}");
        }
        assert_eq!(parse_end("4294967295d", now).unwrap().to_string(), "9999-12-31T23:59:59.999Z");
    }
}
