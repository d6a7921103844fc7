// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writes words as a POSIX shell reads them back.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use crate::text::is_harmful;

/// What no shell reads as anything but itself, behind the name of a command.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_@%+=:,./-".contains(&byte)
}

/// Returns the words as a shell reads them back, as [`quoted_word`] does each.
#[must_use]
pub fn quoted_words<W: AsRef<OsStr>>(words: impl IntoIterator<Item = W>) -> String {
    words.into_iter().map(quoted_word).collect::<Vec<_>>().join(" ")
}

/// Returns the word as a shell reads it back, but for line ends at its end. What is no text, or
/// would do something to a terminal, stands there by its number, for which POSIX has printf(1)
/// only.
#[must_use]
pub fn quoted_word(word: impl AsRef<OsStr>) -> String {
    let bytes = word.as_ref().as_bytes();
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.is_empty() && bytes.iter().copied().all(is_plain) => text.to_owned(),
        Ok(text) if !text.contains(is_harmful) => format!("'{}'", text.replace('\'', r"'\''")),
        _ => {
            // A hyphen might begin an option of printf.
            let octal = |byte: &u8| match is_plain(*byte) && !b"%-".contains(byte) {
                true => char::from(*byte).to_string(),
                false => format!("\\{byte:03o}"),
            };
            format!("\"$(printf '{}')\"", bytes.iter().map(octal).collect::<String>())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt as _;
    use std::process::Command;

    use super::*;

    #[test]
    fn words_are_quoted_for_a_shell() {
        for (word, quoted) in [
            ("-t", "-t"),
            ("--netns=blue", "--netns=blue"),
            ("[2001:db8::1]:80", "'[2001:db8::1]:80'"),
            ("a b", "'a b'"),
            ("it's", r"'it'\''s'"),
            ("$HOME;*`", "'$HOME;*`'"),
            ("q\"\\", "'q\"\\'"),
            ("grün", "'grün'"),
            ("", "''"),
            ("e\u{1b}'%", r#""$(printf 'e\033\047\045')""#),
            ("\u{202e}", r#""$(printf '\342\200\256')""#),
        ] {
            assert_eq!(quoted_word(word), quoted, "{word:?}");
        }
        assert_eq!(quoted_words(["-t", "a b"]), "-t 'a b'");
        let word = OsString::from_vec(vec![b'a', 0xff]);
        assert_eq!(quoted_word(word), r#""$(printf 'a\377')""#);
    }

    #[test]
    fn a_shell_reads_the_bytes_again() {
        for byte in 1..=u8::MAX {
            for bytes in [vec![byte, b'a'], vec![b'-', byte, b'\'', 0xff]] {
                let word = OsString::from_vec(bytes.clone());
                let script = format!("printf '%s ' {}", quoted_word(&word));
                assert!(!script.contains(is_harmful), "{script:?}");
                let said = Command::new("sh").args(["-c", &script]).output().unwrap();
                assert_eq!(said.stdout, [&bytes[..], b" "].concat(), "{script}");
            }
        }
    }
}
