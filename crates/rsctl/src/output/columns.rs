// SPDX-License-Identifier: MIT OR Apache-2.0

use std::io::{self, Write};

/// Writes rows with columns as wide as what they hold: the first `left` to the
/// left, the others, which are numbers, to the right.
pub(super) fn write(
    rows: &[impl AsRef<[String]>],
    left: usize,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut widths = Vec::new();
    for row in rows {
        let row = row.as_ref();
        widths.resize(row.len().max(widths.len()), 0);
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.len().max(*width);
        }
    }
    for row in rows {
        let mut line = String::new();
        for (place, (cell, width)) in row.as_ref().iter().zip(&widths).enumerate() {
            if place > 0 {
                line.push(' ');
            }
            if place < left {
                line += &format!("{cell:<width$}");
            } else {
                line += &format!("{cell:>width$}");
            }
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

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
