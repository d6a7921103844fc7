// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads times as people write them: `90`, `90s`, `5m`, `1h30m`.

use std::ops::RangeInclusive;

use crate::number::{BadNumber, with_article};

/// The units, each with its seconds, the largest first.
const UNITS: [(u8, u64); 4] = [(b'd', 24 * 60 * 60), (b'h', 60 * 60), (b'm', 60), (b's', 1)];

/// Reads a time of so many seconds, as a number of them or with units, in capitals or not; `what`
/// is what it is, such as "timeout".
///
/// # Errors
/// Says what may be written, and of a time out of range that it is that.
pub fn seconds<N>(text: &str, what: &str, range: RangeInclusive<N>) -> Result<N, BadNumber>
where
    N: Copy + Into<u32> + TryFrom<u32>,
{
    let (least, most): (u32, u32) = ((*range.start()).into(), (*range.end()).into());
    let is_in_range = |seconds: &u32| (least..=most).contains(seconds);
    match read(text) {
        Some(seconds) => u32::try_from(seconds)
            .ok()
            .filter(is_in_range)
            .and_then(|seconds| N::try_from(seconds).ok())
            .ok_or_else(|| format!("{what} {text} is out of range: use {least} to {most} seconds")),
        None => Err(format!(
            "`{text}` is not {}: use {least} to {most} seconds, as in 90, 5m or 1h30m",
            with_article(what)
        )),
    }
    .map_err(BadNumber::new)
}

/// Returns the seconds; of what is too much for any range, the most there are, and of what is below
/// zero as well. `None` if it is no time.
fn read(text: &str) -> Option<u64> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits(text.strip_prefix('-').unwrap_or(text)) {
        return Some(text.parse().unwrap_or(u64::MAX));
    }
    let (mut rest, mut all) = (text, 0_u64);
    // A unit stands behind larger ones only, and once.
    let mut units = UNITS.iter();
    while !rest.is_empty() {
        let end = rest.bytes().position(|byte| !byte.is_ascii_digit())?;
        let (number, behind) = rest.split_at_checked(end)?;
        let letter = behind.bytes().next()?.to_ascii_lowercase();
        let (_, each) = units.find(|(unit, _)| *unit == letter).filter(|_| digits(number))?;
        let number = number.parse().unwrap_or(u64::MAX);
        all = all.saturating_add(each.saturating_mul(number));
        rest = behind.get(1..)?;
    }
    (!text.is_empty()).then_some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units_or_are_seconds() {
        for (text, expected) in [
            ("0", 0),
            ("090", 90),
            ("90s", 90),
            ("5m", 300),
            ("5M", 300),
            ("1h", 3600),
            ("1H30m", 5400),
            ("1d2h3m4s", 93_784),
            ("1d4s", 86_404),
            ("90m", 5400),
            ("4294967295", u32::MAX),
        ] {
            assert_eq!(seconds(text, "time", 0..=u32::MAX), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_or_none_of_these_is_refused() {
        let read = |text| seconds(text, "timeout", 1..=3600_u16).map_err(|bad| bad.to_string());
        for text in [
            "", "-", "m", "5 m", "1.5h", "1h30", "30m1h", "1m1m", "5min", "+5", "0x10", "-5m",
            "5é", "\u{663}m",
        ] {
            let expected =
                format!("`{text}` is not a timeout: use 1 to 3600 seconds, as in 90, 5m or 1h30m");
            assert_eq!(read(text), Err(expected));
        }
        for text in ["0", "-1", "3601", "61m", "1h1s", "99999999999999999999d", "70000"] {
            let expected = format!("timeout {text} is out of range: use 1 to 3600 seconds");
            assert_eq!(read(text), Err(expected));
        }
        assert_eq!(read("1h"), Ok(3600));
    }
}
