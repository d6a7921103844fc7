// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writes tables of texts, and numbers that fit into them.

use std::io::{self, Write};

use crate::look::{Look, Tone};
use crate::text::{is_printable, printable};

/// Holds a line of a table, and says what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    tone: Tone,
    cells: Vec<String>,
}

impl Row {
    /// Makes a line of cells, each without what a terminal would act on.
    pub fn new(tone: Tone, cells: impl IntoIterator<Item = String>) -> Self {
        let shown = |cell: String| if is_printable(&cell) { cell } else { printable(&cell) };
        Self { tone, cells: cells.into_iter().map(shown).collect() }
    }
}

/// Writes rows with columns as wide as what they hold: the first `left` to the
/// left, the others, which are numbers, to the right. On a terminal that is too
/// narrow, what is behind the first column stands below it: nothing is cut.
///
/// # Errors
/// Those of `out`.
pub fn write_rows(rows: &[Row], left: usize, look: Look, out: &mut impl Write) -> io::Result<()> {
    let mut widths = Vec::new();
    for Row { cells, .. } in rows {
        widths.resize(cells.len().max(widths.len()), 0);
        for (width, cell) in widths.iter_mut().zip(cells) {
            *width = cell.chars().count().max(*width);
        }
    }
    let whole = widths.iter().sum::<usize>() + widths.len().saturating_sub(1);
    let folds = look.is_too_narrow_for(whole);
    for Row { tone, cells } in rows {
        let mut line = String::new();
        for (place, (cell, width)) in cells.iter().zip(&widths).enumerate() {
            if place == 1 && folds {
                look.line(*tone, line.trim_end(), out)?;
                line = BELOW.to_owned();
            } else if place > 0 {
                line.push(' ');
            }
            if place < left {
                line += &format!("{cell:<width$}");
            } else {
                line += &format!("{cell:>width$}");
            }
        }
        let line = line.trim_end();
        // A service of a view that shows nothing of services.
        if !line.is_empty() || !folds {
            look.line(*tone, line, out)?;
        }
    }
    Ok(())
}

/// What stands before the rest of a line that had no room.
const BELOW: &str = "       ";

/// Returns a number short enough for a column: 12345, 123.4M. `exact` gives all of it.
#[must_use]
pub fn short_number(number: u64, exact: bool) -> String {
    const UNITS: [(u64, &str); 4] =
        [(1_000_000_000_000, "T"), (1_000_000_000, "G"), (1_000_000, "M"), (1_000, "K")];
    if exact || number < 100_000 {
        return number.to_string();
    }
    match UNITS.iter().find(|(size, _)| number >= *size) {
        Some((size, unit)) => format!("{}.{}{unit}", number / size, number % size * 10 / size),
        None => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_fit_their_columns() {
        for (value, text) in [
            (0, "0"),
            (99_999, "99999"),
            (100_000, "100.0K"),
            (1_234_567, "1.2M"),
            (5_000_000_000, "5.0G"),
            (u64::MAX, "18446744.0T"),
        ] {
            assert_eq!(short_number(value, false), text);
            assert_eq!(short_number(value, true), value.to_string());
        }
    }

    fn text(rows: &[Row], width: Option<usize>) -> String {
        let mut out = Vec::new();
        write_rows(rows, 1, Look { color: false, width }, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_are_as_wide_as_what_is_seen_of_them() {
        let row = |cells: [&str; 2]| Row::new(Tone::Plain, cells.map(str::to_owned));
        let rows = [row(["Name", "Bytes"]), row(["gr\u{fc}n", "1"]), row(["lo", "10"])];
        assert_eq!(text(&rows, None), "Name Bytes\ngr\u{fc}n     1\nlo      10\n");
        assert_eq!(
            text(&rows, Some(9)),
            "Name\n       Bytes\ngr\u{fc}n\n           1\nlo\n          10\n"
        );
    }

    #[test]
    fn no_cell_reaches_the_terminal_as_it_is() {
        let rows = [Row::new(Tone::Plain, ["a\x07\x1b[31m\u{202e}\nb", "1"].map(str::to_owned))];
        assert_eq!(text(&rows, None), "a\\u{7}\\u{1b}[31m\\u{202e}\\nb 1\n");
    }
}
