// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reads numbers as C does: `strtol` and what `ipvsadm` makes of it.

/// Returns whether `isspace` takes it for a blank.
pub(super) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t'..='\r')
}

/// Does what `strtol` does in base 10: the number, and what stands behind it. `None` if it does not
/// fit a `long`. Text without a number is 0 with all of the text behind it.
pub(super) fn leading_number(text: &str) -> Option<(i64, &str)> {
    let trimmed = text.trim_start_matches(is_blank);
    let unsigned = trimmed.strip_prefix(['+', '-']).unwrap_or(trimmed);
    let digits = unsigned.len() - unsigned.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    if digits == 0 {
        return Some((0, text));
    }
    let (number, rest) = trimmed.split_at(trimmed.len() - unsigned.len() + digits);
    Some((number.parse().ok()?, rest))
}

/// Reads a number between `least` and `most`. Blanks and a sign in front are fine; no text at all
/// and anything behind the number are not.
pub(super) fn strict(text: &str, least: i64, most: i64) -> Option<i64> {
    let (number, rest) = leading_number(text)?;
    (!text.is_empty() && rest.is_empty() && (least..=most).contains(&number)).then_some(number)
}

/// Does what `atoi` does: the number in front, whatever follows.
pub(super) fn atoi(text: &str) -> i64 {
    leading_number(text).map_or(-1, |(number, _)| i64::from(number as i32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strict_numbers_are_those_of_strtol() {
        for (text, number) in [
            ("5", Some(5)),
            ("+5", Some(5)),
            (" 5", Some(5)),
            ("\t\n\u{b}\u{c}\r5", Some(5)),
            ("", None),
            ("0005", Some(5)),
            ("100", Some(100)),
            ("101", None),
            ("5 ", None),
            ("1x", None),
            ("0x10", None),
            ("-1", None),
            ("+", None),
            ("- 5", None),
            (" ", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(strict(text, 0, 100), number, "{text:?}");
        }
    }

    #[test]
    fn atoi_reads_the_front() {
        assert_eq!((atoi("64abc"), atoi("abc"), atoi("-3"), atoi("")), (64, 0, -3, 0));
        assert_eq!(atoi("4294967360"), 64);
    }
}
