// SPDX-License-Identifier: MIT OR Apache-2.0

use std::io::{self, Write};

use super::look::{Look, Tone};

/// A line of a table, and what it is.
pub(super) struct Row {
    pub(super) tone: Tone,
    pub(super) cells: Vec<String>,
}

impl Row {
    pub(super) fn new(tone: Tone, cells: impl IntoIterator<Item = String>) -> Self {
        Self { tone, cells: cells.into_iter().collect() }
    }
}

/// Writes rows with columns as wide as what they hold: the first `left` to the
/// left, the others, which are numbers, to the right. On a terminal that is too
/// narrow, what is behind the first column stands below it: nothing is cut.
pub(super) fn write(rows: &[Row], left: usize, look: Look, out: &mut impl Write) -> io::Result<()> {
    let mut widths = Vec::new();
    for Row { cells, .. } in rows {
        widths.resize(cells.len().max(widths.len()), 0);
        for (width, cell) in widths.iter_mut().zip(cells) {
            *width = cell.len().max(*width);
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
pub(super) const BELOW: &str = "       ";

/// A number short enough for a column: 12345, 123.4M. `exact` gives all of it.
pub(super) fn number(number: u64, exact: bool) -> String {
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
            assert_eq!(number(value, false), text);
            assert_eq!(number(value, true), value.to_string());
        }
    }
}
