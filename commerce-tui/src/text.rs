//! Text for the screen: fitted by its display width and escaped; amounts, counts and times as people read them.

use commerce_core::{Currency, Time, escape};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Escapes the text, and cuts it to `width` columns with an ellipsis if it is longer.
pub fn fit(text: &str, width: usize) -> String {
    let text = escape(text);
    if text.width() <= width {
        return text;
    }
    let mut cut = String::new();
    let mut used = 0;
    for c in text.chars() {
        let columns = c.width().unwrap_or(0);
        if used + columns > width.saturating_sub(1) {
            break;
        }
        cut.push(c);
        used += columns;
    }
    if width > 0 {
        cut.push('…');
    }
    cut
}

/// Fits the text and pads it on the right.
pub fn align_left(text: &str, width: usize) -> String {
    let text = fit(text, width);
    let gap = width.saturating_sub(text.width());
    text + &" ".repeat(gap)
}

/// Fits the text and pads it on the left.
pub fn align_right(text: &str, width: usize) -> String {
    let text = fit(text, width);
    " ".repeat(width.saturating_sub(text.width())) + &text
}

/// An amount in minor units as people read it, with commas between thousands: `125,000.05`.
pub fn money(currency: Currency, minor: i64) -> String {
    let shown = currency.format_amount(minor);
    let (sign, shown) = shown.strip_prefix('-').map_or(("", shown.as_str()), |rest| ("-", rest));
    let (whole, part) = shown.split_once('.').unwrap_or((shown, ""));
    let point = if part.is_empty() { "" } else { "." };
    format!("{sign}{}{point}{part}", group_thousands(whole))
}

/// A count with commas between thousands: `12,345`.
pub fn count(number: i64) -> String {
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{}", group_thousands(&number.unsigned_abs().to_string()))
}

/// Date and time in UTC: `2026-01-31 09:00:00`.
pub fn date_time(time: Time) -> String {
    let text = time.to_string();
    text.get(..19).unwrap_or(&text).replace('T', " ")
}

/// The time of day in UTC: `09:00:00`.
pub fn time_of_day(time: Time) -> String {
    time.to_string().get(11..19).unwrap_or_default().to_owned()
}

/// How long ago a time was, in its largest unit: `59 min`.
pub fn age(time: Time, now: Time) -> String {
    let seconds = (now.millis() - time.millis()).max(0) / 1_000;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

fn group_thousands(digits: &str) -> String {
    let first = digits.len() % 3;
    let mut groups = Vec::new();
    if first > 0 {
        groups.push(&digits[..first]);
    }
    groups.extend((first..digits.len()).step_by(3).map(|start| &digits[start..start + 3]));
    groups.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_fitted_by_display_width() {
        assert_eq!(fit("머그컵 Mug", 7), "머그컵…");
        assert_eq!(align_left("머그", 6), "머그  ");
        assert_eq!(align_right("☕", 4), "  ☕");
        assert_eq!(fit("a\u{1b}[31mb", 40), "a\\u{1b}[31mb");
        assert_eq!(fit("abc", 0), "");
    }

    #[test]
    fn commas_separate_thousands() {
        let (won, dollar) = (Currency::try_from("KRW").unwrap(), Currency::try_from("USD").unwrap());
        assert_eq!(money(won, 1_250_000), "1,250,000");
        assert_eq!(money(dollar, -12_500_005), "-125,000.05");
        assert_eq!(money(dollar, 5), "0.05");
        assert_eq!(
            (count(999), count(1_000), count(-12_345)),
            ("999".into(), "1,000".into(), "-12,345".into())
        );
    }

    #[test]
    fn ages_have_one_unit() {
        let at = |seconds: i64| Time::from_millis(seconds * 1_000);
        assert_eq!(age(at(0), at(59)), "59 s");
        assert_eq!(age(at(0), at(3_599)), "59 min");
        assert_eq!(age(at(0), at(90_000)), "25 h");
        assert_eq!(age(at(10), at(0)), "0 s");
        assert_eq!(date_time(Time::try_from("2026-01-31T09:00:00Z").unwrap()), "2026-01-31 09:00:00");
    }
}
