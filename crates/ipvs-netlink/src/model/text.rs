// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the readers of words and numbers have in common.

use std::str::FromStr;

use super::Invalid;

/// Reads digits and nothing else: the standard library's numbers may have a sign, which
/// would be a second way to write them.
pub(super) fn number<N: FromStr>(text: &str) -> Option<N> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}

/// That text is not what it should be.
pub(super) fn unread(what: &'static str, text: &str, expected: &'static str) -> Invalid {
    Invalid::Text { what, text: text.to_owned(), expected }
}
