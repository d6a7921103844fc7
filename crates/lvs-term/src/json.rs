// SPDX-License-Identifier: MIT OR Apache-2.0
//! Passes JSON on to a terminal.

use std::io::{self, Write};

use crate::text::printable_json;

/// Passes JSON on as [`printable_json`] makes it. It stands behind a buffer: what it is given
/// at once it looks at once.
#[derive(Debug)]
pub struct JsonOut<W> {
    out: W,
    /// The start of a character whose end is still to come.
    rest: Vec<u8>,
}

impl<W: Write> JsonOut<W> {
    /// Returns a writer that passes JSON on to `out`.
    #[must_use]
    pub fn new(out: W) -> Self {
        Self { out, rest: Vec::new() }
    }
}

impl<W: Write> Write for JsonOut<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Whoever makes JSON has escaped the controls of ASCII, but for DEL.
        let is_plain = bytes.iter().fold(true, |all, byte| all & (*byte < 0x7f));
        if is_plain && self.rest.is_empty() {
            return self.out.write(bytes);
        }
        let mut all = std::mem::take(&mut self.rest);
        all.extend_from_slice(bytes);
        let end = match std::str::from_utf8(&all) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => all.len(),
        };
        self.rest = all.split_off(end);
        for chunk in all.utf8_chunks() {
            self.out.write_all(printable_json(chunk.valid()).as_bytes())?;
            // No JSON has it.
            self.out.write_all(chunk.invalid())?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufWriter;

    use super::*;
    use crate::is_harmful;

    /// However it is cut into writes.
    #[test]
    fn nothing_in_json_reaches_the_terminal_and_nothing_is_lost() {
        let value = serde_json::json!({
            "name\u{202e}": "e\u{1b}[1m\u{9b}2J\u{7f}\u{e0041}", "plain": ["gr\u{fc}n \u{1f600}", 1],
        });
        let whole = value.to_string();
        for size in 1..whole.len() {
            let mut out = Vec::new();
            let mut json = JsonOut::new(&mut out);
            for part in whole.as_bytes().chunks(size) {
                json.write_all(part).unwrap();
            }
            json.write_all(b"\n").unwrap();
            json.flush().unwrap();
            let text = String::from_utf8(out).unwrap();
            assert!(!text.trim_end().contains(is_harmful), "{size}: {text:?}");
            assert!(text.contains("gr\u{fc}n \u{1f600}"), "{size}: {text:?}");
            assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value, "{size}");
        }
    }

    #[test]
    fn what_is_no_text_is_passed_on() {
        let mut out = BufWriter::new(JsonOut::new(Vec::new()));
        out.write_all(b"a\xffb\xe2\x28").unwrap();
        out.flush().unwrap();
        assert_eq!(out.into_inner().unwrap().out, b"a\xffb\xe2\x28");
    }
}
