// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads numbers of a command line, and counts things in words.

use std::fmt::Display;
use std::ops::RangeInclusive;

/// Says why a text is not the number that is wanted, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadNumber(String);

impl BadNumber {
    pub(crate) fn new(why: String) -> Self {
        Self(why)
    }
}

/// Reads a decimal number within `range`; `what` is what it is, such as "tunnel port". Signs,
/// blanks and hexadecimal are refused: they hide typing errors.
///
/// # Errors
/// Says which numbers may be written, and of one out of range that it is that.
pub fn number<N>(text: &str, what: &str, range: RangeInclusive<N>) -> Result<N, BadNumber>
where
    N: Copy + Into<u32> + TryFrom<u32>,
{
    let (least, most): (u32, u32) = ((*range.start()).into(), (*range.end()).into());
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let what = with_article(what);
        return Err(BadNumber(format!("`{text}` is not {what}: use {least} to {most}")));
    }
    text.parse()
        .ok()
        .filter(|number| (least..=most).contains(number))
        .and_then(|number| N::try_from(number).ok())
        .ok_or_else(|| BadNumber(format!("{what} {text} is out of range: use {least} to {most}")))
}

/// Returns the word as in "a port" and "an interval".
pub(crate) fn with_article(what: &str) -> String {
    let article = if what.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {what}")
}

/// Returns how many there are of what is called `one`, as in "1 change", "2 changes" and
/// "3 addresses".
#[must_use]
pub fn count<N: Display + PartialEq + From<u8>>(number: N, one: &str) -> String {
    let plural = match one {
        _ if number == N::from(1) => "",
        one if one.ends_with('s') => "es",
        _ => "s",
    };
    format!("{number} {one}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_is_not_many() {
        for (number, change, address) in [
            (0_u64, "0 changes", "0 addresses"),
            (1, "1 change", "1 address"),
            (2, "2 changes", "2 addresses"),
        ] {
            assert_eq!([count(number, "change"), count(number, "address")], [change, address]);
        }
    }

    #[test]
    fn a_number_is_digits_within_its_range() {
        let port = |text| number(text, "port", 1..=u16::MAX).map_err(|bad| bad.to_string());
        for (text, number) in [("1", 1), ("65535", 65535), ("080", 80)] {
            assert_eq!(port(text), Ok(number));
        }
        for text in ["0", "-1", "65536", "99999999999999999999"] {
            assert_eq!(port(text), Err(format!("port {text} is out of range: use 1 to 65535")));
        }
        for text in ["", "-", "+1", " 1", "0x10", "http", "\u{663}"] {
            assert_eq!(port(text), Err(format!("`{text}` is not a port: use 1 to 65535")));
        }
        let bad = number("x", "upper threshold", 0..=9_u32).map_err(|bad| bad.to_string());
        assert_eq!(bad, Err("`x` is not an upper threshold: use 0 to 9".to_owned()));
    }
}
