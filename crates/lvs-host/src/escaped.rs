// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writes names that need not be UTF-8 as text.
//!
//! The kernel takes any bytes for the name of an interface but blanks, `/` and `:`
//! (`dev_valid_name` in net/core/dev.c), and so do file systems. A byte that is no UTF-8 is
//! written `\xHH`, as in the shell's `$'…'`. Nothing is lost: a backslash that would be read
//! as the start of such a byte is written `\x5c`.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

/// Returns the text for a name.
#[must_use]
pub fn text(name: &[u8]) -> String {
    let mut text = String::with_capacity(name.len());
    for chunk in name.utf8_chunks() {
        let valid = chunk.valid();
        for (at, c) in valid.char_indices() {
            match c {
                '\\' if byte(&valid.as_bytes()[at..]).is_some() => text.push_str("\\x5c"),
                c => text.push(c),
            }
        }
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

/// Returns the name that [`text`] was made of.
#[must_use]
pub fn bytes(text: &str) -> Vec<u8> {
    let mut name = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        match byte(rest) {
            Some(byte) => {
                name.push(byte);
                rest = rest.get(4..).unwrap_or_default();
            }
            None => {
                name.push(*first);
                rest = others;
            }
        }
    }
    name
}

/// Returns the part of a path that [`text`] was made of.
#[must_use]
pub fn os_string(text: &str) -> OsString {
    OsString::from_vec(bytes(text))
}

/// The byte that an escape at the start of `text` stands for. None stands for ASCII but the
/// backslash: no name gets a `/` or a NUL that its text does not show.
fn byte(text: &[u8]) -> Option<u8> {
    let [b'\\', b'x', high, low, ..] = *text else { return None };
    let digit = |c: u8| char::from(c).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let byte = digit(high)? << 4 | digit(low)?;
    (byte >= 0x80 || byte == b'\\').then_some(byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_in_utf8_is_its_own_text() {
        for name in ["eth0.100", "grün", "q\"\\", "a\\x41", "\u{202e}", "\\x", "\\x8"] {
            assert_eq!(text(name.as_bytes()), name);
        }
        assert_eq!(text(b"gr\xfcn"), "gr\\xfcn");
        assert_eq!(text(b"a\\xfc"), "a\\x5cxfc");
        assert_eq!(bytes("a\\x2fb\\x00"), b"a\\x2fb\\x00", "no escape makes ASCII");
    }

    proptest! {
        #[test]
        fn nothing_is_lost(name in prop::collection::vec(
            prop_oneof![Just(b'\\'), Just(b'x'), Just(b'5'), Just(b'c'), any::<u8>()], 0..20
        )) {
            prop_assert_eq!(bytes(&text(&name)), name);
        }
    }
}
