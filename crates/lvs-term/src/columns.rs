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

/// Writes rows with columns as wide as what they hold: those that `is_left` names by their place
/// to the left, the others, which are numbers, to the right. Of a row that has no room on the
/// terminal, what is behind the first column stands below it: nothing is cut.
///
/// # Errors
/// Those of `out`.
pub fn write_rows(
    rows: &[Row],
    is_left: impl Fn(usize) -> bool,
    look: Look,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut widths = Vec::new();
    for Row { cells, .. } in rows {
        widths.resize(cells.len().max(widths.len()), 0);
        for (width, cell) in widths.iter_mut().zip(cells) {
            *width = cell.chars().count().max(*width);
        }
    }
    let fold = Fold::of(rows, &widths, &is_left, look);
    for row in rows {
        let first = row.cells.first().map(String::as_str).unwrap_or_default();
        let rest = row.rest(&widths, &is_left);
        let length = rest.chars().count();
        let aligned = match is_left(0) {
            true => format!("{first:<width$}", width = fold.first),
            false => format!("{first:>width$}", width = fold.first),
        };
        // A service of a view that shows nothing of services.
        if rest.is_empty() || fold.has_room(aligned.chars().count() + length) {
            look.line(row.tone, (aligned + &rest).trim_end(), out)?;
        } else if fold.has_room(first.chars().count() + length) {
            look.line(row.tone, first.to_owned() + &rest, out)?;
        } else {
            let is_column = fold.first > BELOW && fold.has_room(fold.first + length);
            let indent = if is_column { fold.first } else { BELOW };
            look.line(row.tone, format!("{first}\n{:indent$}{rest}", ""), out)?;
        }
    }
    Ok(())
}

impl Row {
    /// Returns what is behind the first cell, aligned, each cell behind a blank.
    fn rest(&self, widths: &[usize], is_left: &impl Fn(usize) -> bool) -> String {
        let mut line = String::new();
        for (place, (cell, width)) in self.cells.iter().zip(widths).enumerate().skip(1) {
            line += &match is_left(place) {
                true => format!(" {cell:<width$}"),
                false => format!(" {cell:>width$}"),
            };
        }
        line.truncate(line.trim_end().len());
        line
    }
}

/// Says where lines fold that have no room.
struct Fold {
    room: Option<usize>,
    /// The width of the first column.
    first: usize,
}

impl Fold {
    /// Where not all rows have room, the first column is as wide as the longest cell in it with
    /// which all rows have room that have it by themselves.
    fn of(rows: &[Row], widths: &[usize], is_left: &impl Fn(usize) -> bool, look: Look) -> Self {
        let whole = widths.iter().sum::<usize>() + widths.len().saturating_sub(1);
        let Some(room) = look.width.filter(|_| look.is_too_narrow_for(whole)) else {
            return Self { room: None, first: widths.first().copied().unwrap_or(0) };
        };
        let lengths = rows.iter().map(|row| {
            let first = row.cells.first().map_or(0, |cell| cell.chars().count());
            (first, row.rest(widths, is_left).chars().count())
        });
        let short: Vec<_> = lengths.filter(|(first, rest)| first + rest <= room).collect();
        let most = room - short.iter().map(|(_, rest)| *rest).max().unwrap_or(0).min(room);
        let first = short.iter().map(|(first, _)| *first).filter(|first| *first <= most);
        Self { room: Some(room), first: first.max().unwrap_or(0) }
    }

    fn has_room(&self, length: usize) -> bool {
        self.room.is_none_or(|room| length <= room)
    }
}

/// How far the rest of a line is moved that has no room, and no column to begin at.
const BELOW: usize = 6;

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
        write_rows(rows, |place| place == 0, Look { color: false, width }, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_are_as_wide_as_what_is_seen_of_them() {
        let row = |cells: [&str; 2]| Row::new(Tone::Plain, cells.map(str::to_owned));
        let rows = [row(["Name", "Bytes"]), row(["gr\u{fc}n", "1"]), row(["lo", "10"])];
        assert_eq!(text(&rows, None), "Name Bytes\ngr\u{fc}n     1\nlo      10\n");
        // What has room stays in its line.
        assert_eq!(text(&rows, Some(9)), "Name\n       Bytes\ngr\u{fc}n\n           1\nlo    10\n");
        assert_eq!(text(&rows, Some(10)), text(&rows, None));
        let short = "Name\n       Bytes\ngr\u{fc}n\n           1\nlo\n          10\n";
        assert_eq!(text(&rows, Some(7)), short);
    }

    /// What is folded stands below the others, in their columns.
    #[test]
    fn a_long_row_folds_alone() {
        let row = |cells: [&str; 3]| Row::new(Tone::Plain, cells.map(str::to_owned));
        let rows = [
            row(["Address", "Weight", "Conns"]),
            row(["192.0.2.10:80", "1", "7"]),
            row(["[2001:db8:1:2:3:4:5:6]:8080", "10", "0"]),
            row(["10.0.0.1:80", "", ""]),
        ];
        assert_eq!(
            text(&rows, Some(30)),
            "\
Address       Weight Conns
192.0.2.10:80      1     7
[2001:db8:1:2:3:4:5:6]:8080
                  10     0
10.0.0.1:80
"
        );
        assert_eq!(text(&rows, Some(40)), text(&rows, None));
        assert_eq!(text(&rows, None).lines().count(), 4);
    }

    #[test]
    fn no_cell_reaches_the_terminal_as_it_is() {
        let rows = [Row::new(Tone::Plain, ["a\x07\x1b[31m\u{202e}\nb", "1"].map(str::to_owned))];
        assert_eq!(text(&rows, None), "a\\u{7}\\u{1b}[31m\\u{202e}\\nb 1\n");
    }
}
