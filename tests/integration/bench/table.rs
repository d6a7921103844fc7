// SPDX-License-Identifier: MIT OR Apache-2.0

use crate::row::{Bar, Form, Row};

/// The rows as a table that reads well as text and as Markdown.
pub(crate) fn table(rows: &[Row]) -> String {
    let heading = ["", "median", "min–max", "bar", "", "ours", "other"].map(str::to_owned);
    let lines: Vec<[String; 7]> = std::iter::once(heading).chain(rows.iter().map(cells)).collect();
    let widths: [usize; 7] = std::array::from_fn(|column| {
        lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0).max(2)
    });
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        text += "|";
        for (column, (cell, width)) in line.iter().zip(widths).enumerate() {
            // Words to the left, figures to the right.
            text += &match column {
                0 | 4 => format!(" {cell:<width$} |"),
                _ => format!(" {cell:>width$} |"),
            };
        }
        text += "\n";
        if number == 0 {
            let rules = widths.iter().enumerate().map(|(column, width)| match column {
                0 | 4 => "-".repeat(width + 2),
                _ => "-".repeat(width + 1) + ":",
            });
            text += &format!("|{}|\n", rules.collect::<Vec<_>>().join("|"));
        }
    }
    text
}

fn cells(row: &Row) -> [String; 7] {
    let figure = row.figure;
    let verdict = match row.is_met() {
        Some(true) => "met",
        Some(false) => "NOT met",
        None => "",
    };
    [
        row.name.clone(),
        median(row),
        format!("{}–{}", number(figure.least), number(figure.most)),
        bar(row.bar),
        verdict.to_owned(),
        row.ours.clone(),
        row.other.clone(),
    ]
}

/// The figure of a row.
pub(crate) fn median(row: &Row) -> String {
    let unit = if row.form == Form::Memory { " MiB" } else { "" };
    number(row.figure.median) + unit
}

pub(crate) fn bar(bar: Bar) -> String {
    match bar {
        Bar::AtMost(limit) => format!("≤ {limit}"),
        Bar::AtLeast(limit) => format!("≥ {limit}"),
        Bar::None => "–".to_owned(),
    }
}

fn number(figure: f64) -> String {
    match figure {
        ..10.0 => format!("{figure:.2}"),
        _ => format!("{figure:.1}"),
    }
}
