// SPDX-License-Identifier: MIT OR Apache-2.0
//! Numbers on a command line.

use std::ops::RangeInclusive;

/// Why a text is not the number that is wanted, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadNumber(String);

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
        return Err(BadNumber(format!("`{text}` is not a {what}: use {least} to {most}")));
    }
    text.parse()
        .ok()
        .filter(|number| (least..=most).contains(number))
        .and_then(|number| N::try_from(number).ok())
        .ok_or_else(|| BadNumber(format!("{what} {text} is out of range: use {least} to {most}")))
}

#[cfg(test)]
mod tests {
    use super::*;

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
    }
}
