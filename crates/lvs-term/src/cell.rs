// SPDX-License-Identifier: MIT OR Apache-2.0
//! Holds what stands in a table, and writes it for people and as comma-separated values.

use std::io::{self, Write};

use crate::columns::short_number;
use crate::text::printable;

/// A cell holds what stands in a line of a table at one column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// There is none, or nobody told.
    Nothing,
    /// A text without what a terminal would act on: see [`Cell::text`].
    Text(String),
    /// A number.
    Number(u64),
    /// So many tenths of a percent.
    Share(u64),
}

impl Cell {
    /// Returns the cell of a text.
    #[must_use]
    pub fn text(text: impl ToString) -> Self {
        Self::Text(printable(&text.to_string()))
    }

    /// Returns the cell of a part as percent of the whole; nothing if that is 0.
    #[must_use]
    pub fn share(part: u64, whole: u64) -> Self {
        let tenths = u128::from(part) * 1000 + u128::from(whole) / 2;
        // At most 1000: a part of it.
        let share = tenths.checked_div(whole.into()).and_then(|share| u64::try_from(share).ok());
        share.map_or(Self::Nothing, Self::Share)
    }

    /// Returns what people read: `-` where there is nothing, and a number short unless `exact`.
    #[must_use]
    pub fn wide(&self, exact: bool) -> String {
        match self {
            Self::Nothing => "-".to_owned(),
            Self::Text(text) if text.is_empty() => "-".to_owned(),
            Self::Text(text) => text.clone(),
            Self::Number(number) => short_number(*number, exact),
            Self::Share(tenths) => format!("{}.{}%", tenths / 10, tenths % 10),
        }
    }

    /// Returns the field that programs read, as RFC 4180 has it.
    #[must_use]
    pub fn csv(&self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Text(text) => quoted(text),
            Self::Number(number) => number.to_string(),
            Self::Share(tenths) => format!("{}.{}", tenths / 10, tenths % 10),
        }
    }
}

fn quoted(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// Writes a line of comma-separated values.
///
/// # Errors
/// Those of `out`.
pub fn write_csv_line(
    cells: impl IntoIterator<Item = Cell>,
    out: &mut impl Write,
) -> io::Result<()> {
    let fields: Vec<_> = cells.into_iter().map(|cell| cell.csv()).collect();
    writeln!(out, "{}", fields.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_where_they_must_be() {
        for (field, expected) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("", ""),
            // What a terminal would act on comes out by its number, and a line end is no line's.
            ("a\u{202e}b", "a\\u{202e}b"),
            ("a\x1b[1m,\u{9b}", "\"a\\u{1b}[1m,\\u{9b}\""),
            ("a\nb", "a\\nb"),
        ] {
            assert_eq!(Cell::text(field).csv(), expected);
        }
        let mut out = Vec::new();
        let cells = [Cell::text("a,\u{202e}"), Cell::Nothing, Cell::Number(200_000)];
        write_csv_line(cells, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "\"a,\\u{202e}\",,200000\n");
    }

    #[test]
    fn people_see_that_there_is_nothing() {
        for (cell, exact, expected) in [
            (Cell::Nothing, false, "-"),
            (Cell::text(""), false, "-"),
            (Cell::text("\u{202e}"), false, "\\u{202e}"),
            (Cell::Number(200_000), false, "200.0K"),
            (Cell::Number(200_000), true, "200000"),
        ] {
            assert_eq!(cell.wide(exact), expected);
        }
    }

    #[test]
    fn shares_are_rounded() {
        for (part, whole, expected) in
            [(1, 3, "33.3"), (2, 3, "66.7"), (5, 5, "100.0"), (0, 0, ""), (0, 7, "0.0")]
        {
            assert_eq!(Cell::share(part, whole).csv(), expected);
        }
        assert_eq!(Cell::share(u64::MAX, u64::MAX).wide(true), "100.0%");
    }
}
