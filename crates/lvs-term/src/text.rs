// SPDX-License-Identifier: MIT OR Apache-2.0
//! Decides what of a text may reach a terminal: the one rule, and the forms that keep it.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::io;

/// Returns whether a terminal would do something else with the character than show it:
/// controls, line ends of Unicode's, and format characters (Unicode's categories Cc, Zl, Zp and
/// Cf), which move the cursor, turn the direction of the text around, or are not to be seen.
#[must_use]
pub fn is_harmful(c: char) -> bool {
    match c {
        ' '..='~' => false,
        _ if c.is_control() => true,
        // Unicode 16, DerivedGeneralCategory.txt.
        '\u{ad}'
        | '\u{600}'..='\u{605}'
        | '\u{61c}'
        | '\u{6dd}'
        | '\u{70f}'
        | '\u{890}'..='\u{891}'
        | '\u{8e2}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{110bd}'
        | '\u{110cd}'
        | '\u{13430}'..='\u{1343f}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0001}'
        | '\u{e0020}'..='\u{e007f}' => true,
        _ => false,
    }
}

/// Returns whether nothing of the text has to be escaped. Nearly all texts are plain ASCII, and
/// are told by their bytes.
pub(crate) fn is_printable(text: &str) -> bool {
    let is_plain = text.bytes().fold(true, |all, byte| all & (b' '..=b'~').contains(&byte));
    is_plain || !text.contains(is_harmful)
}

/// Returns the text on one line, with what a terminal would act on by its number: `\n`,
/// `\u{1b}`, `\u{202e}`.
#[must_use]
pub fn printable(text: &str) -> String {
    if is_printable(text) {
        return text.to_owned();
    }
    let mut line = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_harmful(c) { line.extend(c.escape_default()) } else { line.push(c) }
    }
    line
}

/// Returns the text as [`printable`] does, except that its line ends stay.
#[must_use]
pub fn printable_lines<'a>(text: impl Into<Cow<'a, str>>) -> Cow<'a, str> {
    let text = text.into();
    let is_plain = |byte: u8| byte == b'\n' || (b' '..=b'~').contains(&byte);
    if text.bytes().fold(true, |all, byte| all & is_plain(byte)) {
        return text;
    }
    Cow::Owned(text.split('\n').map(printable).collect::<Vec<_>>().join("\n"))
}

/// Returns the text with all but the visible characters of ASCII by their number: for names
/// that strangers give, of which those of other scripts look alike, or are as wide as two.
#[must_use]
pub fn printable_ascii(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_graphic() { shown.push(c) } else { shown.extend(c.escape_unicode()) }
    }
    shown
}

/// Returns the same JSON without what a terminal would act on: inside its strings, where alone
/// that can be, each such character is written by its number, `\u001b`.
#[must_use]
pub fn printable_json(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        // A line's end stands between values only.
        if c != '\n' && is_harmful(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(c);
        }
    }
    safe
}

/// The most characters of a text about what was typed or read, and how many of them are kept
/// of its end, where the reason stands.
const LONGEST: usize = 1000;
const END: usize = 300;

/// Returns the text without its middle, if it has more than 1000 characters: what was typed, or
/// stands in a file, may be of any length.
#[must_use]
pub fn shortened(text: &str) -> String {
    // No text has more characters than bytes.
    let length = if text.len() > LONGEST { text.chars().count() } else { 0 };
    if length <= LONGEST {
        return text.to_owned();
    }
    let start: String = text.chars().take(LONGEST - END).collect();
    let end: String = text.chars().skip(length - END).collect();
    format!("{start} [...] {end}")
}

/// Returns what was typed or read as a line: [`shortened`] and [`printable`].
#[must_use]
pub fn one_line(text: &str) -> String {
    printable(&shortened(text))
}

/// Returns the first ones in a line, and how many more there are than `most`.
#[must_use]
pub fn few<T: fmt::Display>(all: impl IntoIterator<Item = T>, most: usize) -> String {
    let mut all = all.into_iter();
    let first: Vec<String> = all.by_ref().take(most).map(|it| it.to_string()).collect();
    match all.count() {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

/// Returns what the system says of an error as all our errors are written: without a capital
/// letter, and without the number.
#[must_use]
pub fn system_error(error: &io::Error) -> String {
    let text = error.to_string();
    let mut chars = text.split(" (os error").next().unwrap_or_default().chars();
    match (error.raw_os_error(), chars.next()) {
        (Some(_), Some(first)) => first.to_lowercase().chain(chars).collect(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_acts_on_is_harmful() {
        for c in "\0\n\t\x1b\x7f\u{80}\u{9b}\u{9f}\u{ad}\u{61c}\u{200b}\u{200d}\u{200e}\u{200f}\
                  \u{2028}\u{2029}\u{202a}\u{202e}\u{2060}\u{2066}\u{2069}\u{206a}\u{feff}\u{e0041}"
            .chars()
        {
            assert!(is_harmful(c), "{c:?}");
        }
        for c in
            " ~\u{a0}\u{e9}\u{301}\u{61b}\u{2010}\u{2027}\u{202f}\u{2065}\u{65e5}\u{1f600}".chars()
        {
            assert!(!is_harmful(c), "{c:?}");
        }
    }

    /// The log of rs-agent quotes by `Debug`, which must not let through what is harmful.
    #[test]
    fn debug_lets_nothing_harmful_through() {
        for c in (char::MIN..=char::MAX).filter(|c| is_harmful(*c)) {
            let shown = format!("{:?}", format!("a{c}b"));
            assert!(!shown.contains(c), "{shown}");
        }
    }

    #[test]
    fn a_text_stays_on_its_line() {
        for (text, shown) in [
            ("a `b\n\x1b[31m` c: é", "a `b\\n\\u{1b}[31m` c: é"),
            ("\u{9b}2J \u{202e}gpj\u{61c}", "\\u{9b}2J \\u{202e}gpj\\u{61c}"),
            ("grün \u{1f600}\t", "grün \u{1f600}\\t"),
            ("", ""),
        ] {
            assert_eq!((printable(text), one_line(text)), (shown.to_owned(), shown.to_owned()));
        }
        assert_eq!(printable_lines("a\n\x1b[31m\r\n"), "a\n\\u{1b}[31m\\r\n");
        assert_eq!(
            printable_ascii("a\x1b[31m\n\u{202e}b ü"),
            r"a\u{1b}[31m\u{a}\u{202e}b\u{20}\u{fc}"
        );
        assert_eq!(printable_ascii("web-1.example_x"), "web-1.example_x");
    }

    #[test]
    fn json_is_the_same_json() {
        let value = serde_json::json!({"e\u{1b}[1m\u{202e}": ["\u{9b}2J\u{7f}", "\u{e0041}", "ü"]});
        for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            let shown = printable_json(&text);
            assert!(!shown.contains(|c| c != '\n' && is_harmful(c)), "{shown:?}");
            assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
        }
    }

    #[test]
    fn what_is_endless_is_cut_and_keeps_its_reason() {
        let line = one_line(&format!("`{}` is not an IP address", "\u{e9}".repeat(1_000_000)));
        assert!(line.starts_with("`\u{e9}") && line.ends_with("` is not an IP address"));
        assert_eq!(line.chars().count(), LONGEST + 7);
        for long in ["x".repeat(LONGEST), "\u{e9}".repeat(LONGEST)] {
            assert_eq!(one_line(&long), long);
        }
    }

    #[test]
    fn of_many_the_first_are_told() {
        for (many, told) in [(0, ""), (1, "1"), (3, "1, 2, 3"), (5, "1, 2, 3 and 2 more")] {
            assert_eq!(few(1..=many, 3), told);
        }
    }

    #[test]
    fn the_systems_errors_are_in_our_words() {
        let error = io::Error::from_raw_os_error(2);
        assert_eq!(system_error(&error), "no such file or directory");
        assert_eq!(system_error(&io::Error::other("Own words")), "Own words");
    }
}
