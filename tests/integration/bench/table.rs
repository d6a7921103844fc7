// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::measure::{Pairs, Spread};

/// One line of the table.
pub(crate) struct Row {
    what: String,
    figure: Spread,
    unit: &'static str,
    bar: Bar,
    ours: String,
    other: String,
}

/// What a figure should be.
#[derive(Clone, Copy)]
pub(crate) enum Bar {
    AtMost(f64),
    AtLeast(f64),
    None,
}

impl Row {
    /// How many times as long as the other ours takes.
    pub(crate) fn times_as_long(what: String, pairs: &Pairs, bar: Bar) -> Self {
        Self::timed(what, pairs, pairs.ours_by_other(), bar)
    }

    /// How many times as fast as the other ours is.
    pub(crate) fn times_as_fast(what: String, pairs: &Pairs, bar: Bar) -> Self {
        Self::timed(what, pairs, pairs.other_by_ours(), bar)
    }

    fn timed(what: String, pairs: &Pairs, figure: Spread, bar: Bar) -> Self {
        let (ours, other) = (seconds(pairs.ours()), seconds(pairs.other()));
        Self { what, figure, unit: "", bar, ours, other }
    }

    /// How many times the memory of the other ours has, both in KiB.
    pub(crate) fn times_the_memory(what: String, pairs: &Pairs, bar: Bar) -> Self {
        let (ours, other) = (mebibytes(pairs.ours().median), mebibytes(pairs.other().median));
        Self { what, figure: pairs.ours_by_other(), unit: "", bar, ours, other }
    }

    /// An amount of memory, given in KiB.
    pub(crate) fn memory(what: String, kibibytes: &[f64], bar: Bar) -> Self {
        let figure = Spread::of(kibibytes.iter().map(|kibibytes| kibibytes / 1024.0));
        let ours = mebibytes(figure.median * 1024.0);
        Self { what, figure, unit: " MiB", bar, ours, other: String::new() }
    }

    fn cells(&self) -> [String; 7] {
        let Spread { median, least, most } = self.figure;
        let number = |figure: f64| match figure {
            ..10.0 => format!("{figure:.2}"),
            _ => format!("{figure:.1}"),
        };
        let (bar, verdict) = match self.bar {
            Bar::AtMost(limit) => (format!("≤ {limit}"), verdict(median <= limit)),
            Bar::AtLeast(limit) => (format!("≥ {limit}"), verdict(median >= limit)),
            Bar::None => ("–".to_owned(), ""),
        };
        [
            self.what.clone(),
            number(median) + self.unit,
            format!("{}–{}", number(least), number(most)),
            bar,
            verdict.to_owned(),
            self.ours.clone(),
            self.other.clone(),
        ]
    }
}

fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "NOT met" }
}

fn seconds(spread: Spread) -> String {
    let seconds = spread.median;
    if seconds < 1.0 { format!("{:.1} ms", seconds * 1e3) } else { format!("{seconds:.2} s") }
}

fn mebibytes(kibibytes: f64) -> String {
    format!("{:.1} MiB", kibibytes / 1024.0)
}

/// The rows as a table that reads well as text and as Markdown.
pub(crate) fn print(rows: &[Row]) {
    let heading = ["", "median", "min–max", "bar", "", "ours", "other"].map(str::to_owned);
    let lines: Vec<[String; 7]> =
        std::iter::once(heading).chain(rows.iter().map(Row::cells)).collect();
    let widths: [usize; 7] = std::array::from_fn(|column| {
        lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0).max(2)
    });
    for (number, line) in lines.iter().enumerate() {
        let mut text = String::from("|");
        for (column, (cell, width)) in line.iter().zip(widths).enumerate() {
            // Words to the left, figures to the right.
            text += &match column {
                0 | 4 => format!(" {cell:<width$} |"),
                _ => format!(" {cell:>width$} |"),
            };
        }
        println!("{text}");
        if number == 0 {
            let rules = widths.iter().enumerate().map(|(column, width)| match column {
                0 | 4 => "-".repeat(width + 2),
                _ => "-".repeat(width + 1) + ":",
            });
            println!("|{}|", rules.collect::<Vec<_>>().join("|"));
        }
    }
}
