// SPDX-License-Identifier: MIT OR Apache-2.0

//! Judges the bytes of a file, and puts the parser's complaints into words.

use saphyr_parser::ScanError;

use super::problem::{Found, Place, lines};

/// A file has this many bytes at most.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;

/// Returns the text of a file, if it is one that YAML can be in.
pub(super) fn text<'a>(bytes: &'a [u8], found: &mut Found) -> Option<&'a str> {
    if bytes.len() > MAX_BYTES {
        found.problem(Place::START, format!("the file has more than {MAX_BYTES} bytes"));
        return None;
    }
    if let [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..] = bytes {
        found.hinted(
            Place::START,
            "the file is UTF-16, not UTF-8",
            "`iconv -f UTF-16 -t UTF-8` makes it UTF-8",
        );
        return None;
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
        Err(error) => {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let before = std::str::from_utf8(before).unwrap_or_default();
            found.problem(Place::behind(before), "not UTF-8");
            return None;
        }
    };
    let control = |byte: &u8| (*byte < b' ' && !b"\t\r\n".contains(byte)) || *byte == 0x7f;
    if let Some(place) = text.bytes().position(|byte| control(&byte)) {
        let (before, rest) = text.split_at(place);
        let code = rest.bytes().next().unwrap_or_default();
        let message = format!("the control character U+{code:04X} is in the file");
        found.hinted(Place::behind(before), message, "the file is damaged, or no text");
        return None;
    }
    // What stands behind `%` would not be read, and its author thinks that it is.
    let mut lines = lines(text).enumerate().map(|(place, line)| (place, line.trim_start()));
    let first = lines.find(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    if let Some((place, line)) = first.filter(|(_, line)| line.starts_with('%')) {
        let message = format!("the directive `{line}` means nothing here");
        found.hinted(Place::new(place + 1, 1), message, "leave it out");
        return None;
    }
    Some(text)
}

/// Brackets that belong together, and what is in them, have this many parts at most. The parser
/// holds all of them before it gives the first one.
const MAX_PARTS: usize = 500_000;

/// Notes brackets with more in them than the parser can hold.
///
/// Quotes and comments are not looked at: who has more brackets in those has a file that we need
/// not read.
pub(super) fn has_long_brackets(text: &str, found: &mut Found) -> bool {
    let (mut depth, mut start, mut parts) = (0_usize, 0, 0);
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            b'[' | b'{' => {
                if depth == 0 {
                    (start, parts) = (place, 0);
                }
                depth += 1;
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' | b':' | b'"' | b'\'' | b'\n' | b'?' | b'-' | b'&' | b'*' | b'!' => {}
            _ => continue,
        }
        parts += 1;
        if depth > 0 && parts > MAX_PARTS {
            let at = Place::behind(text.get(..start).unwrap_or_default());
            let message = format!("more than {MAX_PARTS} values are in these brackets");
            found.hinted(at, message, "write it in lines with `- `, or all of the file as JSON");
            return true;
        }
    }
    false
}

/// What the parser says, what that means, and what helps.
const WORDS: &[(&str, &str, &str)] = &[
    (
        "mapping values are not allowed",
        "a `: ` stands where no mapping can begin",
        "indent the keys of a mapping alike; text with `: ` in it needs quotes",
    ),
    (
        "did not find expected '-' indicator",
        "this is no item of the list above",
        "indent what belongs together alike, and begin each item with `- `",
    ),
    (
        "did not find expected key",
        "this is no key of the mapping above",
        "indent what belongs together alike, and write `KEY: VALUE`",
    ),
    ("invalid indentation", "the line is not indented as far as it should be", ALIKE),
    ("simple key expect ':'", "a key has no `:` behind it", "write `KEY: VALUE`"),
    ("block sequence entries are not allowed", "a list cannot begin here", ALIKE),
    ("expected ',' or ']'", "a `,` or a `]` is missing", "the list began with `[`"),
    ("expected ',' or '}'", "a `,` or a `}` is missing", "the mapping began with `{`"),
    ("misplaced bracket", "the bracket closes nothing", "leave it out"),
    ("found unknown anchor", "no anchor of that name is above", "write `&NAME` at what is meant"),
    ("recursion limit exceeded", "too many lists and mappings are in each other", "a file needs 6"),
    ("unexpected character", "text cannot begin with this character", "write it in quotes"),
    ("unprintable character", "the character cannot be shown", "write it in quotes, as `\\u`"),
    ("unknown escape character", "there is no such escape", "write `\\\\` for a backslash"),
    ("byte order mark", "a byte order mark is in the middle of the file", "leave it out"),
];

const ALIKE: &str = "indent what belongs together alike";

/// Notes what the parser stumbled over.
pub(super) fn explain(error: &ScanError, text: &str, found: &mut Found) {
    let (line, info) = (error.marker().line(), error.info());
    let at = Place::new(line, error.marker().col() + 1);
    if info.contains("unexpected end of stream") {
        found.hinted(
            at,
            "the quotes that begin here do not end",
            "is the rest of the file missing?",
        );
        return;
    }
    // It counts the end of a text as a line of its own.
    if line > lines(text).count() || error.marker().index() >= text.chars().count() {
        let at = Place::behind(text.trim_end());
        found.hinted(at, "the file ends in the middle", "a bracket is open; is the rest missing?");
        return;
    }
    let tab = lines(text).enumerate().skip(line - 1).take(2).find_map(|(place, it)| {
        let blank = it.get(..it.len() - it.trim_start().len())?;
        blank.find('\t').map(|column| Place::new(place + 1, column + 1))
    });
    if let Some(tab) = tab.filter(|_| info.contains("tab")) {
        found.hinted(tab, "a tab stands where YAML wants blanks", "indent with blanks");
        return;
    }
    let known = WORDS.iter().find(|(says, ..)| info.contains(says));
    let message = known.map_or_else(|| format!("not YAML: {info}"), |(_, it, _)| (*it).to_owned());
    let has_address = lines(text).nth(line - 1).is_some_and(has_ipv6);
    let hint = known.map(|(_, _, hint)| *hint);
    let hint = if has_address { Some(IPV6) } else { hint };
    found.note(at, message, hint.map(str::to_owned));
}

/// What helps where YAML makes something else of an address.
pub(super) const IPV6: &str = "an IPv6 address needs quotes here: YAML takes `[` for the beginning \
                               of a list, and `:` with a blank behind it for the end of a key";

/// Says whether an IPv6 address may stand in a line outside quotes.
fn has_ipv6(line: &str) -> bool {
    let is_part = |c: char| c.is_ascii_hexdigit() || c == ':';
    !line.contains(['"', '\''])
        && line.split(|c| !is_part(c)).any(|word| word.matches(':').count() > 1)
}

/// Notes a file that ends in a line that may have been longer: half a file. What ends in a bracket
/// has been whole.
pub(super) fn judge_end(text: &str, found: &mut Found) {
    if !text.is_empty() && !text.ends_with(['\n', '\r', '}', ']']) {
        let hint = "a part of the file may be missing; if it is not, end its last line";
        found.hinted(Place::behind(text), "the file ends in the middle of a line", hint);
    }
}
