// SPDX-License-Identifier: MIT OR Apache-2.0

//! Judges the bytes of a file, and puts the parser's complaints into words.

use saphyr_parser::ScanError;

use super::problem::{Found, Place};

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
    Some(text)
}

/// Notes what the parser stumbled over.
pub(super) fn explain(error: &ScanError, _text: &str, found: &mut Found) {
    let at = Place::new(error.marker().line(), error.marker().col() + 1);
    found.problem(at, format!("not YAML: {}", error.info()));
}

/// Notes a file that ends in a line that may have been longer: half a file. What ends in a bracket
/// has been whole.
pub(super) fn judge_end(text: &str, found: &mut Found) {
    if !text.ends_with(['\n', '\r', '}', ']']) {
        let hint = "a part of the file may be missing; if it is not, end its last line";
        found.hinted(Place::behind(text), "the file ends in the middle of a line", hint);
    }
}
